// Blocks of text off the screen rest: the browser neither lays them out nor paints them when a picture changes.
// Each keeps the height that it had, so nothing moves; searching, links and printing find everything.
const BLOCKS = ".bd-article section > :not(section)";
const WAIT = 300; // milliseconds after the last change of the width

// The height that is kept is that of the content: padding and border are added to it.
function contentHeight(block) {
  const style = getComputedStyle(block);
  const around = [style.paddingTop, style.paddingBottom, style.borderTopWidth, style.borderBottomWidth];
  return block.getBoundingClientRect().height - around.reduce((sum, text) => sum + parseFloat(text), 0);
}

function measure() {
  const article = document.querySelector(".bd-article");
  article.classList.remove("resting");
  const blocks = [...article.querySelectorAll(BLOCKS)];
  const heights = blocks.map(contentHeight);
  blocks.forEach((block, k) => block.style.setProperty("--tall", `${heights[k]}px`));
  article.classList.add("resting");
  document.documentElement.dataset.resting = "ready";
}

// Once pictures and formulas stand, and again when the width has changed.
export function rest() {
  const root = document.documentElement;
  const article = document.querySelector(".bd-article");
  if (!article) return;
  const set = () => !document.querySelector(".math") || root.dataset.math === "ready";
  const begin = () => {
    window.layOutAll?.(); // a page without formulas may not have been told so yet (before-paint.js)
    let width = article.clientWidth;
    let timer = 0;
    measure();
    new ResizeObserver(() => {
      if (article.clientWidth === width) return;
      width = article.clientWidth;
      article.classList.remove("resting");
      clearTimeout(timer);
      timer = setTimeout(measure, WAIT);
    }).observe(article);
  };
  const afterFonts = () => document.fonts.ready.then(() => requestAnimationFrame(begin));
  if (set()) return afterFonts();
  const watch = new MutationObserver(() => {
    if (!set()) return;
    watch.disconnect();
    afterFonts();
  });
  watch.observe(root, { attributes: true, attributeFilter: ["data-math"] });
}
