// Stands in for sanitize-html: labels on these pages are plain text, so all markup in them is shown, not obeyed.
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
export default (text) => String(text).replace(/[&<>"]/g, (sign) => ENTITIES[sign]);
