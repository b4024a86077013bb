// The one control of the steps of a picture: back, where we are, on.
import { html, put } from "./dom.js";

export const stepButtons = (c, count) => {
  const bar = html("div", { class: "attn-steps" }, c.tools);
  const button = (text, by) => {
    const made = html("button", { type: "button" }, bar, text);
    made.addEventListener("click", () => c.set([0, c.now()[0] + by]));
    return made;
  };
  const back = button("Previous", -1);
  const where = html("span", {}, bar);
  const next = button("Next", 1);
  return () => {
    const at = c.now()[0];
    const held = document.activeElement;
    back.disabled = at === 0;
    next.disabled = at === count - 1;
    if (held === back && back.disabled) next.focus(); // a button that can no longer be pressed would lose the focus
    if (held === next && next.disabled) back.focus();
    put(where, `Step ${at + 1} of ${count}`);
  };
};
