import { legend } from "./engine/axes.js";
import { attr, svg } from "./engine/dom.js";
import { explorable } from "./engine/view.js";

const SHADES = 20;
const LARGEST = 34; // pixels of a cell
const TALLEST = 380; // pixels of the pattern

function pattern(c) {
  const { size, levels, top, rows, cols, xl, yl, marks, row, col } = c.spec;
  const [R, C] = size;
  const layers = levels.length ? levels.length - 1 : SHADES;
  const layerOf = levels.length ? (v) => v : (v) => (v ? Math.max(1, Math.round((v / top) * SHADES)) : 0);
  let paths = [];
  let outline;
  let frames = [];

  // Cells of one layer as strokes along the rows, in units of a cell.
  function strokes(values) {
    const texts = Array(layers + 1).fill("");
    for (let i = 0; i < R; i++) {
      for (let j = 0; j < C; ) {
        const layer = layerOf(values[i * C + j]);
        const from = j;
        while (j < C && layerOf(values[i * C + j]) === layer) j++;
        if (layer) texts[layer] += `M${from} ${i}.5h${j - from}`;
      }
    }
    return texts;
  }

  function names(root, texts, n, cell, x0, y0, across) {
    const every = texts.length && cell >= 12 ? 1 : Math.ceil(n / 8);
    for (let k = 0; k < n; k += every) {
      const name = texts.length ? texts[k] : String(k);
      const at = (k + 0.5) * cell;
      const turned = { transform: `translate(${x0 + at + 4},${y0 - 7}) rotate(-90)` };
      const above = texts.length ? turned : { x: x0 + at, y: y0 - 7, "text-anchor": "middle" };
      const place = across ? above : { x: x0 - 7, y: y0 + at + 4, "text-anchor": "end" };
      svg("text", { ...place, class: "attn-small" }, root, name);
    }
  }

  function key(root, w) {
    const shown = levels.length ? levels.map((name, k) => [name, k]) : [];
    const all = marks ? [...shown, [marks, -1]] : shown;
    const box = (x, y, k) => {
      const layer = all[k][1];
      svg("rect", { x, y: y - 11, width: 14, height: 12, class: "attn-cellframe" }, root);
      const line = `M${x} ${y - 5}h14`;
      if (layer > 0) svg("path", { d: line, class: `attn-fill attn-l${layer}`, "stroke-width": 12 }, root);
      if (layer < 0) svg("rect", { x: x + 1, y: y - 10, width: 12, height: 10, class: "attn-truth" }, root);
    };
    return all.length
      ? legend(
          c,
          root,
          w,
          4,
          all.map((one) => one[0]),
          box,
        ) + 14
      : 0;
  }

  const frame = (group, place) => [
    svg("rect", { ...place, class: "attn-pick attn-halo", "stroke-width": 2 * place["stroke-width"] }, group),
    svg("rect", { ...place, class: "attn-pick" }, group),
  ];

  return {
    layout(root, w) {
      const wide = Math.max(...(rows.length ? rows : [String(R)]).map((name) => c.text(name, 12)));
      const tall = cols.length ? Math.max(...cols.map((name) => c.text(name, 12))) : 12;
      const left = wide + 12 + (yl ? 22 : 0);
      const cell = Math.min(LARGEST, TALLEST / R, Math.floor(((w - left - 4) / C) * 4) / 4);
      const x0 = left + Math.max(0, (w - left - cell * C) / 2);
      const y0 = key(root, w) + tall + 12 + (xl ? 20 : 0);
      const middle = { x: x0 + (cell * C) / 2, y: y0 - tall - 14, "text-anchor": "middle", class: "attn-axis" };
      if (xl) svg("text", middle, root, xl);
      const aside = `translate(${x0 - wide - 18},${y0 + (cell * R) / 2}) rotate(-90)`;
      if (yl) svg("text", { transform: aside, "text-anchor": "middle", class: "attn-axis" }, root, yl);
      names(root, cols, C, cell, x0, y0, true);
      names(root, rows, R, cell, x0, y0, false);
      const scaled = svg("g", { transform: `translate(${x0},${y0}) scale(${cell})` }, root);
      svg("rect", { width: C, height: R, class: "attn-cellframe", "stroke-width": 1 / cell }, scaled);
      paths = Array.from({ length: layers + 1 }, (_, k) => {
        const kind = levels.length ? `attn-fill attn-l${k}` : "attn-fill attn-shade";
        const path = svg("path", { class: kind, "stroke-width": 1 }, scaled);
        if (!levels.length) path.style.setProperty("--t", k / SHADES);
        return path;
      });
      outline = marks && svg("path", { class: "attn-truth", "stroke-width": 2 / cell }, scaled);
      const line = { "stroke-width": 2 / cell };
      const put = (axis, place) => axis && [axis, frame(scaled, { ...place, ...line })];
      frames = [put(row, { width: C, height: 1 }), put(col, { width: 1, height: R })];
      return y0 + cell * R + 6;
    },
    update() {
      const values = c.values();
      for (const [k, text] of strokes(values).entries()) attr(paths[k], "d", text);
      if (outline) {
        const inset = 0.12;
        let text = "";
        for (let k = 0; k < R * C; k++) {
          const side = 1 - 2 * inset;
          if (values[R * C + k]) text += `M${(k % C) + inset} ${Math.floor(k / C) + inset}h${side}v${side}h-${side}z`;
        }
        attr(outline, "d", text);
      }
      frames.forEach((one, k) => {
        if (!one) return;
        const at = one[0][1][c.now()[one[0][0]]];
        for (const rect of one[1]) attr(rect, k ? "x" : "y", at);
      });
    },
    tables() {
      const named = (texts, n) => Array.from({ length: n }, (_, k) => texts[k] || String(k));
      const cell = (i, j) => (levels.length ? levels[c.values()[i * C + j]] : c.number(i * C + j));
      const mark = (i, j) => (marks && c.values()[R * C + i * C + j] ? " *" : "");
      const name = marks ? `* ${marks}` : "";
      return [{ name, rows: named(rows, R), cols: named(cols, C), get: (i, j) => cell(i, j) + mark(i, j) }];
    },
  };
}

export default explorable(pattern);
