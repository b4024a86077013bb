"""How heavy each page of the built book is, and how soon a reader can use it.

    python benchmarks/page_readiness.py
    python benchmarks/page_readiness.py --pages notebooks/02_worked_example   # these rows anew
    python benchmarks/page_readiness.py --passes 8   # on a machine that is seldom quiet

Every page is loaded several times, each time by a browser that has stored nothing, from a server on
this machine that compresses as a host would. A page is ready when its text is painted, the formulas
on the screen are set in their fonts, and its first slider has answered: the page presses an arrow
key on it as soon as it stands, and waits until its figure has changed. Each time counts to the
frame that shows it. *All* is the last formula and the last picture of the whole page. One more
column has the processor slowed four times, as on a telephone; no budget rests on it.

The clock is that of the wall, so what else runs on the machine counts too, and on its host if it is
a guest. No counter shows the latter, so before each load a fixed sum is timed; how much longer it
took than the fastest of the run is taken for the share of other guests. A load during which others
took more than a fifth of the processors, here and on the host, is done again, for as many passes as
asked; then the loads that were disturbed least are kept, and the row says which shares others took.
The share taken here times what the page's main thread waited in the queue for a processor
(`processor_waits.py`) is subtracted from each time: nothing on a machine that does nothing else.
What the other threads of the browser and the server waited, and what the host took, is not
subtracted, so a busy machine still makes a page look slower, never faster.

The exit code is 1 when a page exceeds its budget of bytes or of time.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import timeit
from importlib.metadata import version
from pathlib import Path

from processor_waits import Others, Waits
from slider_latency import CHROMIUM, ROOT, small_page
from study import options, save
from tqdm import tqdm

from attention_book.pipeline.site_server import Server

PAGES = ROOT / "_build" / "html"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
FULL = {
    "loads": 5,
    "slowed_loads": 1,
    "slowdown": 4,
    "passes": 3,
    "disturbed_above": 0.2,
    "budget_bytes": 500_000,
    "budget_ms": 1000,
}
TINY = {**FULL, "loads": 1, "slowed_loads": 1, "passes": 1}
TERMS = 200_000  # of the sum that is timed
PATIENCE = 60_000  # milliseconds for a page to be ready

WATCH = """(() => {
  const times = (window.readiness = {});
  const frame = () => new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(0);
  }));
  const fonts = async () => { await frame(); await document.fonts.ready; };
  const slider = async () => {
    const handle = document.querySelector(".widget-subarea .noUi-handle");
    if (!handle) return;
    const place = handle.closest(".widget-subarea");
    const parts = () => [...place.querySelectorAll("svg, figcaption")];
    const shown = () => parts().map((one) => one.outerHTML).join("");
    const before = shown();
    const end = handle.getAttribute("aria-valuenow") === handle.getAttribute("aria-valuemax");
    const key = end ? "ArrowLeft" : "ArrowRight";
    handle.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    while (shown() === before) await frame();
  };
  const wait = {
    "math-on-screen": fonts, "first-slider": slider, "widgets-ready": frame, "math-ready": fonts,
  };
  new PerformanceObserver((list) => list.getEntries().forEach(async ({ name }) => {
    if (!wait[name]) return;
    await wait[name]();
    await frame();
    times[name] = performance.now();
  })).observe({ type: "mark", buffered: true });
})()"""
PAINT = "(performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null)"
WANTED = """() => Object.entries({
  ".math": ["math-on-screen", "math-ready"],
  'script[type$="widget-view+json"]': ["first-slider", "widgets-ready"],
}).flatMap(([selector, marks]) => (document.querySelector(selector) ? marks : []))"""
DONE = f"(wanted) => wanted.every((name) => name in readiness) && {PAINT} !== null"


def load(browser, address, *, slowdown=1):
    """One cold load: bytes, requests, milliseconds, the share that others took, and the pace."""
    pace = seconds_of_a_sum()
    # Playwright waits by evaluating text, which the policy of the pages refuses.
    context = browser.new_context(viewport={"width": 1200, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.add_init_script(WATCH)
    weights = {}
    page.on("response", lambda got: weights.update({got.url: got.headers.get("content-length")}))
    if slowdown > 1:
        session = context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    others = Others()
    with Waits() as waits:
        page.goto(address)
        page.wait_for_function(DONE, arg=page.evaluate(WANTED), timeout=PATIENCE)
        share = others.share()
    marks = {"text": page.evaluate(PAINT), **page.evaluate("readiness")}
    start = page.evaluate("performance.timeOrigin") / 1000
    context.close()
    waited = waits.until(start, [start + mark / 1000 for mark in marks.values()])
    times = {
        name: mark - 1000 * share * wait
        for (name, mark), wait in zip(marks.items(), waited, strict=True)
    }
    sizes = [int(size or 0) for url, size in weights.items() if url.startswith("http")]
    return {
        "bytes": sum(sizes),
        "requests": len(sizes),
        "others": share,
        "pace": pace,
        **in_words(times),
    }


def seconds_of_a_sum():
    """How long the processor takes for a fixed task: the fastest of three."""
    tasks = timeit.repeat(lambda: sum(k * k for k in range(TERMS)), number=1, repeat=3)
    return min(tasks)


def in_words(marks):
    """The milliseconds that a row reports; None for what a page does not have."""
    first = {"text_ms": "text", "math_ms": "math-on-screen", "slider_ms": "first-slider"}
    times = {name: marks.get(mark) for name, mark in first.items()}
    ready = max(one for one in times.values() if one is not None)
    return {**times, "ready_ms": ready, "all_ms": max(marks.values())}


def measure(browser, addresses, settings):
    """name -> (loads, slowed loads), of which as many as wanted were not disturbed, if possible."""
    kinds = [(settings["loads"], 1), (settings["slowed_loads"], settings["slowdown"])]
    found = {name: ([], []) for name in addresses}
    for _ in range(settings["passes"]):
        fastest = fastest_of(found)
        left = [
            (name, which, slowdown)
            for name, loads in found.items()
            for which, (wanted, slowdown) in enumerate(kinds)
            for _ in range(wanted - quiet(loads[which], settings, fastest))
        ]
        for name, which, slowdown in tqdm(left, unit="load", disable=not sys.stderr.isatty()):
            found[name][which].append(load(browser, addresses[name], slowdown=slowdown))
    return found


def quiet(loads, settings, fastest):
    return sum(disturbance(one, fastest) <= settings["disturbed_above"] for one in loads)


def on_the_host(load, fastest):
    """The share of a processor that the machine did not get."""
    return 1 - fastest / load["pace"]


def disturbance(load, fastest):
    return load["others"] + on_the_host(load, fastest)


def fastest_of(found):
    """The fastest time of the sum in all loads so far."""
    loads = [one for kinds in found.values() for kind in kinds for one in kind]
    return min((one["pace"] for one in loads), default=1.0)


def row(name, loads, slowed, settings, fastest):
    """The medians over the loads that were disturbed least."""
    kept = least_disturbed(loads, settings["loads"], fastest)
    result = {"page": name, "bytes": kept[0]["bytes"], "requests": kept[0]["requests"]}
    for part in ("text_ms", "math_ms", "slider_ms", "ready_ms", "all_ms"):
        values = [one[part] for one in kept if one[part] is not None]
        result[part] = statistics.median(values) if values else None
    slow = least_disturbed(slowed, settings["slowed_loads"], fastest)
    result["slowed_ready_ms"] = statistics.median(one["ready_ms"] for one in slow)
    result["others"] = statistics.median(one["others"] for one in kept)
    result["host"] = statistics.median(on_the_host(one, fastest) for one in kept)
    in_time = result["ready_ms"] <= settings["budget_ms"]
    return {**result, "met": in_time and result["bytes"] <= settings["budget_bytes"]}


def least_disturbed(loads, count, fastest):
    return sorted(loads, key=lambda one: disturbance(one, fastest))[:count]


def line(found):
    times = (found[f"{part}_ms"] for part in ("text", "math", "slider", "all", "slowed_ready"))
    shown = " ".join("      –" if one is None else f"{one:7.0f}" for one in times)
    verdict = "" if found["met"] else "  over the budget"
    return (
        f"{found['page']:36} {found['bytes'] / 1000:5.0f} {found['requests']:5} {shown}"
        f" {found['others']:7.0%} {found['host']:5.0%}{verdict}"
    )


HEAD = f"{'page':36} {'KB':>5} {'files':>5}    text    math  slider     all  slowed  others  host"


def built_pages():
    """Every page of the book; not the code of each module, the decks, what leads to the first."""
    pages = (path.relative_to(PAGES) for path in sorted(PAGES.rglob("*.html")))
    names = [
        page.with_suffix("").as_posix()
        for page in pages
        if page.parts[0] not in ("_static", "slides", "index.html") and "source" not in page.parts
    ]
    if not names:
        raise SystemExit(f"no page under {PAGES.relative_to(ROOT)}: run `make book` first")
    return names


def small_site(folder):
    """A folder with one page of one explorable, for a tiny run, which needs no built book."""
    path = Path(small_page(folder)[0].removeprefix("file://"))
    vendor = ROOT / "book" / "static" / "vendor"
    (path.parent / "widgets.js").write_bytes((vendor / "widgets.js").read_bytes())
    text = path.read_text("utf8").replace(vendor.as_uri(), ".")
    path.write_text(text.replace("<body>", "<body><h1>A small page</h1>"), "utf8")
    return path.parent, [path.stem]


def together(rows, arguments):
    """With `--pages` the other rows stay as they are stored."""
    path = arguments.out / "page_readiness.json"
    if not arguments.pages or not path.exists():
        return rows
    stored = {one["page"]: one for one in json.loads(path.read_text("utf8"))["results"]}
    return list({**stored, **{one["page"]: one for one in rows}}.values())


def main():
    from playwright.sync_api import sync_playwright

    parser = options(__doc__.partition("\n")[0], seeds=1)
    parser.add_argument("--pages", nargs="+", help="measure these alone, and keep the other rows")
    parser.add_argument("--passes", type=int, help="how often disturbed loads may be done (3)")
    arguments = parser.parse_args()
    settings = dict(TINY if arguments.tiny else FULL)
    settings["passes"] = arguments.passes or settings["passes"]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        site, names = small_site(scratch) if arguments.tiny else (PAGES, built_pages())
        server = Server(site)
        addresses = {name: f"{server.url}/{name}.html" for name in arguments.pages or names}
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        found = measure(browser, addresses, settings)
        peers = {"chromium": browser.version, "playwright": version("playwright")}
        browser.close()
        server.close()
    fastest = fastest_of(found)
    rows = [row(name, *loads, settings, fastest) for name, loads in found.items()]
    print(HEAD, *map(line, rows), sep="\n")
    results = together(rows, arguments)
    save("page_readiness", arguments=arguments, settings=settings, results=results, peers=peers)
    over = [one["page"] for one in results if not one["met"]]
    print(f"{len(results) - len(over)} of {len(results)} pages are within the budget")
    sys.exit(f"over the budget: {', '.join(over)}" if over else 0)


if __name__ == "__main__":
    main()
