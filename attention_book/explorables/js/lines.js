function picture(c) {
const { x, series, xl, yl, y: [lo, hi], yt, xt, log, mark, mv, mt, ml, span, pts = [] } = c.spec, N = x.length;
let paths = [], ends = [], rule, name, X, Y, edge;
const side = (w) => w > 480;
return {
layout(root, w) {
const left = Math.max(...yt.map((t) => c.text(t[1], 12))) + 12 + (yl ? 22 : 0);
const direct = side(w) && series.length > 1, right = direct ? Math.max(...series.map((s) => c.text(s))) * 1.08 + 14 : 14;
const ring = (cx, cy) => svg("circle", { cx, cy, r: 3.5, class: "attn-data" }, root);
const keys = direct ? [] : series, names = pts.length ? [...keys, "data"] : keys;
const key = (x, y, k) => (k < keys.length ? svg("path", { d: `M${x},${y - 4}h24`, class: `attn-line attn-s${k}` }, root) : ring(x + 18, y - 4));
const head = (names.length ? legend(c, root, w, left, names, key) + 12 : 12) + (mv ? 14 : 0), h0 = Math.max(170, Math.min(300, w * .42), c.text(yl) + 8);
edge = [left, w];
const f = log ? Math.log : (v) => v, a = f(x[0]), b = f(x[N - 1]);
X = (v) => left + (w - left - right) * (f(v) - a) / (b - a);
Y = (v) => head + h0 * (hi - v) / (hi - lo);
if (span) svg("rect", { x: X(span[0]), y: head, width: X(span[1]) - X(span[0]), height: h0, class: "attn-span" }, root);
yAxis(c, root, w - right + 4, left, yt, Y, yl);
let last = -99;
xt.forEach(([v, s]) => {
const half = c.text(s, 12) / 2;
svg("line", { x1: X(v), x2: X(v), y1: head + h0, y2: head + h0 + 4, class: "attn-tick" }, root);
if (X(v) - half < last + 8 || X(v) + half > w) return;
svg("text", { x: X(v), y: head + h0 + 18, "text-anchor": "middle", class: "attn-small" }, root, s);
last = X(v) + half;
});
if (xl) svg("text", { x: (left + w - right) / 2, y: head + h0 + 38, "text-anchor": "middle", class: "attn-axis" }, root, xl);
rule = mv && svg("line", { y1: head - 4, y2: head + h0, class: "attn-mark" }, root);
name = mv && svg("text", { y: head - 8, "text-anchor": "middle", class: "attn-small" }, root);
pts.forEach((p) => ring(X(p[0]), Y(p[1])));
paths = series.map((_, s) => svg("path", { class: `attn-line attn-s${s}` }, root));
ends = direct ? series.map((t, s) => svg("text", { x: w - right + 8, class: `attn-end attn-s${s}` }, root, t)) : [];
if (span) {
const half = c.text(span[2], 12) / 2, mid = (X(span[0]) + X(span[1])) / 2;
svg("text", { x: Math.max(left + half + 4, Math.min(w - right - half - 4, mid)), y: span[3] ? head + h0 - 8 : head + 16, "text-anchor": "middle", class: "attn-num" }, root, span[2]);
}
return head + h0 + (xl ? 46 : 26);
},
update() {
const v = c.values();
paths.forEach((p, s) => p.setAttribute("d", "M" + x.map((t, j) => X(t).toFixed(1) + "," + Y(v[s * N + j]).toFixed(1)).join("L")));
if (rule) {
const i = c.now()[mark], t = X(mv[i]), s = `${ml} ${mt[i]}`, half = c.text(s, 12) / 2;
rule.setAttribute("x1", t);
rule.setAttribute("x2", t);
put(name, s);
name.setAttribute("x", Math.min(edge[1] - half, Math.max(edge[0] + half, t)));
}
const order = ends.map((_, s) => [Y(v[s * N + N - 1]) + 4.5, s]).sort((p, q) => p[0] - q[0]);
let from = -99;
order.forEach((o) => { o[0] = Math.max(o[0], from + 17); from = o[0]; });
let to = Y(lo) + 6;
order.reverse().forEach((o) => { o[0] = Math.min(o[0], to); to = o[0] - 17; });
order.forEach(([t, s]) => ends[s].setAttribute("y", t));
},
tables: () => [
{ rows: x.map(brief), cols: series, get: (i, j) => brief(c.values()[j * N + i]) },
...(pts.length ? [{ name: "data", rows: pts.map((_, i) => i + 1), cols: [xl || "x", yl || "y"], get: (i, j) => brief(pts[i][j]) }] : []),
],
};
}
