function picture(c) {
const { cats, series, yl, y: [lo, hi], yt, dec } = c.spec, N = cats.length, S = series.length || 1;
let bars = [], Y;
return {
layout(root, w) {
bars = [];
const left = Math.max(...yt.map((t) => c.text(t[1], 12))) + 12 + (yl ? 22 : 0), step = (w - left - 4) / N;
const tall = Math.max(...cats.map((s) => c.text(s))), turn = tall > step - 4;
const box = (x, y, k) => svg("rect", { x, y: y - 10, width: 20, height: 11, rx: 1.5, class: `attn-bar attn-s${k}` }, root);
const head = series.length ? legend(c, root, w, left, series, box) + 24 : 22;
const h0 = Math.max(150, Math.min(260, w * .4), c.text(yl) + 8), h = head + h0 + (turn ? tall : 14) + 14;
Y = (v) => head + h0 * (hi - v) / (hi - lo);
yAxis(c, root, w, left, yt, Y, yl);
cats.forEach((s, j) => {
const x = left + (j + .5) * step;
svg("text", turn ? { transform: `translate(${x + 4.5},${head + h0 + 10}) rotate(-90)`, "text-anchor": "end" } : { x, y: head + h0 + 20, "text-anchor": "middle" }, root, s);
});
const bw = Math.min(64, step * .76 / S);
const wide = Math.max(c.text(pretty(lo, dec), 12), c.text(pretty(hi, dec), 12)), show = wide < (S > 1 ? bw : step) - 2;
for (let s = 0; s < S; s++) for (let j = 0; j < N; j++) {
const x = left + (j + .5) * step + (s - S / 2) * bw;
const r = svg("rect", { x: x + 1, width: bw - 2, rx: 1.5, class: `attn-bar attn-s${s}` }, root);
const t = show && svg("text", { x: x + bw / 2, "text-anchor": "middle", class: "attn-num" }, root);
bars.push([r, t]);
}
svg("line", { x1: left, x2: w - 4, y1: Y(0), y2: Y(0), class: "attn-zero" }, root);
return h;
},
update() {
c.values().forEach((v, k) => {
const [r, t] = bars[k], a = Y(Math.max(v, 0)), b = Y(Math.min(v, 0));
r.setAttribute("y", a);
r.setAttribute("height", b - a);
r.classList.toggle("attn-nil", b - a < .5);
if (t) { put(t, pretty(v, dec)); t.setAttribute("y", v < 0 ? b + 14 : a - 5); }
});
},
tables: () => [{ rows: cats, cols: series.length ? series : [yl || "value"], get: (i, j) => brief(c.values()[j * N + i]) }],
};
}
