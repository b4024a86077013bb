// What only answers to clicks, most of it the theme's, is loaded once the page stands, or as soon as the reader touches it.
const WHEN = ["laid-out", "pointerdown", "keydown"];

function load() {
  for (const when of WHEN) removeEventListener(when, load);
  const waiting = [...document.querySelectorAll('script[type="text/later"]')];
  for (const one of waiting) {
    const script = document.createElement("script");
    script.async = false; // they run in their order
    script.src = one.getAttribute("src");
    if (one === waiting.at(-1)) script.onload = () => { document.documentElement.dataset.scripts = "ready"; };
    one.replaceWith(script);
  }
}

for (const when of WHEN) addEventListener(when, load);
