// The scheme that the reader chose in the book, else that of the system.
const chosen = localStorage.getItem("theme") || "auto";
const system = matchMedia("(prefers-color-scheme: dark)");
const show = () => {
  const scheme = chosen === "auto" ? (system.matches ? "dark" : "light") : chosen;
  document.documentElement.dataset.theme = scheme;
};
show();
system.addEventListener("change", show);
