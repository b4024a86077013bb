import { put, svg } from "./engine/dom.js";
import { pretty } from "./engine/numbers.js";
import { explorable } from "./engine/view.js";

function heatmap(c) {
  const { rows, cols, per, xl, yl, num, top, low, dec } = c.spec;
  const now = (texts) => (per === undefined ? texts : texts[c.now()[per]]);
  const R = now(rows).length;
  const C = now(cols).length;
  let words = [];
  let cells = [];
  let digits;

  function names(root, w, x0, head, cw, ch, wide, turn) {
    const half = c.text(xl) / 2;
    const middle = Math.min(w - half, Math.max(half, x0 + (cw * C) / 2));
    if (xl) svg("text", { x: middle, y: 14, class: "attn-axis", "text-anchor": "middle" }, root, xl);
    const aside = `translate(${x0 - wide - 22},${head + (R * ch) / 2}) rotate(-90)`;
    if (yl) svg("text", { transform: aside, class: "attn-axis", "text-anchor": "middle" }, root, yl);
    const above = now(cols).map((name, j) => {
      const x = x0 + (j + 0.5) * cw;
      const turned = { transform: `translate(${x + 4.5},${head - 6}) rotate(-90)` };
      return svg("text", turn ? turned : { x, y: head - 8, "text-anchor": "middle" }, root, name);
    });
    const beside = now(rows).map((name, i) =>
      svg("text", { x: x0 - 10, y: head + (i + 0.5) * ch + 4.5, "text-anchor": "end" }, root, name),
    );
    words = [beside, above];
  }

  function makeCell(root, x, y, cw, ch, px, show) {
    const cell = svg("g", { class: "attn-cell", "font-size": px }, root);
    svg("rect", { x: x + 1, y: y + 1, width: cw - 2, height: ch - 2, rx: 2 }, cell);
    const place = { x: x + cw / 2, y: y + ch / 2 + px * 0.35, "text-anchor": "middle" };
    return { cell, text: show && svg("text", place, cell), value: null };
  }

  // Where the words go with a slider; a cell without a word is no cell.
  function rename() {
    const texts = [now(rows), now(cols)];
    words.forEach((nodes, side) => {
      nodes.forEach((node, k) => {
        put(node, texts[side][k]);
      });
    });
    cells.forEach(({ cell }, k) => {
      cell.classList.toggle("attn-gone", !texts[0][Math.floor(k / C)] || !texts[1][k % C]);
    });
  }

  return {
    layout(root, w) {
      const wide = Math.max(...rows.flat().map((name) => c.text(name)));
      const tall = Math.max(...cols.flat().map((name) => c.text(name)));
      const left = wide + 12 + (yl ? 24 : 0);
      const cw = Math.min(96, (w - left - 2) / C);
      const ch = Math.max(22, Math.min(36, cw * 0.62), c.text(yl) / R);
      const turn = tall > cw - 6;
      const head = (turn ? tall : 14) + 10 + (xl ? 24 : 0);
      const x0 = left + Math.max(0, (w - left - cw * C) / 2);
      const px = cw > 50 ? 13 : 11;
      const fits = (n) => c.text(pretty(low < 0 ? -top : top, n), px) < cw - 3;
      names(root, w, x0, head, cw, ch, wide, turn);
      digits = fits(dec) ? dec : 1;
      const show = num && fits(digits);
      cells = Array.from({ length: R * C }, (_, k) =>
        makeCell(root, x0 + (k % C) * cw, head + Math.floor(k / C) * ch, cw, ch, px, show),
      );
      return head + R * ch + 4;
    },
    update() {
      if (per !== undefined) rename();
      c.values().forEach((value, k) => {
        const one = cells[k];
        if (one.value === value) return;
        one.value = value;
        one.cell.style.setProperty("--t", Math.min(1, Math.abs(value) / top));
        one.cell.classList.toggle("attn-neg", value < 0);
        if (one.text) put(one.text, pretty(value, digits));
      });
    },
    tables() {
      const get = (i, j) => c.number(i * C + j);
      if (per === undefined) return [{ rows, cols, get }];
      const pair = (i, j) => now(rows)[i] && now(cols)[j] && `${now(rows)[i]}, ${now(cols)[j]}: ${get(i, j)}`;
      return [{ rows: now(rows).map((_, i) => i + 1), cols: now(cols).map((_, j) => j + 1), get: pair }];
    },
  };
}

export default explorable(heatmap);
