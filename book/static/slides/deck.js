// A deck of slides: reveal.js, with keys that leave the sliders alone, and pictures as large as the slide allows.
(() => {
  const root = document.documentElement;
  const FRAMED = new URLSearchParams(location.search).has("receiver"); // by the speaker view
  const HELD = ".noUi-handle, [role=slider], input, select, textarea";
  const PRESSED = "button, summary, a[href]";
  const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
  // On a telephone that is held upright a slide is upright too. Paper and the speaker view stay wide.
  const UPRIGHT = matchMedia("(max-aspect-ratio: 4/5)");
  const PAPER = new URLSearchParams(location.search).has("print-pdf");
  const WIDE = FRAMED || PAPER;
  const upright = () => !WIDE && UPRIGHT.matches;
  const size = () => (upright() ? { width: 720, height: 1240 } : { width: 1280, height: 720 });
  const [BOTTOM, RIGHT] = [26, 20]; // pixels that stay free
  const LEAST = 380; // pixels that a picture needs at least, before it is enlarged
  const LEAST_COLUMN = 180; // the same for a drawing that leaves most of its width free: cells with two decimals
  const ZOOMS = [1.7, 1.5, 1.4, 1.3, 1.2, 1.1, 1, 0.9, 0.8, 0.7];
  const WIDTHS = [1, 0.9, 0.8, 0.7];
  const NARROW = [...WIDTHS, 0.4, 0.34, 0.287];
  const WORDS = [1, 0.92, 0.85, 0.78, 0.7];
  const TEXT = [1.2, 1.1, 1, 0.92, 0.84, 0.76, 0.7];
  const SMALLER = [0.64, 0.58, 0.52]; // where a slide is upright

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
    const scale = frame.width / size().width || 1;
    return { right: (box.right - frame.left) / scale, bottom: (box.bottom - frame.top) / scale };
  }

  const over = (slide, parts) =>
    parts.some((part) => {
      const { right, bottom } = inside(slide, part);
      return bottom > size().height - BOTTOM || right > size().width - RIGHT;
    });

  const enlarge = (target, [zoom, part]) => {
    target.style.zoom = zoom;
    if (part < 1 || target.style.width) target.style.width = `${part * 100}%`;
  };
  const shrinkWords = (target, words) => target.style.setProperty("--words", words);

  // The sizes of a picture that stands in a column so wide, the largest first.
  const pictureSizes = (column, widths, least) =>
    ZOOMS.flatMap((zoom) => widths.filter((part) => part === 1 || (column * part) / zoom >= least).map((part) => [zoom, part]));

  // A column of a few cells leaves most of its width free.
  const leavesWidth = ({ target }) => {
    const drawing = target.querySelector("svg");
    return drawing?.getBBox().width < 0.5 * drawing?.viewBox.baseVal.width;
  };

  // The first size of the list at which nothing of a slide leaves it, for all slides at a time.
  async function fit(pairs, sizes, set, parts) {
    let left = pairs;
    for (const one of sizes) {
      for (const { target } of left) set(target, one);
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
    const beside = ({ target }) => [...target.querySelectorAll(".said, .widget-inline-hbox, figcaption, .attn-steps, .attn-guess")];
    const drawn = (pair) => [...within("svg")(pair), ...(upright() ? beside({ target: pair.slide }) : [])]; // words stand below
    const pictures = pairs(".picture", ".attn-plot");
    for (const { slide, target } of pictures) {
      enlarge(target, [1, 1]);
      shrinkWords(slide.querySelector(".body"), 1);
    }
    await frames();
    const narrow = pictures.filter(leavesWidth);
    const column = pictures[0]?.target.clientWidth;
    await Promise.all([
      fit(pictures.filter((one) => !narrow.includes(one)), pictureSizes(column, WIDTHS, LEAST), enlarge, drawn),
      fit(narrow, pictureSizes(column, NARROW, LEAST_COLUMN), enlarge, drawn),
      fit(pairs(":not(.picture)", ".body"), (upright() ? [...TEXT, ...SMALLER] : TEXT).map((zoom) => [zoom, 1]), enlarge, within("table, mjx-math")),
    ]);
    await fit(pairs(".picture", ".body"), WORDS, shrinkWords, beside);
    root.dataset.deck = "ready";
  }

  // The window has been turned: every slide gets its size anew, once it has the size before.
  let fitted = Promise.resolve();
  function turn() {
    fitted = fitted.then(() => {
      root.dataset.deck = "turning";
      root.classList.toggle("upright", upright());
      Reveal.configure(size());
      return fitAll();
    });
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

  // Laid out for paper, each slide is moved to a page of its own, some frames after the deck has begun.
  const laidOut = new Promise((done) => {
    if (PAPER) addEventListener("pdf-ready", done, { once: true });
    else done();
  });

  async function start() {
    root.classList.toggle("upright", upright());
    addEventListener("keydown", beforeSliders, true);
    await Reveal.initialize({
      ...size(), margin: 0.02, center: false, hash: !FRAMED, transition: "none", backgroundTransition: "none",
      controls: !FRAMED, progress: !FRAMED, postMessage: false, navigationMode: "linear", slideNumber: !FRAMED && "c/t", viewDistance: 1000, mobileViewDistance: 1000, scrollActivationWidth: null,
      keyboardCondition: deckKey, pdfMaxPagesPerSlide: 1, pdfSeparateFragments: false,
    });
    Reveal.addKeyBinding({ keyCode: 84, key: "T", description: "Light or dark" }, changeTheme);
    Reveal.on("slidechanged", ({ currentSlide }) => {
      document.activeElement?.blur();
      point(currentSlide);
    });
    for (const name of ["fragmentshown", "fragmenthidden"]) Reveal.on(name, () => point(Reveal.getCurrentSlide()));
    await laidOut;
    await complete();
    await document.fonts.ready;
    await fitAll();
    UPRIGHT.addEventListener("change", turn);
    point(Reveal.getCurrentSlide());
  }

  start();
})();
