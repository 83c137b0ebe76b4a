// The compose page: the counter is asked again when the browser restores what was typed, and says
// so when it cannot be reached. Counting is the server's.
"use strict";

const composeForm = document.querySelector("[data-compose]");
const notFresh = document.querySelector("[data-not-fresh]");

if (composeForm) {
  const recount = () => composeForm.dispatchEvent(new Event("input"));
  window.addEventListener("pageshow", (event) => {
    if (event.persisted || performance.getEntriesByType("navigation")[0]?.type === "back_forward") {
      recount();
    }
  });
  const say = (isStale) => {
    notFresh.hidden = !isStale;
  };
  document.body.addEventListener("htmx:sendError", () => say(true));
  document.body.addEventListener("htmx:timeout", () => say(true));
  document.body.addEventListener("htmx:responseError", () => say(true));
  document.body.addEventListener("htmx:afterSwap", () => say(false));
}
