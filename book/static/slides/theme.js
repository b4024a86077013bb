// Light or dark before anything is drawn: what the address asks for, else what the system says; paper is white.
{
  const query = new URLSearchParams(location.search);
  const asked = query.has("print-pdf") ? "light" : query.get("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => { document.documentElement.dataset.theme = asked ?? (dark.matches ? "dark" : "light"); };
  dark.addEventListener("change", follow);
  follow();
}
