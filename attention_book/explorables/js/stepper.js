function picture(c) {
const { layout: lines, mats, steps } = c.spec, start = [];
mats.reduce((at, m, k) => (start[k] = at, at + m[1] * m[2]), 0);
let drawn = [];
const bar = html("div", { class: "attn-steps" }, c.tools);
const back = html("button", { type: "button" }, bar, "Previous"), next = html("button", { type: "button" }, bar, "Next"), count = html("span", {}, bar);
back.addEventListener("click", () => c.set(0, c.now()[0] - 1));
next.addEventListener("click", () => c.set(0, c.now()[0] + 1));
const shown = (k) => steps[c.now()[0]][0].includes(k);
return {
layout(root, w) {
drawn = [];
let y = 8;
const wide = mats.map(([name, r, cols, dec]) => Math.max(34, c.text(pretty(-88.8, dec)) + 14));
const span = (k) => Math.max(wide[k] * mats[k][2], c.text(mats[k][0], 14)) + 4;
for (const line of lines) {
const rows = [[]];
let used = 0;
for (const k of line) {
if (used && used + span(k) > w) { rows.push([]); used = 0; }
rows[rows.length - 1].push(k);
used += span(k) + 28;
}
for (const row of rows) {
let x = Math.max(2, (w - row.reduce((s, k) => s + span(k) + 28, -28)) / 2);
const tall = Math.max(...row.map((k) => mats[k][1])) * 30;
for (const k of row) {
const [name, r, cols] = mats[k], fit = Math.min(wide[k], (w - 4) / cols), x1 = x + (span(k) - 4 - fit * cols) / 2;
const g = svg("g", { class: "attn-mat" }, root), top = y + 24;
svg("text", { x: x + span(k) / 2 - 2, y: top - 9, "text-anchor": "middle", class: "attn-name" }, g, name);
const cells = [];
for (let i = 0; i < r * cols; i++) {
const cx = x1 + (i % cols) * fit, cy = top + Math.floor(i / cols) * 30;
cells.push([svg("rect", { x: cx, y: cy, width: fit, height: 30 }, g), svg("text", { x: cx + fit / 2, y: cy + 19.5, "text-anchor": "middle" }, g)]);
}
const frame = svg("rect", { x: x1, y: top, width: fit * cols, height: r * 30, class: "attn-frame" }, g);
drawn.push([k, g, cells, frame]);
x += span(k) + 28;
}
y += tall + 44;
}
}
return y - 8;
},
update() {
const v = c.values(), at = c.now()[0], marks = steps[at][1];
for (const [k, g, cells] of drawn) {
const on = shown(k), hot = marks[k] || [];
g.classList.toggle("attn-later", !on);
cells.forEach(([r, t], i) => {
r.classList.toggle("attn-hot", on && hot.includes(i));
put(t, on ? pretty(v[start[k] + i], mats[k][3]) : "");
});
}
back.disabled = at === 0;
next.disabled = at === steps.length - 1;
put(count, `Step ${at + 1} of ${steps.length}`);
},
tables: () => mats.map(([name, r, cols], k) => ({
name, rows: [...Array(r).keys()].map((i) => `row ${i + 1}`), cols: [...Array(cols).keys()].map((j) => `column ${j + 1}`),
get: (i, j) => (shown(k) ? brief(c.values()[start[k] + i * cols + j]) : "not yet"),
})),
};
}
