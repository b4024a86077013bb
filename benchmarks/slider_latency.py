"""From a key press on a slider to the next frame, on the longest page, with the processor slowed.

Every slider of the page is moved by the arrow keys while the browser's processor is slowed four
times. A press is timed inside the page: from the time stamp of the key's event (when the browser
received it) to the first task after the next frame, posted from its `requestAnimationFrame`
callback. In between lie the wait for the main thread, all scripts, styles, layout, painting and the
handing over to the compositor: the time counts to the frame and not to the end of the script. The
frame rate is not limited here, so that no wait for the screen's clock is in it; what the
compositor's own threads do afterwards is not in it either.

Presses of one round lie apart, so that each starts on an idle page. Rounds are repeated, every
slider in each; the median and the 95th percentile of each round are taken, and the median over the
rounds is kept. Where the time goes is counted in one more round from a trace of the browser, as
milliseconds of the main thread a press.
"""

from __future__ import annotations

import statistics
import tempfile
from collections import defaultdict
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import numpy as np
from study import options, save

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "_build" / "html" / "notebooks"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-frame-rate-limit", "--disable-gpu-vsync"]
FULL = {"slowdown": 4, "rounds": 5, "presses": 12, "pause_ms": 60, "target_ms": 16}
TINY = {**FULL, "rounds": 2, "presses": 2}

WATCH = """(() => {
  window.presses = [];
  const channel = new MessageChannel();
  const pressed = [];
  channel.port1.onmessage = () => {
    const now = performance.now();
    for (const start of pressed.splice(0)) {
      presses.push(now - start);
      performance.measure("press", { start, end: now });
    }
  };
  addEventListener("keydown", (event) => {
    pressed.push(event.timeStamp);
    requestAnimationFrame(() => channel.port2.postMessage(0));
  }, true);
})()"""
READY = "document.documentElement.dataset.widgets === 'ready'"
MATH = "!document.querySelector('.math') || document.documentElement.dataset.math === 'ready'"
TRACED = "devtools.timeline,blink.user_timing"
PARTS = {
    "EventDispatch": "script",
    "FunctionCall": "script",
    "FireAnimationFrame": "script",
    "RunMicrotasks": "script",
    "UpdateLayoutTree": "style",
    "Layout": "layout",
    "PrePaint": "painting",
    "Paint": "painting",
    "Layerize": "painting",
    "Commit": "painting",
}


def open_page(browser, address, settings):
    """A page that is ready, its presses watched, on a slowed processor."""
    page = browser.new_page(viewport={"width": 1200, "height": 900}, bypass_csp=True)
    page.goto(address)
    page.wait_for_function(f"{READY} && {MATH}")
    page.evaluate(WATCH)
    page.evaluate("document.fonts.ready.then(() => true)")
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": settings["slowdown"]})
    return page, session


def press(page, handle, settings):
    """Move one slider there and back; return the milliseconds of each press."""
    handle.focus()
    page.wait_for_timeout(4 * settings["pause_ms"])
    page.evaluate("presses.length = 0")
    for k in range(settings["presses"]):
        page.keyboard.press("ArrowRight" if k % 4 < 2 else "ArrowLeft")
        page.wait_for_function(f"presses.length === {k + 1}", polling=20)
        page.wait_for_timeout(settings["pause_ms"])
    return page.evaluate("presses")


def sliders(page):
    """(title of the explorable, name of the slider, its handle) of a page."""
    found = []
    for handle in page.locator(".noUi-handle").all():
        title = handle.evaluate(
            "(one) => one.closest('.widget-subarea').querySelector('.attn-title').textContent"
        )
        found.append((title, handle.get_attribute("aria-label"), handle))
    return found


def measure(page, settings):
    """Milliseconds of every press: {(title, slider): one list a round}."""
    times = defaultdict(list)
    for _ in range(settings["rounds"]):
        for title, name, handle in sliders(page):
            times[title, name].append(press(page, handle, settings))
    return times


def attribute(page, session, settings):
    """Milliseconds of the main thread a press, by part, from a trace of one more round."""
    events, done = [], []
    session.on("Tracing.dataCollected", lambda data: events.extend(data["value"]))
    session.on("Tracing.tracingComplete", lambda _: done.append(True))
    wanted = {"categories": TRACED, "transferMode": "ReportEvents"}
    session.send("Tracing.start", wanted)
    every = sliders(page)
    for _, _, handle in every:
        press(page, handle, settings)
    session.send("Tracing.end")
    while not done:
        page.wait_for_timeout(50)
    return {k: v / (len(every) * settings["presses"]) for k, v in by_part(events).items()}


