// "Show the numbers": the text equivalent of a picture, made when it is opened.
import { html, put } from "./dom.js";

const makeTable = ({ name, rows, cols, get }, place, title) => {
  const scroll = html("div", { class: "attn-scroll", tabindex: 0, role: "group", "aria-label": name || title }, place);
  const table = html("table", {}, scroll);
  if (name) html("caption", {}, table, name);
  const top = html("tr", {}, html("thead", {}, table));
  const body = html("tbody", {}, table);
  html("td", {}, top);
  for (const col of cols) html("th", { scope: "col" }, top, col);
  return rows.flatMap((row, i) => {
    const line = html("tr", {}, body);
    html("th", { scope: "row" }, line, row);
    return cols.map((_, j) => {
      const cell = html("td", {}, line);
      return () => put(cell, get(i, j));
    });
  });
};

export const numbers = (el, title, tables) => {
  const more = html("details", { class: "attn-numbers" }, el);
  html("summary", {}, more, "Show the numbers");
  let cells = null;
  const update = () => {
    if (!more.open) return;
    cells ??= tables().flatMap((table) => makeTable(table, more, title));
    for (const write of cells) write();
  };
  more.addEventListener("toggle", update);
  return update;
};
