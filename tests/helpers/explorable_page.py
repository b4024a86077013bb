"""A page that holds one view: its real ESM and CSS, a small model object for the kernel."""

import base64
import json

SCRIPT = """
async ({esm, css, state, bytes}) => {
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
  for (const [key, text] of Object.entries(bytes)) {
    const raw = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    state[key] = new DataView(raw.buffer);
  }
  const heard = {};
  const model = {
    saved: 0,
    get: (key) => state[key],
    set: (key, value) => {
      if (state[key] === value) return;
      state[key] = value;
      (heard["change:" + key] || []).forEach((f) => f());
    },
    on: (event, f) => (heard[event] = heard[event] || []).push(f),
    save_changes: () => { model.saved++; },
  };
  window.model = model;
  const url = URL.createObjectURL(new Blob([esm], {type: "text/javascript"}));
  const { default: view } = await import(url);
  window.end = view.render({ model, el: document.querySelector("#figure") });
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
}
"""

HTML = """<!doctype html><html lang="en" data-theme="{theme}"><head><title>figure</title><style>
body {{ margin: 0; padding: 20px; background: {paper};
  font: 16px/1.6 "Noto Sans", "DejaVu Sans", sans-serif; }}
</style></head><body><main><div id="figure"></div></main></body></html>"""


def show(page, box, *, theme="light", guessed=True):
    """Render the view of an explorable on a fresh page; the model is window.model.

    guessed: where it asks for a guess, answer at once.
    """
    view = box.view
    page.set_content(HTML.format(theme=theme, paper={"light": "#ffffff", "dark": "#14181e"}[theme]))
    indices = {f"i{k}": getattr(view, f"i{k}") for k in range(5)}
    state = {"title": view.title, "spec": json.loads(json.dumps(view.spec)), **indices}
    packed = {key: base64.b64encode(getattr(view, key)).decode() for key in ("data", "facts")}
    page.evaluate(
        SCRIPT, {"esm": str(view._esm), "css": str(view._css), "state": state, "bytes": packed}
    )
    if guessed and "guess" in view.spec:
        page.get_by_role("button", name="Show the answer").click()
        page.wait_for_selector(".attn-plot svg:not([aria-label*='Set your guess'])")


def move(page, **indices):
    """What a linked slider does: set index traits."""
    page.evaluate("(to) => { for (const k in to) model.set(k, to[k]); }", indices)
