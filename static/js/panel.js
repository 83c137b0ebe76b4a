// Small conveniences; every page works without them. Counting and deciding is the server's.
"use strict";

// A form leaves once: a second press does nothing until the page is shown again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.leaving) {
    event.preventDefault();
    return;
  }
  form.dataset.leaving = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-leaving]")) {
    delete form.dataset.leaving;
    form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  }
});

// A fragment that answers with a whole page (the session ended): load that page instead. What is
// told by an error, perhaps a proxy's page, leaves the page and what was typed in it alone.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.isError) return;
  if (/^\s*<!doctype html/i.test(event.detail.serverResponse ?? "")) {
    event.detail.shouldSwap = false;
    window.location.reload();
  }
});

// What is wrong is read first.
document.querySelector(".notice-error[tabindex]")?.focus();
