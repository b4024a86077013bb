import { put, svg } from "./engine/dom.js";
import { middleOf, route, shape } from "./engine/route.js";
import { stepButtons } from "./engine/steps.js";
import { explorable } from "./engine/view.js";

const NARROW = 520;
const LINE = 17; // height of a line of text
const PAD = 10;
const WIDEST = 168; // of a box
const GAP = [30, 40]; // between columns and rows, room for arrows

function flow(c) {
  const { boxes, places, arrows, groups, steps } = c.spec;
  const updateButtons = stepButtons(c, steps.length);
  const hasReverse = ([a, b]) => arrows.some((other) => other[0] === b && other[1] === a);
  let nodes = [];
  let ways = [];

  // The words in lines no wider than the box.
  function wrap(words, wide) {
    const lines = [""];
    for (const word of words.split(" ")) {
      const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
      if (lines.at(-1) && c.text(longer) > wide) lines.push(word);
      else lines[lines.length - 1] = longer;
    }
    return lines;
  }

  const countOf = (box) => (box.length > 2 ? (box[3]?.[0] ?? 1) : 0);

  // How many numbers stand in a line of a box, and in how many lines.
  function grid(box, wide) {
    const count = countOf(box);
    const widest = box[4];
    const most = Math.max(1, Math.floor((wide + 8) / (c.text(`\u2212${widest}`, 12) + 8)));
    const lines = Math.ceil(count / most);
    return { count, lines, per: Math.ceil(count / lines) };
  }

  // Centres and sizes of all boxes on a grid of columns as wide as the picture allows.
  function arrange(cells, w, which) {
    const rows = Math.max(...cells.map((cell) => cell[0])) + 1;
    const columns = Math.max(...cells.map((cell) => cell[1])) + 1;
    const level = arrows.filter(([from, to]) => cells[from][0] === cells[to][0]);
    const apart = Math.max(GAP[0], ...level.map((arrow) => (arrow[2] ? c.text(arrow[2], 12) + 26 : 0)));
    const column = Math.min(WIDEST + apart, (w - 24 + apart) / columns);
    const wide = column - apart;
    const sized = boxes.map((box) => {
      const lines = wrap(box[0], wide - 2 * PAD);
      const held = grid(box, wide - 2 * PAD);
      return { lines, held, w: wide, h: (lines.length + held.lines) * LINE + 2 * PAD };
    });
    const heads = Array(rows).fill(0);
    const feet = Array(rows).fill(0);
    for (const group of groups) {
      const [[first], [last]] = group[2 + which];
      heads[first] = Math.max(heads[first], 26);
      feet[last] = 10;
    }
    const left = (w - column * columns + apart) / 2;
    let y = 4;
    for (let row = 0; row < rows; row++) {
      const tallest = Math.max(0, ...sized.filter((_, k) => cells[k][0] === row).map((one) => one.h));
      y += heads[row];
      sized.forEach((one, k) => {
        if (cells[k][0] !== row) return;
        one.x = left + cells[k][1] * column + wide / 2;
        one.y = y + tallest / 2;
      });
      y += tallest + feet[row] + GAP[1];
    }
    return [sized, y - GAP[1] + 4];
  }

  function drawGroup(root, [name, members], sized) {
    const all = members.map((k) => sized[k]);
    const x = Math.min(...all.map((one) => one.x - one.w / 2)) - 9;
    const y = Math.min(...all.map((one) => one.y - one.h / 2)) - 24;
    const right = Math.max(...all.map((one) => one.x + one.w / 2)) + 9;
    const bottom = Math.max(...all.map((one) => one.y + one.h / 2)) + 9;
    svg("rect", { x, y, width: right - x, height: bottom - y, rx: 6, class: "attn-group" }, root);
    svg("text", { x: x + 8, y: y + 16, class: "attn-small" }, root, name);
  }

  function drawBox(root, [, role], { x, y, w, h, lines, held }) {
    const node = svg("g", { class: `attn-box attn-${role}` }, root);
    svg("rect", { x: x - w / 2, y: y - h / 2, width: w, height: h, rx: 5 }, node);
    lines.forEach((words, k) => {
      svg("text", { x, y: y - h / 2 + PAD + LINE * k + 12.5, "text-anchor": "middle" }, node, words);
    });
    const texts = Array.from({ length: held.count }, (_, k) => {
      const row = Math.floor(k / held.per);
      const inRow = Math.min(held.per, held.count - row * held.per);
      const step = (w - 2 * PAD) / held.per;
      const at = x + ((k % held.per) - (inRow - 1) / 2) * step;
      const down = y - h / 2 + PAD + LINE * (lines.length + row) + 12;
      return svg("text", { x: at, y: down, "text-anchor": "middle", class: "attn-small" }, node);
    });
    return { node, texts };
  }

  function drawArrow(root, arrow, sized, w) {
    const [from, to, words, role, dashed] = arrow;
    const others = sized.filter((_, k) => k !== from && k !== to);
    const line = route(sized[from], sized[to], others, w, hasReverse(arrow));
    const node = svg("g", { class: `attn-flow attn-${role}${dashed ? " attn-dashed" : ""}` }, root);
    const [shaft, head] = shape(line);
    svg("path", { d: shaft, class: "attn-shaft" }, node);
    svg("path", { d: head, class: "attn-head" }, node);
    if (!words) return { node, label: null };
    const half = c.text(words, 12) / 2 + 2;
    const [x, y] = middleOf(line);
    const place = { x: Math.min(w - half, Math.max(half, x)), y: y + 4, "text-anchor": "middle", class: "attn-num" };
    return { node, label: [place, words] };
  }

  return {
    layout(root, w) {
      const which = w < NARROW ? 1 : 0;
      const [sized, height] = arrange(places[which], w, which);
      for (const group of groups) drawGroup(root, group, sized);
      ways = arrows.map((arrow) => drawArrow(root, arrow, sized, w));
      nodes = boxes.map((box, k) => drawBox(root, box, sized[k]));
      for (const way of ways) if (way.label) way.text = svg("text", way.label[0], root, way.label[1]);
      return height;
    },
    update() {
      const values = c.values();
      const [hotBoxes, hotArrows] = steps[c.now()[0]];
      nodes.forEach(({ node, texts }, k) => {
        node.classList.toggle("attn-hot", hotBoxes.includes(k));
        for (const [j, text] of texts.entries()) put(text, c.number(boxes[k][2] + j));
      });
      ways.forEach(({ node, text }, k) => {
        const at = arrows[k][5];
        const strength = at < 0 ? 1 : values[at];
        node.classList.toggle("attn-hot", hotArrows.includes(k));
        node.classList.toggle("attn-gone", !strength);
        text?.classList.toggle("attn-gone", !strength);
        node.style.setProperty("--w", strength);
      });
      updateButtons();
    },
    tables() {
      const values = boxes.filter((box) => box.length > 2);
      const most = Math.max(...values.map(countOf));
      const strength = (k) => (arrows[k][5] < 0 ? 1 : c.number(arrows[k][5]));
      const listed = {
        name: "arrows",
        rows: arrows.map((_, k) => k + 1),
        cols: ["from", "to", "what", "strength"].slice(0, arrows.some((arrow) => arrow[5] >= 0) ? 4 : 3),
        get: (k, j) => [boxes[arrows[k][0]][0], boxes[arrows[k][1]][0], arrows[k][2], strength(k)][j],
      };
      const held = {
        name: "numbers in the boxes",
        rows: values.map((box) => box[0]),
        cols: Array.from({ length: most }, (_, j) => j + 1),
        get: (i, j) => (j < countOf(values[i]) ? c.number(values[i][2] + j) : ""),
      };
      return values.length ? [listed, held] : [listed];
    },
  };
}

export default explorable(flow);
