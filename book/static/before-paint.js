// Before the first picture of the page: the colours that the reader has chosen, or those of the system.
for (const name of ["mode", "theme"]) {
  document.documentElement.dataset[name] = localStorage.getItem(name) || "auto";
}
