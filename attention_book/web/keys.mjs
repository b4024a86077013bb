// Arrow keys on a slider go straight to its model. On the way through the document every listener of the theme
// would look through the whole page first, which on a long page takes longer than the picture.
const STEPS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };
const models = new WeakMap();

function onKey(event) {
  const step = STEPS[event.key];
  const plain = !(event.ctrlKey || event.altKey || event.metaKey || event.shiftKey);
  if (!step || !plain || !event.target.classList?.contains("noUi-handle")) return;
  const model = models.get(event.target.closest(".widget-hslider"));
  if (!model) return;
  event.preventDefault();
  event.stopPropagation();
  const index = model.get("index") + step;
  if (index < 0 || index >= model.get("_options_labels").length) return;
  model.set("index", index);
  model.save_changes();
}

// All selection sliders of a view and of what it holds.
export function moveByKeys(view) {
  if (view.model.name === "SelectionSliderModel") models.set(view.el, view.model);
  for (const child of view.children_views?.views ?? []) Promise.resolve(child).then(moveByKeys);
}

addEventListener("keydown", onKey, true);
