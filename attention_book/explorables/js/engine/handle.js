// A point that is dragged, or moved by the arrow keys: two sliders at once, a step at a time.
import { attr, svg } from "./dom.js";
import { brief } from "./numbers.js";

const KEYS = { ArrowRight: [1, 1], ArrowLeft: [1, -1], ArrowUp: [2, 1], ArrowDown: [2, -1] };

const nearest = (grid, v) => grid.reduce((b, g, i) => (Math.abs(g - v) < Math.abs(grid[b] - v) ? i : b), 0);

// drag: [point, [slider of x, its values], [slider of y, its values]]; returns a function that moves the handle.
export const handle = (c, root, drag, world) => {
  const { points, roles } = c.spec;
  const [k, ...axes] = drag;
  const about = { tabindex: 0, role: "slider", "aria-roledescription": "point" };
  const name = `${points[k]}: arrow keys move it`;
  const group = svg("g", { class: `attn-handle attn-${roles[k]}`, ...about, "aria-label": name }, root);
  svg("circle", { r: 22, class: "attn-touch" }, group);
  svg("circle", { r: 8, class: "attn-dot" }, group);
  const on = (type, act) => group.addEventListener(type, act);
  on("pointerdown", (event) => {
    group.setPointerCapture(event.pointerId);
    group.focus();
    event.preventDefault();
  });
  on("touchstart", (event) => event.preventDefault());
  on("pointermove", (event) => {
    if (!group.hasPointerCapture(event.pointerId)) return;
    const box = root.getBoundingClientRect();
    const scale = root.viewBox.baseVal.width / box.width;
    const to = world((event.clientX - box.left) * scale, (event.clientY - box.top) * scale);
    c.set(...axes.map(([slider, grid], j) => [slider, nearest(grid, to[j])]));
  });
  on("keydown", (event) => {
    const key = KEYS[event.key];
    if (!key) return;
    event.preventDefault();
    event.stopPropagation();
    const [slider, grid] = drag[key[0]];
    c.set([slider, c.now()[slider] + key[1] * (grid.at(-1) > grid[0] ? 1 : -1)]);
  });
  attr(group, "aria-valuemin", Math.min(...axes[0][1]));
  attr(group, "aria-valuemax", Math.max(...axes[0][1]));
  return (X, Y) => {
    const [x, y] = axes.map(([slider, grid]) => grid[c.now()[slider]]);
    attr(group, "transform", `translate(${X(x)},${Y(y)})`);
    attr(group, "aria-valuenow", x);
    attr(group, "aria-valuetext", `x ${brief(x)}, y ${brief(y)}`);
  };
};
