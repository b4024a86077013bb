import { leftOf, legend, yAxis } from "./engine/axes.js";
import { attr, put, svg } from "./engine/dom.js";
import { asked } from "./engine/guess.js";
import { pretty } from "./engine/numbers.js";
import { explorable } from "./engine/view.js";

function bars(c) {
  const { cats, series, yl, y, yt, dec } = c.spec;
  const [low, high] = y;
  const N = cats.length;
  const S = series.length || 1;
  const guess = asked(c);
  let drawn = [];
  let Y;

  function makeBar(root, x, wide, s, show) {
    const bar = svg("rect", { x: x + 1, width: wide - 2, rx: 1.5, class: `attn-bar ${guess.roleOf(s)}` }, root);
    const place = { x: x + wide / 2, "text-anchor": "middle", class: `attn-num ${guess.roleOf(s)}` };
    return [bar, show && svg("text", place, root)];
  }

  return {
    layout(root, w) {
      const left = leftOf(c, yt, yl);
      const step = (w - left - 4) / N;
      const tall = Math.max(...cats.map((name) => c.text(name)));
      const turn = tall > step - 4;
      const box = (x, at, k) =>
        svg("rect", { x, y: at - 10, width: 20, height: 11, rx: 1.5, class: `attn-bar attn-s${k}` }, root);
      const head = series.length ? legend(c, root, w, left, series, box) + 24 : 22;
      const height = Math.max(150, Math.min(260, w * 0.4), c.text(yl) + 8);
      Y = (value) => head + (height * (high - value)) / (high - low);
      yAxis(root, w, left, yt, Y, yl);
      cats.forEach((name, j) => {
        const x = left + (j + 0.5) * step;
        const turned = { transform: `translate(${x + 4.5},${head + height + 10}) rotate(-90)`, "text-anchor": "end" };
        svg("text", turn ? turned : { x, y: head + height + 20, "text-anchor": "middle" }, root, name);
      });
      const wide = Math.min(64, (step * 0.76) / S);
      const longest = Math.max(c.text(pretty(low, dec), 12), c.text(pretty(high, dec), 12));
      const show = longest < (S > 1 ? wide : step) - 2;
      drawn = Array.from({ length: S * N }, (_, k) => {
        const s = Math.floor(k / N);
        return makeBar(root, left + ((k % N) + 0.5) * step + (s - S / 2) * wide, wide, s, show);
      });
      guess.draw(root, (j, s) => left + (j + 0.5) * step + (s + 0.5 - S / 2) * wide, Y, w);
      svg("line", { x1: left, x2: w - 4, y1: Y(0), y2: Y(0), class: "attn-zero" }, root);
      return head + height + (turn ? tall : 14) + 14;
    },
    update() {
      guess.move();
      c.values().forEach((value, k) => {
        const [bar, text] = drawn[k];
        const top = Y(Math.max(value, 0));
        const bottom = Y(Math.min(value, 0));
        attr(bar, "y", top);
        attr(bar, "height", bottom - top);
        bar.classList.toggle("attn-nil", bottom - top < 0.5);
        if (!text) return;
        put(text, pretty(value, dec));
        attr(text, "y", value < 0 ? bottom + 14 : top - 5);
      });
    },
    tables: () => [{ rows: cats, cols: series.length ? series : [yl || "value"], get: (i, j) => c.number(j * N + i) }],
  };
}

export default explorable(bars);
