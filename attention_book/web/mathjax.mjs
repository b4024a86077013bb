// Sets the TeX of a page with MathJax's CommonHTML output: only the packages that the chapters use, no menu, no loader.
// Sphinx marks each formula with the class `math`; nothing else on the page is looked at.
import { AssistiveMmlHandler } from "mathjax-full/js/a11y/assistive-mml.js";
import { HTMLAdaptor } from "mathjax-full/js/adaptors/HTMLAdaptor.js";
import { RegisterHTMLHandler } from "mathjax-full/js/handlers/html.js";
import { TeX } from "mathjax-full/js/input/tex.js";
import "mathjax-full/js/input/tex/ams/AmsConfiguration.js";
import "mathjax-full/js/input/tex/base/BaseConfiguration.js";
import "mathjax-full/js/input/tex/boldsymbol/BoldsymbolConfiguration.js";
import "mathjax-full/js/input/tex/color/ColorConfiguration.js";
import "mathjax-full/js/input/tex/newcommand/NewcommandConfiguration.js";
import "mathjax-full/js/input/tex/noundefined/NoUndefinedConfiguration.js";
import { STATE } from "mathjax-full/js/core/MathItem.js";
import { mathjax } from "mathjax-full/js/mathjax.js";
import { CHTML } from "mathjax-full/js/output/chtml.js";
import { afterPaint, whenIdle } from "./after-paint.mjs";

const fonts = new URL("mathjax", document.currentScript.src).href;

const AT_ONCE = 10;

// The policy of a page refuses style elements and style attributes: rules go to a constructed sheet,
// and a style is set on the element itself.
class Adaptor extends HTMLAdaptor {
  constructor() {
    super(window);
    this.sheet = new CSSStyleSheet();
  }
  insertRules(_, rules) {
    super.insertRules(this, rules);
  }
  setAttribute(node, name, value, ns) {
    if (name === "style" && node.style) node.style.cssText = value;
    else super.setAttribute(node, name, value, ns);
  }
  adopt(rules) {
    this.sheet.replaceSync(rules);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, this.sheet];
  }
}

// A formula follows the size of its text by CSS alone, and none is numbered or broken by the width of its place. So no
// place is measured, which would lay out the whole page once for every portion.
class Output extends CHTML {
  getMetrics(page) {
    this.setDocument(page);
    for (const math of page.math) {
      math.setMetrics(16, 8, 1e6, 1e6, 1);
      math.state(STATE.METRICS);
    }
  }
}

function makeDocument() {
  const input = new TeX({
    packages: ["base", "ams", "boldsymbol", "color", "newcommand", "noundefined"],
    inlineMath: [["\\(", "\\)"]], displayMath: [["\\[", "\\]"]], processEnvironments: false, processRefs: false,
  });
  const output = new Output({ fontURL: fonts, matchFontHeight: false });
  const page = mathjax.document(document, { InputJax: input, OutputJax: output });
  let adopted = false;
  page.addStyleSheet = () => {
    const element = page.documentStyleSheet(); // from the second time on it adds what is new by itself
    if (!adopted) page.adaptor.adopt(element.textContent);
    adopted = true;
  };
  return page;
}

function set(page, formulas) {
  page.options.elements = formulas;
  page.reset();
  page.render();
}

// Whether a formula is on the screen is asked of its block: one that rests is not laid out for that.
function splitByScreen(formulas) {
  const blockOf = (one) => one.closest(".bd-article section > :not(section)") ?? one;
  const seen = new Map(formulas.map((one) => [blockOf(one), false]));
  for (const block of seen.keys()) {
    const { top, bottom } = block.getBoundingClientRect();
    seen.set(block, top < innerHeight && bottom > 0);
  }
  return [true, false].map((wanted) => formulas.filter((one) => seen.get(blockOf(one)) === wanted));
}

// What is on the screen comes first. The rest waits until that is painted and for the first picture, if the page has
// one (widgets.mjs), and follows in portions, so that sliders answer meanwhile.
function typeset() {
  const [first, rest] = splitByScreen([...document.querySelectorAll(".math")]);
  const page = makeDocument(); // its style sheet would make the browser lay out the page anew to answer
  set(page, first);
  performance.mark("math-on-screen");
  const next = () => {
    set(page, rest.splice(0, AT_ONCE));
    if (rest.length) whenIdle(next);
    else finish();
  };
  if (!rest.length) finish();
  else afterScripts(() => Promise.resolve(window.firstPicture).then(() => afterPaint(() => inTheirFonts(next))));
}

const inTheirFonts = (action) => document.fonts.ready.then(() => afterPaint(() => whenIdle(action)));

function afterScripts(action) {
  if (document.readyState === "complete") action();
  else addEventListener("DOMContentLoaded", action, { once: true });
}

// What is wider than the text scrolls; then the keyboard must reach it.
const WIDE = ".math, div.cell_output, div.cell_output .text_html, .bd-article pre, .pst-scrollable-table-container";

function scrolls(part) {
  const drawn = part.matches("span.math") && part.querySelector("mjx-math"); // its MathML, which is hidden, is wider
  const wide = drawn ? drawn.getBoundingClientRect().width > part.clientWidth + 1 : part.scrollWidth > part.clientWidth;
  return wide && getComputedStyle(part).overflowX !== "visible";
}

const wide = new WeakSet();

// All is measured before anything is written: else each part would be laid out anew.
function reachable(place) {
  for (const [part, is] of [...place.querySelectorAll(WIDE)].map((part) => [part, scrolls(part)])) {
    if (is) wide.add(part);
    else wide.delete(part);
    if (is) part.tabIndex = 0;
    else part.removeAttribute("tabindex");
  }
}

// The theme looks by itself whenever something changes, and takes what rests (rest.mjs) for narrow.
function keep(changes) {
  for (const { target } of changes) if (wide.has(target) && target.tabIndex !== 0) target.tabIndex = 0;
}

// Soon after the width has changed nothing rests, for its heights are measured anew.
let timer = 0;
function later() {
  clearTimeout(timer);
  timer = setTimeout(() => document.querySelector(".bd-article.resting") ?? reachable(document), 100);
}

// Formulas that are laid out only now ask for fonts; the heights stand when these have come.
function finish() {
  window.layOutAll?.(); // before-paint.js; the slides have none
  afterPaint(() => document.fonts.ready.then(ready));
}

function ready() {
  reachable(document);
  addEventListener("resize", later);
  addEventListener("toggle", ({ target }) => reachable(target), true); // a fold
  new MutationObserver(keep).observe(document.body, { subtree: true, attributeFilter: ["tabindex"] });
  document.documentElement.dataset.math = "ready";
  performance.mark("math-ready");
}

AssistiveMmlHandler(RegisterHTMLHandler(new Adaptor()));
if (document.readyState === "loading") addEventListener("DOMContentLoaded", typeset);
else typeset();
