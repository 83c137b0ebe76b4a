// Keys of the desk: they move the focus, nothing is decided by a single key. Without script the same
// links and buttons are reached by Tab. They can be switched off, for those who speak to their
// computer (WCAG 2.1.4), and never act while somebody types.
"use strict";

const OFF = "desk-keys-off";
const isOff = () => localStorage.getItem(OFF) === "1";

const rows = () => [...document.querySelectorAll("[data-row]")];
const step = (by) => {
  const all = rows();
  const here = all.indexOf(document.activeElement);
  const there = here < 0 ? (by > 0 ? 0 : all.length - 1) : here + by;
  all[Math.min(Math.max(there, 0), all.length - 1)]?.focus();
};
const go = (name) => {
  const found = document.querySelector(`[data-key="${name}"]`);
  if (!found) return;
  if (name === "next" || name === "queue") found.click();
  else found.focus();
};

const ON_QUEUE = { j: () => step(1), k: () => step(-1) };
const ON_REQUEST = {
  j: () => go("next"),
  k: () => go("queue"),
  t: () => go("take"),
  a: () => go("approve"),
  r: () => go("reason"),
};

document.addEventListener("keydown", (event) => {
  if (isOff() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const act = (rows().length ? ON_QUEUE : ON_REQUEST)[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

for (const legend of document.querySelectorAll("[data-shortcuts]")) {
  legend.hidden = false;
  const box = legend.querySelector("[data-shortcuts-off]");
  box.checked = isOff();
  box.addEventListener("change", () => localStorage.setItem(OFF, box.checked ? "1" : "0"));
}
