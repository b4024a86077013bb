// Brings the widgets of a page to life from the state stored in it. No kernel, no other host.
import * as base from "@jupyter-widgets/base";
import { ManagerBase } from "@jupyter-widgets/base-manager";
import * as box from "@jupyter-widgets/controls/lib/widget_box";
import * as description from "@jupyter-widgets/controls/lib/widget_description";
import * as float from "@jupyter-widgets/controls/lib/widget_float";
import * as int from "@jupyter-widgets/controls/lib/widget_int";
import * as link from "@jupyter-widgets/controls/lib/widget_link";
import * as selection from "@jupyter-widgets/controls/lib/widget_selection";
import * as string from "@jupyter-widgets/controls/lib/widget_string";
import { Widget } from "@lumino/widgets";
import makeAnywidget from "anywidget";
import "@jupyter-widgets/controls/css/labvariables.css";
import "@jupyter-widgets/controls/css/widgets.css";
import { afterPaint, whenIdle } from "./after-paint.mjs";
import { moveByKeys } from "./keys.mjs";
import { rest } from "./rest.mjs";
import { nameSliders } from "./slider-names.mjs";

const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';
const PATIENCE = 3000; // milliseconds for the first picture; then the others are shown all the same
const MODULES = {
  "@jupyter-widgets/base": base,
  "@jupyter-widgets/controls": { ...box, ...description, ...float, ...int, ...link, ...selection, ...string },
  anywidget: makeAnywidget(base),
};

// The controls ask MathJax 2 to typeset their labels; ours are plain text.
window.MathJax ??= {};
window.MathJax.Hub ??= { Queue() {} };

// There is no kernel to be disconnected from: no view is marked so.
base.DOMWidgetView.prototype._comm_live_update = () => {};

class StaticManager extends ManagerBase {
  async loadClass(name, module) {
    const found = MODULES[module]?.[name];
    if (!found) throw new Error(`${name} of ${module} is not part of this page's widget bundle`);
    return found;
  }
  // A page has no kernel: nothing is open, and nothing can be opened.
  async _get_comm_info() { return {}; }
  async _create_comm() { throw new Error("a static page has no kernel"); }
}

function showProblem(place, error) {
  const message = document.createElement("p");
  message.className = "widget-problem";
  message.setAttribute("role", "note");
  message.textContent = `This picture could not be drawn (${error?.message ?? error}). The rest of the page works without it.`;
  place.replaceChildren(message);
  console.error(error);
}

// A deck that is laid out for paper has its slides out of the document for a frame.
async function inDocument(place) {
  while (!place.isConnected) await new Promise(requestAnimationFrame);
}

// A box attaches its children after it is drawn itself.
async function complete(view) {
  const children = await Promise.all(view.children_views?.views ?? []);
  await Promise.all(children.map(complete));
}

async function showView(manager, script) {
  const place = document.createElement("div");
  place.className = "widget-subarea";
  script.before(place);
  try {
    const id = JSON.parse(script.textContent).model_id;
    if (!manager?.has_model(id)) throw new Error("its state is not stored in the page");
    const view = await manager.create_view(await manager.get_model(id));
    if (view instanceof base.ErrorWidgetView) throw view.model.get("error") ?? new Error(view.generateErrorMessage().stack);
    await inDocument(place);
    Widget.attach(view.luminoWidget, place);
    nameSliders(place);
    await complete(view);
    moveByKeys(view);
  } catch (error) {
    showProblem(place, error);
  }
}

// The page stores a script or a style sheet once; a number in a model stands for it.
function whole({ shared = [], ...stored }) {
  for (const { state } of Object.values(stored.state)) {
    for (const key of ["_esm", "_css"]) if (key in state) state[key] = shared[state[key]] ?? state[key];
  }
  return stored;
}

// anywidget would add a style element a view, which the policy of the page refuses: its sheets are constructed, each once.
function adoptStyles({ state }) {
  const texts = new Set(Object.values(state).map((model) => model.state._css).filter(Boolean));
  for (const model of Object.values(state)) delete model.state._css;
  const sheets = [...texts].map((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    return sheet;
  });
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, ...sheets];
}

const namesOf = (model) => JSON.stringify(model.state).match(/(?<="IPY_MODEL_)[^"]+/g) ?? [];

// The models that a view needs: those that it names, directly or not, and the links between them.
function needed(id, state) {
  const found = new Set();
  const add = (name) => {
    if (!state[name] || found.has(name)) return;
    found.add(name);
    namesOf(state[name]).forEach(add);
  };
  add(id);
  for (const [name, model] of Object.entries(state)) {
    if (/LinkModel$/.test(model.model_name) && namesOf(model).some((one) => found.has(one))) add(name);
  }
  return found;
}

// The models of the first view alone, and all others.
function firstAndRest(stored, script) {
  const wanted = needed(JSON.parse(script.textContent).model_id, stored.state);
  const part = (keep) => ({ ...stored, state: Object.fromEntries(Object.entries(stored.state).filter(([name]) => keep(name))) });
  return [part((name) => wanted.has(name)), part((name) => !wanted.has(name))];
}

// An explorable draws when its script has come, which nobody waits for.
function drawn(place) {
  const waits = () => place.querySelector(".attn-sweep") && !place.querySelector("svg");
  return new Promise((done) => {
    if (!waits()) return done();
    const watch = new MutationObserver(() => {
      if (waits()) return;
      watch.disconnect();
      done();
    });
    watch.observe(place, { childList: true, subtree: true });
    setTimeout(done, PATIENCE);
  });
}

// The first picture stands and answers before anything is done for the others.
async function start(views) {
  const element = document.querySelector(STATE);
  const manager = element && new StaticManager();
  const stored = element ? whole(JSON.parse(element.textContent)) : { state: {} };
  adoptStyles(stored);
  const load = (part) => manager?.set_state(part).catch((error) => console.error(error));
  const [first, rest] = firstAndRest(stored, views[0]);
  await load(first);
  await showView(manager, views[0]);
  await drawn(views[0].previousElementSibling);
  performance.mark("first-slider");
  return async () => {
    await load(rest);
    await Promise.all(views.slice(1).map((script) => showView(manager, script)));
  };
}

function begin() {
  const views = [...document.querySelectorAll(VIEW)];
  if (!views.length) return;
  const first = start(views);
  window.firstPicture = first.catch(() => {}); // mathjax.mjs waits for it
  const idle = () => new Promise((done) => afterPaint(() => whenIdle(done)));
  first.then((others) => idle().then(others)).then(() => {
    document.documentElement.dataset.widgets = "ready";
    performance.mark("widgets-ready");
    rest();
  });
}

if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin);
else begin();
