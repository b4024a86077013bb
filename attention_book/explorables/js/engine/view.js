// One view: title, picture, caption and numbers around the picture of a kind.
//
// A kind is a function of the context `c` below that returns
//   layout(root, width): draw everything that stays into the svg `root`, return its height;
//   update(): write what depends on the sliders, and nothing else;
//   tables(): the numbers in words, as [{name, rows, cols, get(i, j)}];
//   role: "img" unless something in it can be reached by the keyboard.
import { fill, longest } from "./captions.js";
import { attr, html, put, svg } from "./dom.js";
import { pretty, results } from "./numbers.js";
import { numbers } from "./table.js";

const WIDEST = 760;
const QUIET = 150; // milliseconds after the last move until the picture's spoken name follows
const ruler = document.createElement("canvas").getContext("2d");

export const explorable = (kind) => ({ render: ({ model, el }) => show(kind, model, el) });

function frame(el, title) {
  el.classList.add("attn-fig");
  const figure = html("figure", { role: "group", "aria-label": title }, el);
  const head = html("div", { class: "attn-title" }, figure, title);
  const tools = html("div", {}, figure);
  const plot = html("div", { class: "attn-plot" }, figure);
  const caption = html("figcaption", { "aria-live": "polite" }, figure);
  return { figure, head, tools, plot, caption };
}

function context(model, spec, parts) {
  const { sizes, lead } = spec;
  const points = sizes.slice(lead).reduce((a, b) => a * b, 1);
  const found = results(model.get("data"), spec.parts, points);
  const now = () => sizes.map((size, k) => Math.min(size - 1, Math.max(0, model.get(`i${k}`))));
  const point = () => now().reduce((at, i, k) => (k < lead ? 0 : at * sizes[k] + i), 0);
  const family = getComputedStyle(parts.figure).fontFamily;
  const widths = new Map();
  return {
    spec,
    tools: parts.tools,
    now,
    point,
    points,
    values: () => found.at(point()),
    number: (k) => pretty(found.at(point())[k], Math.max(0, found.prints[k])),
    text(words, px = 13) {
      const key = `${px} ${words}`;
      if (!widths.has(key)) {
        ruler.font = `${px}px ${family}`;
        widths.set(key, ruler.measureText(words).width);
      }
      return widths.get(key);
    },
    set(...pairs) {
      const at = now();
      const moves = pairs.filter(([k, i]) => i >= 0 && i < sizes[k] && i !== at[k]);
      for (const [k, i] of moves) model.set(`i${k}`, i);
      if (moves.length) model.save_changes();
    },
  };
}

function show(kind, model, el) {
  const spec = model.get("spec");
  const title = model.get("title");
  const parts = frame(el, title);
  const { plot, caption } = parts;
  const c = context(model, spec, parts);
  const facts = results(model.get("facts"), spec.facts, c.points);
  const picture = kind(c);
  const updateTable = numbers(el, title, picture.tables);
  let width = 0;
  let timer = 0;

  const words = () => {
    if (c.before) return c.before;
    const at = c.now();
    const fact = (f) => facts.at(c.point())[f];
    const chosen = spec.lead ? [spec.caps[at[0]], spec.caps.at(-1)] : [spec.caps[0]];
    return chosen
      .map((one) => fill(one, at, fact))
      .filter(Boolean)
      .join(" ");
  };
  const label = (text) => attr(plot.firstChild, "aria-label", `${title}. ${text}`);
  const draw = () => {
    if (!width) return;
    const text = words();
    put(caption, text);
    picture.update();
    updateTable();
    clearTimeout(timer);
    timer = setTimeout(() => label(text), QUIET);
  };
  const layout = () => {
    const w = Math.min(WIDEST, plot.clientWidth);
    if (!w || w === width) return;
    width = w;
    el.closest(".attn-sweep")?.prepend(parts.head); // the title stands above the sliders
    plot.textContent = "";
    const root = svg("svg", { role: picture.role || "img", width: "100%" }, plot);
    const height = picture.layout(root, w);
    root.setAttribute("viewBox", `0 0 ${w} ${height}`);
    caption.style.minHeight = 0;
    put(caption, longest(spec.caps, spec.lead));
    caption.style.minHeight = `${caption.offsetHeight}px`;
    label(words());
    draw();
  };
  c.redraw = draw;
  const watch = new ResizeObserver(layout);
  watch.observe(plot);
  layout();
  for (const k of spec.sizes.keys()) model.on(`change:i${k}`, draw);
  return () => {
    watch.disconnect();
    clearTimeout(timer);
  };
}
