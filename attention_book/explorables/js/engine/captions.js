// Captions: parts of text, of a slider's value {a, t}, of a fact {f, t} or {f, d, p}.
import { fixed } from "./numbers.js";

export const fill = (parts, indices, fact) =>
  parts
    .map((part) => {
      if (part.a !== undefined) return part.t[indices[part.a]];
      if (part.f === undefined) return part;
      const value = fact(part.f);
      if (part.t) return part.t[value];
      return fixed(value, part.d) + (part.p ? "%" : "");
    })
    .join("");

const longer = (a, b) => (b.length > a.length ? b : a);

// About the longest text that a caption can become: room for it is kept, so that nothing jumps.
export const longest = (captions, lead) => {
  const all = captions.map((parts) =>
    parts.map((part) => part.t?.reduce(longer) ?? (part.f === undefined ? part : "0".repeat(part.d + 3))).join(""),
  );
  const last = lead ? all.pop() : "";
  return `${all.reduce(longer)} ${last}`;
};
