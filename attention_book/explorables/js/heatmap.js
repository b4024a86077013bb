function picture(c) {
const { rows, cols, xl, yl, num, top, low, dec } = c.spec, R = rows.length, C = cols.length;
let cells = [], digits;
return {
layout(root, w) {
cells = [];
const wide = Math.max(...rows.map((r) => c.text(r))), tall = Math.max(...cols.map((s) => c.text(s)));
const left = wide + 12 + (yl ? 24 : 0);
const cw = Math.min(96, (w - left - 2) / C), turn = tall > cw - 6;
const ch = Math.max(22, Math.min(44, cw * 0.62), c.text(yl) / R), head = (turn ? tall : 14) + 10 + (xl ? 24 : 0);
const x0 = left + Math.max(0, (w - left - cw * C) / 2), h = head + R * ch + 4;
const half = c.text(xl) / 2;
if (xl) svg("text", { x: Math.min(w - half, Math.max(half, x0 + cw * C / 2)), y: 14, class: "attn-axis", "text-anchor": "middle" }, root, xl);
if (yl) svg("text", { transform: `translate(${x0 - wide - 22},${head + R * ch / 2}) rotate(-90)`, class: "attn-axis", "text-anchor": "middle" }, root, yl);
cols.forEach((s, j) => svg("text", turn ? { transform: `translate(${x0 + (j + .5) * cw + 4.5},${head - 6}) rotate(-90)` } : { x: x0 + (j + .5) * cw, y: head - 8, "text-anchor": "middle" }, root, s));
rows.forEach((s, i) => svg("text", { x: x0 - 10, y: head + (i + .5) * ch + 4.5, "text-anchor": "end" }, root, s));
const px = cw > 50 ? 13 : 11, fits = (d) => c.text(pretty(low < 0 ? -top : top, d), px) < cw - 3;
digits = fits(dec) ? dec : 1;
const show = num && fits(digits);
for (let k = 0; k < R * C; k++) {
const x = x0 + (k % C) * cw, y = head + Math.floor(k / C) * ch;
const g = svg("g", { class: "attn-cell" }, root);
svg("rect", { x: x + 1, y: y + 1, width: cw - 2, height: ch - 2, rx: 2 }, g);
const t = show && svg("text", { x: x + cw / 2, y: y + ch / 2 + px * .35, "text-anchor": "middle", style: `font-size:${px}px` }, g);
cells.push([g, t]);
}
return h;
},
update() {
c.values().forEach((v, k) => {
const [g, t] = cells[k];
g.style.setProperty("--t", Math.min(1, Math.abs(v) / top));
g.classList.toggle("attn-neg", v < 0);
if (t) put(t, pretty(v, digits));
});
},
tables: () => [{ rows, cols, get: (i, j) => brief(c.values()[i * C + j]) }],
};
}
