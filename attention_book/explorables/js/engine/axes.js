// What pictures with a vertical axis share.
import { svg } from "./dom.js";

export const yAxis = (root, w, left, marks, Y, label) => {
  for (const [value, text] of marks) {
    svg("line", { x1: left, x2: w - 4, y1: Y(value), y2: Y(value), class: "attn-grid" }, root);
    svg("text", { x: left - 8, y: Y(value) + 4, "text-anchor": "end", class: "attn-small" }, root, text);
  }
  const middle = (Y(marks[0][0]) + Y(marks.at(-1)[0])) / 2;
  const turned = { transform: `translate(13,${middle}) rotate(-90)`, "text-anchor": "middle", class: "attn-axis" };
  if (label) svg("text", turned, root, label);
};

// Names in lines as wide as the picture, each with what `draw` puts before it; returns the last line's y.
export const legend = (c, root, w, left, names, draw) => {
  let x = left;
  let y = 14;
  names.forEach((name, k) => {
    const wide = c.text(name) + 32;
    if (x > left && x + wide > w) {
      x = left;
      y += 20;
    }
    draw(x, y, k);
    svg("text", { x: x + 30, y }, root, name);
    x += wide + 18;
  });
  return y;
};

// The room to the left of the plot: the widest mark, and the turned label.
export const leftOf = (c, marks, label) => Math.max(...marks.map((t) => c.text(t[1], 12))) + 12 + (label ? 22 : 0);
