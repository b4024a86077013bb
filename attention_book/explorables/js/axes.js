const yAxis = (c, root, w, left, yt, Y, yl) => {
yt.forEach(([v, s]) => {
svg("line", { x1: left, x2: w - 4, y1: Y(v), y2: Y(v), class: "attn-grid" }, root);
svg("text", { x: left - 8, y: Y(v) + 4, "text-anchor": "end", class: "attn-small" }, root, s);
});
const mid = (Y(yt[0][0]) + Y(yt[yt.length - 1][0])) / 2;
if (yl) svg("text", { transform: `translate(13,${mid}) rotate(-90)`, "text-anchor": "middle", class: "attn-axis" }, root, yl);
};
const legend = (c, root, w, left, names, draw) => {
let x = left, y = 14;
names.forEach((s, k) => {
const wide = c.text(s) + 32;
if (x > left && x + wide > w) { x = left; y += 20; }
draw(x, y, k);
svg("text", { x: x + 30, y }, root, s);
x += wide + 18;
});
return y;
};
