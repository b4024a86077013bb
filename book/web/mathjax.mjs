// Sets the TeX of a page with MathJax's CommonHTML output: only the packages that the chapters use, no menu, no loader.
import { AssistiveMmlHandler } from "mathjax-full/js/a11y/assistive-mml.js";
import { browserAdaptor } from "mathjax-full/js/adaptors/browserAdaptor.js";
import { RegisterHTMLHandler } from "mathjax-full/js/handlers/html.js";
import { TeX } from "mathjax-full/js/input/tex.js";
import "mathjax-full/js/input/tex/ams/AmsConfiguration.js";
import "mathjax-full/js/input/tex/base/BaseConfiguration.js";
import "mathjax-full/js/input/tex/boldsymbol/BoldsymbolConfiguration.js";
import "mathjax-full/js/input/tex/color/ColorConfiguration.js";
import "mathjax-full/js/input/tex/newcommand/NewcommandConfiguration.js";
import "mathjax-full/js/input/tex/noundefined/NoUndefinedConfiguration.js";
import { mathjax } from "mathjax-full/js/mathjax.js";
import { CHTML } from "mathjax-full/js/output/chtml.js";

const fonts = new URL("mathjax", document.currentScript.src).href;

function typeset() {
  const input = new TeX({
    packages: ["base", "ams", "boldsymbol", "color", "newcommand", "noundefined"],
    inlineMath: [["\\(", "\\)"]], displayMath: [["\\[", "\\]"]], processEnvironments: false, processRefs: false,
  });
  const output = new CHTML({ fontURL: fonts, matchFontHeight: false });
  // Sphinx marks each formula with the class `math`; nothing else on the page is looked at.
  mathjax.document(document, {
    InputJax: input, OutputJax: output, ignoreHtmlClass: ".*", processHtmlClass: "math",
  }).render();
  document.documentElement.dataset.math = "ready";
  performance.mark("math-ready");
}

AssistiveMmlHandler(RegisterHTMLHandler(browserAdaptor()));
if (document.readyState === "loading") addEventListener("DOMContentLoaded", typeset);
else typeset();
