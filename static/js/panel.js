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

// What was typed before anything listened, or restored by the browser, is shown to the server as if
// it was typed now.
const isAsWritten = (field) =>
  field.options
    ? [...field.options].every((o) => o.selected === o.defaultSelected)
    : field.value === field.defaultValue && field.checked === field.defaultChecked;
window.addEventListener("pageshow", (event) => {
  for (const form of document.forms) {
    if (!form.querySelector("[hx-trigger*='from:closest form']")) continue;
    const fields = [...form.elements].filter((f) => "defaultValue" in f || f.options);
    if (event.persisted || !fields.every(isAsWritten)) form.dispatchEvent(new Event("input"));
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
