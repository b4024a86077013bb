import { attr, svg } from "./engine/dom.js";
import { handle } from "./engine/handle.js";
import { place } from "./engine/labels.js";
import { explorable } from "./engine/view.js";

const cross = (o, a, b) => (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
const half = (points) => {
  const kept = [];
  for (const q of points) {
    while (kept.length > 1 && cross(kept.at(-2), kept.at(-1), q) <= 0) kept.pop();
    kept.push(q);
  }
  return kept.slice(0, -1);
};
// The convex hull, corner by corner.
const around = (points) => {
  points.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return half(points).concat(half(points.slice().reverse()));
};

function vectors(c) {
  const { points, roles, hull, lim, t: marks, drag } = c.spec;
  const [low, high] = lim;
  const P = points.length;
  let side;
  let x0;
  let arrows;
  let area;
  let handles;
  const held = [];
  const X = (v) => x0 + (side * (v - low)) / (high - low);
  const Y = (v) => side - (side * (v - low)) / (high - low) + 8;
  const world = (px, py) => [low + ((px - x0) / side) * (high - low), low + ((side + 8 - py) / side) * (high - low)];

  function grid(root) {
    for (const [v, text] of marks) {
      const line = v ? "attn-grid" : "attn-zero";
      svg("line", { x1: X(v), x2: X(v), y1: Y(low), y2: Y(high), class: line }, root);
      svg("line", { x1: X(low), x2: X(high), y1: Y(v), y2: Y(v), class: line }, root);
      svg("text", { x: X(v), y: Y(low) + 18, "text-anchor": "middle", class: "attn-small" }, root, text);
      svg("text", { x: X(low) - 8, y: Y(v) + 4, "text-anchor": "end", class: "attn-small" }, root, text);
    }
  }

  function makeArrow(root, k) {
    const group = svg("g", { class: `attn-arrow attn-${roles[k]}` }, root);
    const shaft = svg("path", { class: "attn-shaft" }, group);
    const head = svg("path", { class: "attn-head" }, group);
    const label = svg("text", { class: `attn-tip attn-${roles[k]}`, "text-anchor": "middle" }, root, points[k]);
    return { group, shaft, head, label };
  }

  function drawArrow({ group, shaft, head }, [x, y], strength) {
    const [dx, dy] = [x - X(0), y - Y(0)];
    const length = Math.hypot(dx, dy);
    const [ux, uy] = length ? [dx / length, dy / length] : [0, 0];
    const back = Math.min(11, length);
    const [bx, by] = [x - ux * back, y - uy * back];
    const wing = back * 0.45;
    const dot = `M${X(0) - 3},${Y(0)}a3,3 0 1 0 6,0a3,3 0 1 0 -6,0`;
    const tip = `M${x},${y}L${bx - uy * wing},${by + ux * wing}L${bx + uy * wing},${by - ux * wing}Z`;
    attr(shaft, "d", `M${X(0)},${Y(0)}L${bx},${by}`);
    attr(shaft, "stroke-width", 1.5 + 3 * strength);
    attr(head, "d", length < 1 ? dot : tip);
    attr(group, "opacity", 0.35 + 0.65 * strength);
    return length ? Math.atan2(uy, ux) : -0.8;
  }

  return {
    role: "group",
    layout(root, w) {
      side = Math.min(w - 44, 400);
      x0 = (w - side) / 2 + 10;
      grid(root);
      area = hull.length ? svg(hull.length > 2 ? "polygon" : "polyline", { class: "attn-hull" }, root) : null;
      arrows = points.map((_, k) => makeArrow(root, k));
      handles = drag.map((d) => handle(c, root, d, world));
      return side + 32;
    },
    update() {
      const values = c.values();
      const at = points.map((_, k) => [X(values[k]), Y(values[P + k])]);
      const edge = around(hull.map((k) => at[k]));
      const taken = drag.map(([k]) => [...at[k], 10, 10]);
      const zero = [X(0), Y(0)];
      const lines = [...at.map((p) => [zero, p, 10]), ...edge.map((p, k) => [p, edge[(k + 1) % edge.length], 2])];
      const box = [X(low), Y(high) + 6, X(high), Y(low) - 7];
      arrows.forEach((arrow, k) => {
        const turn = drawArrow(arrow, at[k], values[2 * P + k]);
        const away = drag.some((d) => d[0] === k) ? 20 : 12;
        const wide = c.text(points[k]) * 0.54 + 2;
        const best = place({ at: at[k], turn, away, wide, box, lines, taken, held: held[k] });
        held[k] = best.turned;
        taken.push([best.x, best.y, wide, 9]);
        attr(arrow.label, "x", best.x);
        attr(arrow.label, "y", best.y + 4.5);
      });
      if (area) attr(area, "points", edge.join(" "));
      for (const move of handles) move(X, Y);
    },
    tables: () => [{ rows: points, cols: ["x", "y", "strength"], get: (i, j) => c.number(j * P + i) }],
  };
}

export default explorable(vectors);
