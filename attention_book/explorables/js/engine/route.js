// The way of an arrow between two boxes {x, y, w, h} (centre and size): straight if nothing is in between, else bent.
const BENDS = [0, 0.18, -0.18, 0.32, -0.32, 0.5, -0.5, 0.75, -0.75];
const SAMPLES = 24;

const inside = ([x, y], box, margin) =>
  Math.abs(x - box.x) < box.w / 2 + margin && Math.abs(y - box.y) < box.h / 2 + margin;

// A point of the quadratic curve at t, and the curve bent by a share of its length to one side.
const along = ([p, q, r], t) => [0, 1].map((k) => (1 - t) ** 2 * p[k] + 2 * t * (1 - t) * q[k] + t ** 2 * r[k]);
const curve = (a, b, bend) => {
  const middle = [(a.x + b.x) / 2 - bend * (b.y - a.y), (a.y + b.y) / 2 + bend * (b.x - a.x)];
  return [[a.x, a.y], middle, [b.x, b.y]];
};
const points = (line) => Array.from({ length: SAMPLES + 1 }, (_, k) => along(line, k / SAMPLES));

// Where the curve leaves the first box and reaches the second, by halving.
const border = (line, box, from, to) => {
  let [low, high] = [from, to];
  for (let k = 0; k < 12; k++) {
    const middle = (low + high) / 2;
    if (inside(along(line, middle), box, 3)) low = middle;
    else high = middle;
  }
  return high;
};

// The part of a quadratic curve between two of its parameters.
const part = (line, from, to) => {
  const [p, r] = [along(line, from), along(line, to)];
  const mix = (a, b, t) => [0, 1].map((k) => a[k] + (b[k] - a[k]) * t);
  const q = mix(mix(line[0], line[1], from), mix(line[1], line[2], from), to);
  return [p, q, r];
};

export const route = (a, b, others, wide, bent) => {
  const free = (bend) => {
    const way = points(curve(a, b, bend));
    const within = way.every(([x]) => x > 2 && x < wide - 2);
    return within && !way.some((at) => others.some((box) => inside(at, box, 5)));
  };
  const tried = bent ? BENDS.slice(1) : BENDS;
  const line = curve(a, b, tried.find(free) ?? tried[0]);
  return part(line, border(line, a, 0, 1), border(line, b, 1, 0));
};

const LENGTH = 9;
const round = (point) => point.map((v) => v.toFixed(1)).join(",");

// Shaft and head of an arrow along the curve; the shaft ends where the head begins.
export const shape = (line) => {
  const [, q, r] = line;
  const far = Math.hypot(r[0] - q[0], r[1] - q[1]) || 1;
  const [ux, uy] = [(r[0] - q[0]) / far, (r[1] - q[1]) / far];
  const back = [r[0] - LENGTH * ux, r[1] - LENGTH * uy];
  const wing = LENGTH * 0.45;
  const sides = [1, -1].map((s) => round([back[0] - s * uy * wing, back[1] + s * ux * wing]));
  return [`M${round(line[0])}Q${round(q)} ${round(back)}`, `M${round(r)}L${sides[0]}L${sides[1]}Z`];
};

export const middleOf = (line) => along(line, 0.5);
