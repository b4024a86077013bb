// A guess before the answer: a slider sets it, a button shows what was measured. Until then the figure has the class
// attn-waits: what is guessed (attn-answer), the caption and the numbers are kept back.
import { attr, html, put, svg } from "./dom.js";
import { pretty } from "./numbers.js";

const NONE = { roleOf: (s) => `attn-s${s}`, draw() {}, move() {} };

export const asked = (c) => {
  if (!c.spec.guess) return NONE;
  const { q, s, j, d, p, truth, start } = c.spec.guess;
  const [min, max] = c.spec.y;
  const figure = c.tools.closest(".attn-fig");
  const say = (value) => pretty(p ? value * 100 : value, d) + (p ? "%" : "");
  const box = html("div", { class: "attn-guess" }, c.tools);
  const name = html("label", {}, box, q);
  const line = html("div", { class: "attn-steps" }, box);
  const slider = html("input", { type: "range", min, max, step: (max - min) / 100, value: (min + max) / 2 });
  const now = html("span", {});
  line.append(slider, now);
  const button = html("button", { type: "button" }, line);
  const verdict = html("p", { role: "status" }, box);
  slider.id = name.htmlFor = `guess-${Math.random().toString(36).slice(2)}`;
  let [dot, gap, words, across, up] = [];

  function wait(waits) {
    c.before = waits ? "Set your guess. The numbers follow." : "";
    figure.classList.toggle("attn-waits", waits);
    slider.disabled = !waits;
    put(button, waits ? "Show the answer" : "Guess again");
    put(verdict, waits ? "" : `Your guess: ${say(+slider.value)}. Measured: ${say(truth)}.`);
    if (!waits) c.set(...start.entries());
    c.redraw?.();
  }

  const guess = {
    roleOf: (k) => `attn-s${k}${k === s ? " attn-answer" : ""}`,
    draw(root, X, Y, w) {
      [across, up] = [X(j, s), Y];
      const half = c.text("your guess", 14) + 14;
      const anchor = across + half > w ? { x: across - 12, "text-anchor": "end" } : { x: across + 12 };
      gap = svg("path", { class: "attn-gap attn-answer" }, root);
      dot = svg("circle", { cx: across, r: 6, class: `attn-dot attn-s${s}` }, root);
      words = svg("text", { ...anchor, class: `attn-tip attn-s${s}` }, root, "your guess");
    },
    move() {
      const value = +slider.value;
      attr(slider, "aria-valuetext", say(value));
      put(now, say(value));
      attr(dot, "cy", up(value));
      attr(words, "y", up(value) + 4);
      attr(gap, "d", `M${across},${up(value)}V${up(truth)}`);
    },
  };
  slider.addEventListener("input", guess.move);
  button.addEventListener("click", () => wait(!figure.classList.contains("attn-waits")));
  wait(true);
  return guess;
};
