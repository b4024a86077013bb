// Numbers as they are stored, and as they are written.

// Python's format(value, "z.Nf"): ties go to the even digit, a zero has no sign. toFixed rounds what is
// stored exactly, but ties up; whether it is a tie shows in digits that no product rounds away.
const isTie = (size, n) => (size * 10 ** n) % 1 === 0.5 && /5(0{30})$/.test(size.toFixed(n + 31));

export const fixed = (value, n) => {
  const size = Math.abs(value);
  const below = Math.floor(size * 10 ** n);
  const text = (below % 2 === 0 && isTie(size, n) ? below / 10 ** n : size).toFixed(n);
  return value < 0 && +text ? `-${text}` : text;
};

export const pretty = (value, n) => fixed(value, n).replace("-", "\u2212");
export const brief = (value) => String(+value.toPrecision(4)).replace("-", "\u2212");

const bytesOf = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

// `count` whole numbers of `bits` bits each; several in a byte begin at its low end. In 64 bits they are any numbers.
const whole = (bytes, bits, count) => {
  if (bits > 32) return new Float64Array(bytes.slice().buffer);
  if (bits > 8) return new (bits > 16 ? Uint32Array : Uint16Array)(bytes.slice().buffer);
  if (bits === 8) return bytes;
  const per = 8 / bits;
  const mask = 2 ** bits - 1;
  return Uint8Array.from({ length: count }, (_, k) => (bytes[Math.floor(k / per)] >> (bits * (k % per))) & mask);
};

// The numbers of a picture at a grid point. A part holds its columns at the first point, then at each what varies.
export const results = (view, parts, points) => {
  const bytes = bytesOf(view);
  const values = new Float64Array(parts.reduce((sum, part) => sum + part[0], 0));
  const prints = [];
  let at = 0;
  const readers = parts.map(([size, bits, mantissa, decimals, lowest, digits, vary]) => {
    const base = prints.length;
    const every = vary || [...Array(size).keys()];
    const count = size + points * every.length;
    const used = Math.ceil((count * bits) / 8);
    const raw = whole(bytes.subarray(at, at + used), bits, count);
    at += used;
    const number = (k) => {
      const steps = (raw[k] + lowest) * mantissa;
      return decimals < 0 ? steps * 10 ** -decimals : steps / 10 ** decimals;
    };
    for (let k = 0; k < size; k++) {
      values[base + k] = number(k);
      prints.push(digits);
    }
    return (point) => {
      every.forEach((k, j) => {
        values[base + k] = number(size + point * every.length + j);
      });
    };
  });
  let now = -1;
  return {
    prints,
    at(point) {
      if (point !== now) for (const read of readers) read(point);
      now = point;
      return values;
    },
  };
};
