// A deck of slides: reveal.js, with keys that leave the sliders alone, and pictures as large as the slide allows.
(() => {
  const root = document.documentElement;
  const FRAMED = new URLSearchParams(location.search).has("receiver"); // by the speaker view
  const HELD = ".noUi-handle, [role=slider], input, select, textarea";
  const PRESSED = "button, summary, a[href]";
  const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
  const [WIDTH, HEIGHT] = [1280, 720];
  const [BOTTOM, RIGHT] = [26, 20]; // pixels that stay free
  const LEAST = 380; // pixels that a picture needs at least, before it is enlarged
  const COLUMN = 756; // pixels beside the sliders
  const ZOOMS = [1.7, 1.5, 1.4, 1.3, 1.2, 1.1, 1, 0.9, 0.8, 0.7];
  const WIDTHS = [1, 0.9, 0.8, 0.7];
  const PICTURE = ZOOMS.flatMap((zoom) => WIDTHS.filter((part) => part === 1 || (COLUMN * part) / zoom >= LEAST).map((part) => [zoom, part]));
  const WORDS = [1, 0.92, 0.85, 0.78, 0.7];
  const TEXT = [1.2, 1.1, 1, 0.92, 0.84, 0.76, 0.7].map((zoom) => [zoom, 1]);

  // Arrow keys belong to a slider that has the focus, Space and Enter to a button.
  function deckKey(event) {
    const on = event.target;
    if (!(on instanceof Element)) return true;
    if (on.closest(HELD)) return !ARROWS.includes(event.key);
    return !(on.closest(PRESSED) && [" ", "Enter"].includes(event.key));
  }

  // The keys of a remote control go on whatever has the focus; Escape lets a slider go.
  function beforeSliders(event) {
    if (!document.activeElement?.closest?.(HELD)) return;
    const act = { PageDown: () => Reveal.next(), PageUp: () => Reveal.prev(), Escape: () => document.activeElement.blur() };
    if (!act[event.key]) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    act[event.key]();
  }

  function changeTheme() {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
  }

  // Code is pointed at line by line; before the first step and on paper all lines are alike.
  function point(slide) {
    for (const block of slide?.querySelectorAll(".code") ?? []) {
      const shown = [...block.querySelectorAll(".pointer.visible")].at(-1);
      const [from, to] = (shown?.dataset.lines ?? "").split("-").map(Number);
      block.classList.toggle("pointed", Boolean(shown));
      block.querySelectorAll(".line").forEach((line, k) => line.classList.toggle("at", k + 1 >= from && k + 1 <= to));
    }
  }

  const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))));

  // Measured in the pixels of the slide, however large the window shows it.
  function inside(slide, part) {
    const [frame, box] = [slide.getBoundingClientRect(), part.getBoundingClientRect()];
    const scale = frame.width / WIDTH || 1;
    return { right: (box.right - frame.left) / scale, bottom: (box.bottom - frame.top) / scale };
  }

  const over = (slide, parts) =>
    parts.some((part) => {
      const { right, bottom } = inside(slide, part);
      return bottom > HEIGHT - BOTTOM || right > WIDTH - RIGHT;
    });

  const enlarge = (target, [zoom, part]) => {
    target.style.zoom = zoom;
    if (part < 1 || target.style.width) target.style.width = `${part * 100}%`;
  };
  const shrinkWords = (target, size) => target.style.setProperty("--words", size);

  // The first size of the list at which nothing of a slide leaves it, for all slides at a time.
  async function fit(pairs, sizes, set, parts) {
    let left = pairs;
    for (const size of sizes) {
      for (const { target } of left) set(target, size);
      await frames();
      left = left.filter((pair) => over(pair.slide, parts(pair)));
      if (!left.length) return;
    }
  }

  async function fitAll() {
    const slides = [...document.querySelectorAll(".slides section:not(.stack)")];
    const pairs = (which, selector) => slides.flatMap((slide) => {
      const target = slide.matches(which) && slide.querySelector(selector);
      return target ? [{ slide, target }] : [];
    });
    const within = (more) => ({ target }) => [target, ...target.children, ...target.querySelectorAll(more)];
    await Promise.all([
      fit(pairs(".picture", ".attn-plot"), PICTURE, enlarge, within("svg")),
      fit(pairs(":not(.picture)", ".body"), TEXT, enlarge, within("table, mjx-math")),
    ]);
    const beside = ({ target }) => [...target.querySelectorAll(".said, .widget-inline-hbox, figcaption, .attn-steps, .attn-guess")];
    await fit(pairs(".picture", ".body"), WORDS, shrinkWords, beside);
    root.dataset.deck = "ready";
  }

  // Until widgets and formulas stand, nothing has its size.
  function complete() {
    const needs = [["widgets", 'script[type*="widget-view"]'], ["math", ".math"]];
    const stands = () => needs.every(([name, one]) => !document.querySelector(one) || root.dataset[name] === "ready");
    return new Promise((done) => {
      if (stands()) return done();
      const watch = new MutationObserver(() => {
        if (!stands()) return;
        watch.disconnect();
        done();
      });
      watch.observe(root, { attributes: true });
    });
  }

  async function start() {
    addEventListener("keydown", beforeSliders, true);
    await Reveal.initialize({
      width: WIDTH, height: HEIGHT, margin: 0.02, center: false, hash: !FRAMED, transition: "none", backgroundTransition: "none",
      controls: !FRAMED, progress: !FRAMED, postMessage: false, navigationMode: "linear", slideNumber: !FRAMED && "c/t", viewDistance: 1000, mobileViewDistance: 1000, scrollActivationWidth: null,
      keyboardCondition: deckKey, pdfMaxPagesPerSlide: 1, pdfSeparateFragments: false,
    });
    Reveal.addKeyBinding({ keyCode: 84, key: "T", description: "Light or dark" }, changeTheme);
    Reveal.on("slidechanged", ({ currentSlide }) => {
      document.activeElement?.blur();
      point(currentSlide);
    });
    for (const name of ["fragmentshown", "fragmenthidden"]) Reveal.on(name, () => point(Reveal.getCurrentSlide()));
    await complete();
    await document.fonts.ready;
    await fitAll();
    point(Reveal.getCurrentSlide());
  }

  start();
})();
