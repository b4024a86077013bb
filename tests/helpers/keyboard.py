"""What a reader meets who uses the keyboard alone, or hears the page."""

from tests.helpers.page_checks import settle

# The place in the document, whether a part of the stop lies open to the eye, and its focus mark.
STOP = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const shown = one.getBoundingClientRect().height ? one : one.firstElementChild ?? one;
  const box = shown.getClientRects()[0]; // of a link over two lines: the first
  const parts = [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5], [0.5, 0.1], [0.5, 0.9]];
  const open = parts.some(([x, y]) => {
    const top = document.elementFromPoint(box.left + x * box.width, box.top + y * box.height);
    return shown.contains(top);
  });
  let opacity = 1;
  for (let up = shown; up; up = up.parentElement) opacity *= getComputedStyle(up).opacity;
  const {outlineStyle, outlineWidth, outlineColor} = getComputedStyle(shown);
  const ring = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  return {
    place: [...document.querySelectorAll("*")].indexOf(one),
    name: (one.ariaLabel || one.textContent.trim() || one.title || one.className)
      .replace(/\\s+/g, " ").slice(0, 60),
    open: open && opacity > 0.5, marked: ring && !/^rgba.*, 0\\)$/.test(outlineColor),
  };
}"""

# What the keyboard has to reach.
REACHABLE = """() => {
  const all = [...document.querySelectorAll("*")];
  const can = "a[href], button:not(:disabled), input:not(:disabled, [type=hidden]), summary, "
    + "[tabindex='0']";
  const seen = (one) => one.checkVisibility({visibilityProperty: true})
    && one.getClientRects().length;
  return all.flatMap((one, k) => (one.matches(can) && seen(one) ? [k] : []));
}"""


def tab_stops(page, key="Tab", most=400):
    """Press the key until it leaves the page; a page that it never leaves is a trap."""
    stops = []
    for _ in range(most):
        page.keyboard.press(key)
        stop = page.evaluate(STOP)
        if stop is None or (stops and stop["place"] == stops[0]["place"]):
            return stops
        stops.append(stop)
    raise AssertionError(f"{key} does not leave the page after {most} stops: {stops[-3:]}")


def unseen(stops):
    """The stops that lie below something else, or that show no mark of the focus."""
    return [stop for stop in stops if not (stop["open"] and stop["marked"])]


def missed(page, stops):
    """How many things that can be used no stop reaches."""
    return len(set(page.evaluate(REACHABLE)) - {stop["place"] for stop in stops})


def spoken(page, place):
    """The nodes of a part of Chromium's accessibility tree, which a screen reader gets."""
    cdp = page.context.new_cdp_session(page)
    place.evaluate("(one) => { window.asked = one; }")
    found = cdp.send("Runtime.evaluate", {"expression": "window.asked"})["result"]["objectId"]
    nodes = cdp.send("Accessibility.queryAXTree", {"objectId": found})["nodes"]
    cdp.detach()
    return [_plain(one) for one in nodes if "backendDOMNodeId" in one and not one["ignored"]]


def _plain(node):
    known = {one["name"]: one["value"].get("value") for one in node.get("properties", [])}
    return {
        "role": node["role"]["value"],
        "name": node.get("name", {}).get("value", ""),
        "node": node["backendDOMNodeId"],
        **known,
    }


def press(page, handle, key):
    handle.focus()
    page.keyboard.press(key)
    settle(page)
