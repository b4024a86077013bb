const NS = "http://www.w3.org/2000/svg";
const make = (node, attrs, parent, text) => {
for (const k in attrs) node.setAttribute(k, attrs[k]);
if (text !== undefined) node.textContent = text;
if (parent) parent.append(node);
return node;
};
const html = (tag, attrs, parent, text) => make(document.createElement(tag), attrs, parent, text);
const svg = (tag, attrs, parent, text) => make(document.createElementNS(NS, tag), attrs, parent, text);
const put = (node, text) => { if (node.textContent !== text) node.textContent = text; };
// Python's format(value, "z.Nf"): ties go to the even digit, a zero has no sign
const fixed = (value, n) => {
const y = Math.abs(value) * 10 ** n, half = y % 1 === 0.5 && Math.floor(y) % 2 === 0;
const s = (half ? Math.floor(y) / 10 ** n : Math.abs(value)).toFixed(n);
return value < 0 && +s ? "-" + s : s;
};
const pretty = (value, n) => fixed(value, n).replace("-", "\u2212");
const brief = (v) => String(+v.toPrecision(4)).replace("-", "\u2212");
const floats = (v) => new Float32Array(v.buffer.slice(v.byteOffset, v.byteOffset + v.byteLength));
const ruler = document.createElement("canvas").getContext("2d");
function render({ model, el }) {
const spec = model.get("spec"), sizes = spec.sizes, n = sizes.length, title = model.get("title");
const data = floats(model.get("data")), facts = floats(model.get("facts"));
const points = sizes.slice(spec.lead).reduce((a, b) => a * b, 1), vary = spec.vary, size = data.length - points * vary.length, result = data.slice(0, size);
el.classList.add("attn-fig");
const fig = html("figure", { role: "group", "aria-label": title }, el);
html("div", { class: "attn-title" }, fig, title);
const tools = html("div", {}, fig), plot = html("div", { class: "attn-plot" }, fig);
const cap = html("figcaption", { "aria-live": "polite" }, fig);
const more = html("details", { class: "attn-numbers" }, el);
html("summary", {}, more, "Show the numbers");
const now = () => sizes.map((s, k) => Math.min(s - 1, Math.max(0, model.get("i" + k))));
const point = () => now().slice(spec.lead).reduce((a, i, k) => a * sizes[k + spec.lead] + i, 0);
const fill = (parts) => parts.map((p) => {
if (p.a !== undefined) return p.t[now()[p.a]];
if (p.f === undefined) return p;
const v = facts[p.f * points + point()];
return p.t ? p.t[v] : fixed(p.p ? v * 100 : v, p.d) + (p.p ? "%" : "");
}).join("");
const ctx = {
spec, now, plot, tools, title,
values: () => {
const at = size + point() * vary.length;
vary.forEach((k, j) => { result[k] = data[at + j]; });
return result;
},
text: (s, px = 13) => (ruler.font = px + "px " + getComputedStyle(fig).fontFamily, ruler.measureText(s).width),
set: (k, i) => {
if (i < 0 || i >= sizes[k] || i === now()[k]) return;
model.set("i" + k, i);
model.save_changes();
},
};
const pic = picture(ctx), cells = [];
let width = 0;
const draw = () => {
if (!width) return;
const words = spec.lead ? [fill(spec.caps[now()[0]]), fill(spec.caps[spec.caps.length - 1])].filter(Boolean).join(" ") : fill(spec.caps[0]);
put(cap, words);
pic.update();
plot.firstChild.setAttribute("aria-label", title + ". " + words);
if (more.open) cells.forEach((f) => f());
};
const longest = (parts) => parts.map((p) => (p.t ? p.t.reduce((a, b) => (b.length > a.length ? b : a)) : p.f === undefined ? p : "0".repeat(p.d + 3))).join("");
const room = () => {
cap.style.minHeight = 0;
const all = spec.caps.map(longest), last = spec.lead ? all.pop() : "";
put(cap, all.reduce((a, b) => (b.length > a.length ? b : a)) + " " + last);
cap.style.minHeight = cap.offsetHeight + "px";
};
const layout = (w) => {
if (!w || w === width) return;
width = w;
plot.textContent = "";
const root = svg("svg", { role: pic.role || "img", width: "100%" }, plot);
const h = pic.layout(root, w);
root.setAttribute("viewBox", `0 0 ${w} ${h}`);
room();
draw();
};
more.addEventListener("toggle", () => {
if (more.open && !cells.length) for (const t of pic.tables()) {
const table = html("table", {}, html("div", { class: "attn-scroll", tabindex: 0, role: "group", "aria-label": t.name || title }, more));
if (t.name) html("caption", {}, table, t.name);
const top = html("tr", {}, html("thead", {}, table)), body = html("tbody", {}, table);
["", ...t.cols].forEach((c) => html(c === "" ? "td" : "th", c === "" ? {} : { scope: "col" }, top, c));
t.rows.forEach((r, i) => {
const tr = html("tr", {}, body);
html("th", { scope: "row" }, tr, r);
t.cols.forEach((_, j) => { const td = html("td", {}, tr); cells.push(() => put(td, t.get(i, j))); });
});
}
if (more.open) cells.forEach((f) => f());
});
const watch = new ResizeObserver(() => layout(Math.min(760, Math.floor(plot.clientWidth))));
watch.observe(plot);
layout(Math.min(760, Math.floor(plot.clientWidth)));
sizes.forEach((_, k) => model.on("change:i" + k, draw));
return () => watch.disconnect();
}
export default { render };
