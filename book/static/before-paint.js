// Before the first picture of the page: the colours that the reader has chosen, or those of the system.
const root = document.documentElement;
const mode = localStorage.getItem("mode") || "auto";
const dark = mode === "auto" ? matchMedia("(prefers-color-scheme: dark)").matches : mode === "dark";
Object.assign(root.dataset, { mode, theme: dark ? "dark" : "light" });

// A page that is read from its top lays out what is on the screen first (book.css). Its formulas end that, once they are
// all set (mathjax.mjs). A place further down needs all heights: a link that leads there, or where the reader was before.
const [{ type }] = performance.getEntriesByType("navigation");
root.classList.toggle("from-top", type === "navigate" && !location.hash);
window.layOutAll = () => {
  root.classList.remove("from-top");
  dispatchEvent(new Event("laid-out"));
};
addEventListener("load", () => {
  if (!document.querySelector(".math")) Promise.resolve(window.firstPicture).then(window.layOutAll);
});

// The fonts of formulas, which a page with formulas names here: else they would be asked for when the first formula is
// set. From a folder a browser refuses to load one this way.
for (const href of location.protocol === "file:" ? [] : document.currentScript.dataset.fonts?.split(" ") ?? []) {
  const link = document.createElement("link");
  Object.assign(link, { rel: "preload", as: "font", type: "font/woff2", crossOrigin: "anonymous", href });
  document.head.append(link);
}
