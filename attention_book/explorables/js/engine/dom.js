// Making nodes, and changing them only where something is different.
const NS = "http://www.w3.org/2000/svg";

const make = (node, attributes, parent, text) => {
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  if (text !== undefined) node.textContent = text;
  parent?.append(node);
  return node;
};

export const html = (tag, attributes, parent, text) => make(document.createElement(tag), attributes, parent, text);
export const svg = (tag, attributes, parent, text) => make(document.createElementNS(NS, tag), attributes, parent, text);

// A text that changes is one text node whose data is written: no node is made or dropped.
export const put = (node, text) => {
  const first = node.firstChild;
  if (!first) node.textContent = text;
  else if (first.data !== text) first.data = text;
};

export const attr = (node, key, value) => {
  const text = String(value);
  if (node.getAttribute(key) !== text) node.setAttribute(key, text);
};
