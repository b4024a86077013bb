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
import { moveByKeys } from "./keys.mjs";
import { rest } from "./rest.mjs";
import { nameSliders } from "./slider-names.mjs";

const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';
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

async function start() {
  const stored = document.querySelector(STATE);
  const views = [...document.querySelectorAll(VIEW)];
  if (!views.length) return;
  let manager = null;
  if (stored) {
    manager = new StaticManager();
    await manager.set_state(whole(JSON.parse(stored.textContent))).catch((error) => console.error(error));
  }
  await Promise.all(views.map((script) => showView(manager, script)));
  document.documentElement.dataset.widgets = "ready";
  performance.mark("widgets-ready");
  rest();
}

if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
else start();
