// Buttons that walk through the steps of a picture; the first slider is the step.
import { html, put } from "./dom.js";

export const stepButtons = (c, count) => {
  const bar = html("div", { class: "attn-steps" }, c.tools);
  const back = html("button", { type: "button" }, bar, "Previous");
  const next = html("button", { type: "button" }, bar, "Next");
  const where = html("span", {}, bar);
  back.addEventListener("click", () => c.set([0, c.now()[0] - 1]));
  next.addEventListener("click", () => c.set([0, c.now()[0] + 1]));
  return () => {
    const at = c.now()[0];
    back.disabled = at === 0;
    next.disabled = at === count - 1;
    put(where, `Step ${at + 1} of ${count}`);
  };
};