def by_part(events):
    """Milliseconds of each part between a press and its frame, by the processor's clock.

    What an event holds inside is not counted twice.
    """
    found = dict.fromkeys(PARTS.values(), 0.0)
    windows = press_windows(events)
    threads = defaultdict(list)
    for event in events:
        inside = any(start <= event["ts"] <= end for start, end in windows)
        if event["ph"] == "X" and event["name"] in PARTS and inside:
            threads[event["pid"], event["tid"]].append(event)
    for thread in threads.values():
        stack = []
        for event in sorted(thread, key=lambda e: (e["ts"], -e.get("dur", 0))):
            while stack and stack[-1][0] <= event["ts"]:
                stack.pop()
            spent = event.get("tdur", event.get("dur", 0)) / 1000
            found[PARTS[event["name"]]] += spent
            if stack:
                found[stack[-1][1]] -= spent
            stack.append((event["ts"] + event.get("dur", 0), PARTS[event["name"]]))
    return found


def press_windows(events):
    """(start, end) of every press in a trace, in its own microseconds."""
    marks = [e for e in events if e["name"] == "press" and e["ph"] in "be"]
    starts = sorted(e["ts"] for e in marks if e["ph"] == "b")
    ends = sorted(e["ts"] for e in marks if e["ph"] == "e")
    return list(zip(starts, ends, strict=True))


def longest_page(browser):
    """Address and height of the tallest chapter of the built book."""
    heights = {}
    page = browser.new_page(viewport={"width": 1200, "height": 900}, bypass_csp=True)
    for path in sorted(PAGES.glob("[0-9]*.html")):
        page.goto(path.as_uri())
        page.wait_for_function(READY)
        heights[path.as_uri()] = page.evaluate("document.documentElement.scrollHeight")
    page.close()
    if not heights:
        raise SystemExit(f"no built chapter under {PAGES.relative_to(ROOT)}: run `make book` first")
    return max(heights.items(), key=lambda pair: pair[1])


def small_page(folder):
    """A page with one explorable, for a tiny run, which needs no built book."""
    from ipywidgets.embed import embed_snippet

    from attention_book.explorables import Bars, sweep

    box = sweep(
        lambda height: [height, 2 * height],
        {"height": [1, 2, 3, 4, 5]},
        view=Bars(categories=["one", "two"]),
        title="Two bars",
        caption="The first bar is {height} high.",
    )
    vendor = (ROOT / "book" / "static" / "vendor").as_uri()
    head = f'<script defer src="{vendor}/widgets.js"></script>'
    body = embed_snippet([box], embed_url="about:blank", requirejs=False, drop_defaults=False)
    path = Path(folder) / "small.html"
    path.write_text(
        f"<!doctype html><html><head><meta charset=utf-8>{head}</head><body>{body}</body></html>"
    )
    return path.as_uri(), None


def summary(times, settings):
    """One row a slider, and one over all: medians over the rounds."""
    rows = [row(title, name, rounds, settings) for (title, name), rounds in times.items()]
    every = [list(chain(*parts)) for parts in zip(*times.values(), strict=True)]
    return [*rows, row("all", "all", every, settings)]


def row(title, name, rounds, settings):
    p95 = statistics.median(float(np.percentile(part, 95)) for part in rounds)
    return {
        "explorable": title,
        "slider": name,
        "median_ms": statistics.median(statistics.median(part) for part in rounds),
        "p95_ms": p95,
        "met": p95 <= settings["target_ms"],
    }


def main():
    from playwright.sync_api import sync_playwright

    arguments = options(__doc__, seeds=1).parse_args()
    settings = TINY if arguments.tiny else FULL
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        address, height = small_page(folder) if arguments.tiny else longest_page(browser)
        page, session = open_page(browser, address, settings)
        height = height or page.evaluate("document.documentElement.scrollHeight")
        rows = summary(measure(page, settings), settings)
        parts = attribute(page, session, settings)
        peers = {"chromium": browser.version, "playwright": version("playwright")}
        browser.close()
    settings = {**settings, "page": Path(address).stem, "height_px": height}
    results = {"sliders": rows, "parts_ms": parts}
    print(*(f"{r['p95_ms']:6.1f} {r['explorable']}: {r['slider']}" for r in rows), sep="\n")
    print({name: round(spent, 1) for name, spent in parts.items()})
    print(
        save("slider_latency", arguments=arguments, settings=settings, results=results, peers=peers)
    )


if __name__ == "__main__":
    main()
