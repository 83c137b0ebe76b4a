// The compose page: it says so when the counter cannot be reached. Counting is the server's.
"use strict";

const notFresh = document.querySelector("[data-not-fresh]");

if (notFresh) {
  const say = (isStale) => {
    notFresh.hidden = !isStale;
  };
  document.body.addEventListener("htmx:sendError", () => say(true));
  document.body.addEventListener("htmx:timeout", () => say(true));
  document.body.addEventListener("htmx:responseError", () => say(true));
  document.body.addEventListener("htmx:afterSwap", () => say(false));
}
