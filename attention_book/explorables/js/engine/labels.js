// Where a label at the tip of an arrow stands: near, off the lines, off the other labels.
const TURNS = [0, 0.6, -0.6, 1.2, -1.2, 1.9, -1.9, 2.6, -2.6, 3.14];
const FAR = [0, 10, 20, 30];

// Whether the line from p to q meets the box of half sizes w, h around (x, y).
const meets = (p, q, x, y, w, h) => {
  let from = 0;
  let to = 1;
  for (const [a, d, r] of [
    [x - p[0], q[0] - p[0] || 1e-9, w],
    [y - p[1], q[1] - p[1] || 1e-9, h],
  ]) {
    from = Math.max(from, a / d - r / Math.abs(d));
    to = Math.min(to, a / d + r / Math.abs(d));
  }
  return from < to;
};

// The price of a label there: lines under it, labels and handles that it would cover.
const price = (x, y, wide, lines, taken) =>
  40 * taken.filter(([a, b, r, h]) => Math.abs(a - x) < r + wide && Math.abs(b - y) < h + 9).length +
  lines.reduce((sum, [p, q, cost]) => sum + cost * meets(p, q, x, y, wide, 9), 0);

export const place = ({ at, turn, away, wide, box, lines, taken, held }) => {
  let best;
  let least = Infinity;
  for (const far of FAR) {
    for (const t of TURNS) {
      const cheapest = Math.abs(t) + far / 4 - (held === far + t ? 2 : 0);
      if (cheapest >= least) continue;
      const x = Math.min(box[2] - wide, Math.max(box[0] + wide, at[0] + Math.cos(turn + t) * (away + far + wide)));
      const y = Math.min(box[3], Math.max(box[1], at[1] + Math.sin(turn + t) * (away + far)));
      const cost = price(x, y, wide, lines, taken) + cheapest;
      if (cost < least) {
        best = { x, y, turned: far + t };
        least = cost;
      }
    }
  }
  return best;
};
