// The list of what is planned: one box ticks all of the page. Without script each is ticked alone.
"use strict";

const offerAll = () => {
  const all = document.querySelector("[data-tick-all]");
  if (!all) return;
  all.hidden = false;
  const boxes = [...document.querySelectorAll("input[name=campaign]")];
  const box = all.querySelector("input");
  const follow = () => {
    box.checked = boxes.length > 0 && boxes.every((b) => b.checked);
  };
  box.addEventListener("change", () => {
    for (const b of boxes) b.checked = box.checked;
  });
  for (const b of boxes) b.addEventListener("change", follow);
  follow();
};

offerAll();
document.addEventListener("htmx:afterSwap", offerAll);
