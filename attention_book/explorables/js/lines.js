import { leftOf, legend, yAxis } from "./engine/axes.js";
import { attr, put, svg } from "./engine/dom.js";
import { asked } from "./engine/guess.js";
import { brief } from "./engine/numbers.js";
import { explorable } from "./engine/view.js";

const DIRECT = 480; // from this width on the names stand at the ends of the curves

function lines(c) {
  const { x, series, xl, yl, y, yt, xt, log, mark, mv, mt, ml, span, pts = [] } = c.spec;
  const [low, high] = y;
  const N = x.length;
  const guess = asked(c);
  let paths = [];
  let ends = [];
  let places = [];
  let rule;
  let name;
  let X;
  let Y;
  let edge;

  function xAxis(root, w, floor) {
    let last = -99;
    for (const [value, text] of xt) {
      const half = c.text(text, 12) / 2;
      svg("line", { x1: X(value), x2: X(value), y1: floor, y2: floor + 4, class: "attn-tick" }, root);
      if (X(value) - half < last + 8 || X(value) + half > w) continue;
      svg("text", { x: X(value), y: floor + 18, "text-anchor": "middle", class: "attn-small" }, root, text);
      last = X(value) + half;
    }
  }

  function spanName(root, left, right, head, floor) {
    const half = c.text(span[2], 12) / 2;
    const middle = Math.max(left + half + 4, Math.min(right - half - 4, (X(span[0]) + X(span[1])) / 2));
    const place = { x: middle, y: span[3] ? floor - 8 : head + 16, "text-anchor": "middle", class: "attn-num" };
    svg("text", place, root, span[2]);
  }

  // The names at the ends keep apart: pushed down where they would meet, then up from the floor.
  function placeEnds(values) {
    const order = ends.map((_, s) => [Y(values[s * N + N - 1]) + 4.5, s]).sort((p, q) => p[0] - q[0]);
    let from = -99;
    for (const end of order) {
      end[0] = Math.max(end[0], from + 17);
      from = end[0];
    }
    let to = Y(low) + 6;
    for (const end of order.reverse()) {
      end[0] = Math.min(end[0], to);
      to = end[0] - 17;
    }
    for (const [at, s] of order) attr(ends[s], "y", at);
  }

  function moveMark() {
    const i = c.now()[mark];
    const words = `${ml} ${mt[i]}`;
    const half = c.text(words, 12) / 2;
    attr(rule, "transform", `translate(${X(mv[i])},0)`);
    put(name, words);
    attr(name, "x", Math.min(edge[1] - half, Math.max(edge[0] + half, X(mv[i]))));
  }

  return {
    layout(root, w) {
      const left = leftOf(c, yt, yl);
      const direct = w > DIRECT && series.length > 1;
      const right = direct ? Math.max(...series.map((s) => c.text(s))) * 1.08 + 14 : 14;
      const ring = (cx, cy) => svg("circle", { cx, cy, r: 3.5, class: "attn-data" }, root);
      const keys = direct ? [] : series;
      const names = pts.length ? [...keys, "data"] : keys;
      const key = (at, up, k) =>
        k < keys.length
          ? svg("path", { d: `M${at},${up - 4}h24`, class: `attn-line attn-s${k}` }, root)
          : ring(at + 18, up - 4);
      const head = (names.length ? legend(c, root, w, left, names, key) + 12 : 12) + (mv ? 14 : 0);
      const height = Math.max(170, Math.min(300, w * 0.42), c.text(yl) + 8);
      const floor = head + height;
      const scale = log ? Math.log : (v) => v;
      const [first, last] = [scale(x[0]), scale(x[N - 1])];
      edge = [left, w];
      X = (v) => left + ((w - left - right) * (scale(v) - first)) / (last - first);
      Y = (v) => head + (height * (high - v)) / (high - low);
      places = x.map((v) => X(v).toFixed(1));
      const band = span && { x: X(span[0]), y: head, width: X(span[1]) - X(span[0]), height, class: "attn-span" };
      if (span) svg("rect", band, root);
      yAxis(root, w - right + 4, left, yt, Y, yl);
      xAxis(root, w, floor);
      const below = { x: (left + w - right) / 2, y: floor + 38, "text-anchor": "middle", class: "attn-axis" };
      if (xl) svg("text", below, root, xl);
      rule = mv && svg("path", { d: `M0,${head - 4}V${floor}`, class: "attn-mark" }, root);
      name = mv && svg("text", { y: head - 8, "text-anchor": "middle", class: "attn-small" }, root);
      for (const [across, up] of pts) ring(X(across), Y(up));
      paths = series.map((_, s) => svg("path", { class: `attn-line ${guess.roleOf(s)}` }, root));
      const atEnd = (t, s) => svg("text", { x: w - right + 8, class: `attn-end ${guess.roleOf(s)}` }, root, t);
      ends = direct ? series.map(atEnd) : [];
      guess.draw(root, (j) => X(x[j]), Y, w);
      if (span) spanName(root, left, w - right, head, floor);
      return floor + (xl ? 46 : 26);
    },
    update() {
      const values = c.values();
      paths.forEach((path, s) => {
        attr(path, "d", `M${places.map((at, j) => `${at},${Y(values[s * N + j]).toFixed(1)}`).join("L")}`);
      });
      if (rule) moveMark();
      guess.move();
      placeEnds(values);
    },
    tables: () => [
      { rows: x.map(brief), cols: series, get: (i, j) => c.number(j * N + i) },
      ...(pts.length
        ? [
            {
              name: "data",
              rows: pts.map((_, i) => i + 1),
              cols: [xl || "x", yl || "y"],
              get: (i, j) => brief(pts[i][j]),
            },
          ]
        : []),
    ],
  };
}

export default explorable(lines);
