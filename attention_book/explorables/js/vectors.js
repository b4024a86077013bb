function picture(c) {
const { points, roles, hull, lim: [lo, hi], t: marks, drag } = c.spec;
let side, x0, arrows, area, handles, held = [];
const X = (v) => x0 + side * (v - lo) / (hi - lo), Y = (v) => side - side * (v - lo) / (hi - lo) + 8;
const nearest = (grid, v) => grid.reduce((b, g, i) => (Math.abs(g - v) < Math.abs(grid[b] - v) ? i : b), 0);
const cross = (o, a, b) => (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
const half = (p) => p.reduce((h, q) => { while (h.length > 1 && cross(h[h.length - 2], h[h.length - 1], q) <= 0) h.pop(); h.push(q); return h; }, []).slice(0, -1);
const around = (p) => { p.sort((a, b) => a[0] - b[0] || a[1] - b[1]); return half(p).concat(half(p.slice().reverse())); };
const step = (axis, d) => {
const up = axis[1][axis[1].length - 1] > axis[1][0] ? 1 : -1;
c.set(axis[0], c.now()[axis[0]] + d * up);
};
const TURNS = [0, .6, -.6, 1.2, -1.2, 1.9, -1.9, 2.6, -2.6, 3.14];
const KEYS = { ArrowRight: [1, 1], ArrowLeft: [1, -1], ArrowUp: [2, 1], ArrowDown: [2, -1] };
const grab = (root, d) => {
const g = svg("g", { class: `attn-handle attn-${roles[d[0]]}`, tabindex: 0, role: "slider", "aria-roledescription": "point", "aria-label": `${points[d[0]]}: arrow keys move it` }, root);
svg("circle", { r: 22, class: "attn-touch" }, g);
svg("circle", { r: 8, class: "attn-dot" }, g);
const on = (type, act) => g.addEventListener(type, act);
const move = (e) => {
const b = root.getBoundingClientRect(), s = root.viewBox.baseVal.width / b.width;
const px = (e.clientX - b.left) * s, py = (e.clientY - b.top) * s;
c.set(d[1][0], nearest(d[1][1], lo + (px - x0) / side * (hi - lo)));
c.set(d[2][0], nearest(d[2][1], lo + (side + 8 - py) / side * (hi - lo)));
};
on("pointerdown", (e) => { g.setPointerCapture(e.pointerId); g.focus(); e.preventDefault(); });
on("touchstart", (e) => e.preventDefault());
on("pointermove", (e) => { if (g.hasPointerCapture(e.pointerId)) move(e); });
on("keydown", (e) => {
const k = KEYS[e.key];
if (!k) return;
e.preventDefault();
e.stopPropagation();
step(d[k[0]], k[1]);
});
return g;
};
// Whether the line from p to q meets the box of half sizes w, h around (x, y).
const meets = (p, q, x, y, w, h) => {
let from = 0, to = 1;
for (const [a, d, r] of [[x - p[0], q[0] - p[0] || 1e-9, w], [y - p[1], q[1] - p[1] || 1e-9, h]]) {
from = Math.max(from, a / d - r / Math.abs(d));
to = Math.min(to, a / d + r / Math.abs(d));
}
return from < to;
};
// The price of a label there: arrows and hull lines under it, labels and handles it would cover.
const price = (x, y, w, lines, taken) => 40 * taken.filter(([a, b, r, h]) => Math.abs(a - x) < r + w && Math.abs(b - y) < h + 9).length
+ lines.reduce((n, [p, q, cost]) => n + cost * meets(p, q, x, y, w, 9), 0);
return {
role: "group",
layout(root, w) {
side = Math.min(w - 44, 400);
x0 = (w - side) / 2 + 10;
marks.forEach(([v, s]) => {
svg("line", { x1: X(v), x2: X(v), y1: Y(lo), y2: Y(hi), class: v ? "attn-grid" : "attn-zero" }, root);
svg("line", { x1: X(lo), x2: X(hi), y1: Y(v), y2: Y(v), class: v ? "attn-grid" : "attn-zero" }, root);
svg("text", { x: X(v), y: Y(lo) + 18, "text-anchor": "middle", class: "attn-small" }, root, s);
svg("text", { x: X(lo) - 8, y: Y(v) + 4, "text-anchor": "end", class: "attn-small" }, root, s);
});
area = hull.length ? svg(hull.length > 2 ? "polygon" : "polyline", { class: "attn-hull" }, root) : null;
arrows = points.map((p, k) => {
const g = svg("g", { class: "attn-arrow attn-" + roles[k] }, root);
return [g, svg("path", { class: "attn-shaft" }, g), svg("path", { class: "attn-head" }, g), svg("text", { class: "attn-tip attn-" + roles[k], "text-anchor": "middle" }, root, p)];
});
handles = drag.map((d) => grab(root, d));
return side + 32;
},
update() {
const v = c.values(), at = (k) => [X(v[3 * k]), Y(v[3 * k + 1])];
const edge = around(hull.map(at)), taken = drag.map(([k]) => [...at(k), 10, 10]);
const lines = [...points.map((_, k) => [[X(0), Y(0)], at(k), 10]), ...edge.map((p, k) => [p, edge[(k + 1) % edge.length], 2])];
arrows.forEach(([g, shaft, head, label], k) => {
const [x, y, s] = v.subarray(3 * k, 3 * k + 3), dx = X(x) - X(0), dy = Y(y) - Y(0), len = Math.hypot(dx, dy);
const ux = len ? dx / len : 0, uy = len ? dy / len : 0, a = Math.min(11, len), bx = X(x) - ux * a, by = Y(y) - uy * a, q = a * .45;
shaft.setAttribute("d", `M${X(0)},${Y(0)}L${bx},${by}`);
shaft.setAttribute("stroke-width", 1.5 + 3 * s);
head.setAttribute("d", len < 1 ? `M${X(0) - 3},${Y(0)}a3,3 0 1 0 6,0a3,3 0 1 0 -6,0` : `M${X(x)},${Y(y)}L${bx - uy * q},${by + ux * q}L${bx + uy * q},${by - ux * q}Z`);
g.setAttribute("opacity", .35 + .65 * s);
const away = drag.some((d) => d[0] === k) ? 20 : 12, half = c.text(points[k]) * .54 + 2;
const turn = len ? Math.atan2(uy, ux) : -.8;
let best, least = Infinity;
for (const far of [0, 10, 20, 30]) for (const t of TURNS) {
const lx = Math.min(X(hi) - half, Math.max(X(lo) + half, X(x) + Math.cos(turn + t) * (away + far + half)));
const ly = Math.min(Y(lo) - 7, Math.max(Y(hi) + 6, Y(y) + Math.sin(turn + t) * (away + far)));
const cost = price(lx, ly, half, lines, taken) + Math.abs(t) + far / 4 - (held[k] === far + t ? 2 : 0);
if (cost < least) { best = [lx, ly, far + t]; least = cost; }
}
held[k] = best[2];
taken.push([best[0], best[1], half, 9]);
label.setAttribute("x", best[0]);
label.setAttribute("y", best[1] + 4.5);
});
if (area) area.setAttribute("points", edge.join(" "));
handles.forEach((g, k) => {
const [p, a, b] = drag[k], i = c.now(), x = a[1][i[a[0]]], y = b[1][i[b[0]]];
g.setAttribute("transform", `translate(${X(x)},${Y(y)})`);
const say = { valuemin: Math.min(...a[1]), valuemax: Math.max(...a[1]), valuenow: x, valuetext: `x ${brief(x)}, y ${brief(y)}` };
for (const s in say) g.setAttribute("aria-" + s, say[s]);
});
},
tables: () => [{ rows: points, cols: ["x", "y", "strength"], get: (i, j) => brief(c.values()[3 * i + j]) }],
};
}
