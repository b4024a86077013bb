// Stands in for jQuery. Backbone's views handle their events natively here; they only keep a wrapper of their element.
export default function element(node) {
  if (!(this instanceof element)) return new element(node);
  this[0] = node;
}

// anywidget clears a view with it before it draws.
element.prototype.empty = function () {
  this[0].replaceChildren();
  return this;
};
