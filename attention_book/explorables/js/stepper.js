import { put, svg } from "./engine/dom.js";
import { pretty } from "./engine/numbers.js";
import { stepButtons } from "./engine/steps.js";
import { explorable } from "./engine/view.js";

const TALL = 30; // of a cell
const APART = 28; // matrices beside each other
const count = (word, n) => Array.from({ length: n }, (_, k) => `${word} ${k + 1}`);

function stepper(c) {
  const { layout: lines, mats, steps } = c.spec;
  const updateButtons = stepButtons(c, steps.length);
  const start = [];
  mats.reduce((at, mat, k) => {
    start[k] = at;
    return at + mat[1] * mat[2];
  }, 0);
  let drawn = [];
  const shown = (k) => steps[c.now()[0]][0].includes(k);
  const cellWidth = ([, , , digits]) => Math.max(34, c.text(pretty(-88.8, digits)) + 14);
  const span = (k) => Math.max(cellWidth(mats[k]) * mats[k][2], c.text(mats[k][0], 14)) + 4;

  // The rows of the layout, broken where they are wider than the picture.
  function broken(w) {
    return lines.flatMap((line) => {
      const rows = [[]];
      let used = 0;
      for (const k of line) {
        if (used && used + span(k) > w) {
          rows.push([]);
          used = 0;
        }
        rows.at(-1).push(k);
        used += span(k) + APART;
      }
      return rows;
    });
  }

  function makeMatrix(root, k, x, y, w) {
    const [name, rows, cols] = mats[k];
    const wide = Math.min(cellWidth(mats[k]), (w - 4) / cols);
    const left = x + (span(k) - 4 - wide * cols) / 2;
    const top = y + 24;
    const group = svg("g", { class: "attn-mat" }, root);
    svg("text", { x: x + span(k) / 2 - 2, y: top - 9, "text-anchor": "middle", class: "attn-name" }, group, name);
    const cells = Array.from({ length: rows * cols }, (_, i) => {
      const [cx, cy] = [left + (i % cols) * wide, top + Math.floor(i / cols) * TALL];
      const box = svg("rect", { x: cx, y: cy, width: wide, height: TALL }, group);
      return [box, svg("text", { x: cx + wide / 2, y: cy + 19.5, "text-anchor": "middle" }, group)];
    });
    svg("rect", { x: left, y: top, width: wide * cols, height: rows * TALL, class: "attn-frame" }, group);
    return [k, group, cells];
  }

  return {
    layout(root, w) {
      let y = 8;
      drawn = [];
      for (const row of broken(w)) {
        let x = Math.max(2, (w - row.reduce((sum, k) => sum + span(k) + APART, -APART)) / 2);
        for (const k of row) {
          drawn.push(makeMatrix(root, k, x, y, w));
          x += span(k) + APART;
        }
        y += Math.max(...row.map((k) => mats[k][1])) * TALL + 44;
      }
      return y - 8;
    },
    update() {
      const values = c.values();
      const marks = steps[c.now()[0]][1];
      for (const [k, group, cells] of drawn) {
        const on = shown(k);
        const hot = marks[k] || [];
        group.classList.toggle("attn-later", !on);
        cells.forEach(([box, text], i) => {
          box.classList.toggle("attn-hot", on && hot.includes(i));
          put(text, on ? pretty(values[start[k] + i], mats[k][3]) : "");
        });
      }
      updateButtons();
    },
    tables: () =>
      mats.map(([name, rows, cols], k) => ({
        name,
        rows: count("row", rows),
        cols: count("column", cols),
        get: (i, j) => (shown(k) ? c.number(start[k] + i * cols + j) : "not yet"),
      })),
  };
}

export default explorable(stepper);
