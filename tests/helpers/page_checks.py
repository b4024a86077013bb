"""What is judged about a page: each check returns its findings.

tests/site/test_checkers.py proves that each can find.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from bs4 import BeautifulSoup

STATE = 'script[type="application/vnd.jupyter.widget-state+json"]'
LOCAL_SCHEMES = ("data:", "blob:", "about:")
WEIGHT_LIMIT = 500_000  # bytes of a page with all that it loads, compressed
PATIENCE = 60  # seconds, on a busy machine
# WCAG 2.2 A and AA, what axe-core advises besides, and one rule that it leaves out by default.
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MORE_RULES = ["label-content-name-mismatch"]
COLOUR_RULES = ["color-contrast", "link-in-text-block"]


@dataclass
class Visit:
    """A page in its own browser context, and what happened while it loaded."""

    page: object
    own: str
    foreign: list = field(default_factory=list)
    console: list = field(default_factory=list)
    failed: list = field(default_factory=list)
    weights: dict = field(default_factory=dict)

    def watch(self):
        self.page.context.route("**/*", self._route)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.console.append(f"uncaught: {error.message}"))
        self.page.on("response", self._answered)
        self.page.on(
            "requestfailed", lambda request: self.failed.append(f"no answer: {request.url}")
        )

    def _route(self, route):
        url = route.request.url
        if url.startswith((self.own, *LOCAL_SCHEMES)):
            route.continue_()
            return
        self.foreign.append(url)
        route.abort()

    def _heard(self, message):
        if message.type in ("error", "warning"):
            self.console.append(f"{message.type}: {message.text}")

    def _answered(self, response):
        if not response.url.startswith("http"):
            return
        if response.status >= 400:
            self.failed.append(f"{response.status}: {response.url}")
        self.weights[response.url] = int(response.headers.get("content-length", 0))

    @property
    def weight(self):
        return sum(self.weights.values())

    def problems(self):
        return [f"foreign request: {url}" for url in self.foreign] + self.console + self.failed


def wait_for(page, script, argument=None):
    """Wait until it holds. Playwright's own way evaluates text, which the pages' policy refuses."""
    end = time.monotonic() + PATIENCE
    while not page.evaluate(script, argument):
        if time.monotonic() > end:
            raise TimeoutError(f"after {PATIENCE} s still not: {script}")
        page.wait_for_timeout(20)


def wait_until_ready(page):
    """Text, math and widgets: the page says when each is done."""
    page.wait_for_load_state("load")
    views = page.locator('script[type="application/vnd.jupyter.widget-view+json"]').count()
    if views:
        wait_for(page, "document.documentElement.dataset.widgets === 'ready'")
    if page.locator(".math").count():
        wait_for(page, "document.documentElement.dataset.math === 'ready'")
    if page.evaluate("'layOutAll' in window"):
        wait_for(page, "document.documentElement.dataset.scripts === 'ready'")
    page.evaluate("document.fonts.ready.then(() => true)")


def settle(page):
    """Two frames later: styles are applied and the picture is drawn."""
    frame = "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
    page.evaluate(frame)
    page.evaluate(frame)


def dead_sliders(page, within="body"):
    """Moves every slider by keyboard; those without an effect, a spoken name or a spoken value."""
    found = []
    handles = page.locator(f"{within} .noUi-handle")
    for k in range(handles.count()):
        handle = handles.nth(k)
        name = handle.get_attribute("aria-label")
        if not name:
            found.append(f"slider {k}: no accessible name")
        before, said = _picture(handle), handle.get_attribute("aria-valuetext")
        handle.focus()
        at_end = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
        page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")
        settle(page)
        if _picture(handle) == before:
            found.append(f"slider {k} ({name}): its figure does not change")
        if handle.get_attribute("aria-valuetext") == said:
            found.append(f"slider {k} ({name}): its spoken value stays {said!r}")
    return found


def _picture(handle):
    return handle.evaluate(
        """(handle) => {
          const place = handle.closest(".widget-subarea");
          const parts = [...place.querySelectorAll("svg, figcaption")];
          return parts.map((part) => part.outerHTML).join("");
        }"""
    )


def broken_views(page):
    """Places where a figure should stand and does not: a message instead, or nothing."""
    messages = page.locator(".widget-problem").all_inner_texts()
    views = page.locator('script[type="application/vnd.jupyter.widget-view+json"]').count()
    figures = page.locator(".widget-subarea:has(svg)").count()
    return messages + ([f"{views} stored views, {figures} pictures"] if figures < views else [])


def unset_math(page):
    """Formulas that MathJax left as TeX or marked as wrong."""
    return page.eval_on_selector_all(
        ".math",
        """(all) => {
          const has = (one, tag) => one.querySelector(tag) !== null;
          const isSet = (one) => has(one, "mjx-container") && !has(one, "mjx-merror");
          return all.filter((one) => !isSet(one)).map((one) => one.textContent.trim());
        }""",
    )


def overflowing(page):
    """The elements that make the page wider than its window."""
    return page.evaluate(
        """() => {
          const wide = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= wide) return [];
          return [...document.querySelectorAll("body *")]
            .filter((one) => one.getBoundingClientRect().right > wide + 0.5)
            .map((one) => `${one.tagName.toLowerCase()}.${one.className}`).slice(0, 12);
        }"""
    )


def out_of_reach(page):
    """What begins to the left of its scrolling container, where no scrolling leads."""
    return page.evaluate(
        """() => {
          const left = (one) => one.getBoundingClientRect().left;
          const seen = (one) => one.getClientRects().length;
          return [...document.querySelectorAll("article :is(div.math, .cell_output, pre)")]
            .filter((box) => box.clientWidth && [...box.children].some(
              (one) => seen(one) && left(one) + box.scrollLeft < left(box) - 1))
            .map((box) => `${box.className}: ${box.textContent.trim().slice(0, 40)}`).slice(0, 12);
        }"""
    )


def below_first_screen(page):
    """What should stand on the first screen and does not: the title, a whole picture that moves."""
    page.evaluate("scrollTo(0, 0)")
    bottoms = page.evaluate(
        """() => {
          const bottom = (one) => one.getBoundingClientRect().bottom;
          const lowest = (all) => (all.length ? Math.max(...[...all].map(bottom)) : null);
          const picture = document.querySelector("article .widget-subarea");
          const drawn = picture?.querySelectorAll(".attn-plot") ?? [];
          return {title: lowest(document.querySelectorAll("article h1")), picture: lowest(drawn),
                  screen: innerHeight};
        }"""
    )
    screen = bottoms.pop("screen")
    return {name: bottom for name, bottom in bottoms.items() if bottom is None or bottom > screen}


def wide_code(page):
    """Code that is shown and scrolls sideways."""
    return page.evaluate(
        """() => [...document.querySelectorAll("article .cell_input pre")]
            .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)
            .map((one) => one.textContent.trim().slice(0, 60))"""
    )


# Each attempt says what it did, and the name of an attempt whose trace is found is a finding.
ATTEMPTS = """async () => {
  const blocked = [];
  addEventListener("securitypolicyviolation", (event) => blocked.push(event.blockedURI));
  const add = (tag, more) =>
    document.body.appendChild(Object.assign(document.createElement(tag), more));
  const address = (name) => `http://book.invalid/${name}`;
  const later = () => new Promise((done) => setTimeout(done, 50));
  add("script", { textContent: "window.script = true" });
  add("button", {}).setAttribute("onclick", "window.handler = true");
  document.body.lastChild.click();
  setTimeout("window.text = true");
  add("style", { textContent: "body { --style: true }" });
  add("base", { href: address("") });
  const base = document.baseURI.startsWith(address(""));
  document.body.lastChild.remove();
  add("img", { src: address("image"), alt: "" });
  add("iframe", { src: address("frame"), title: "frame" });
  add("script", { src: address("file") });
  fetch(address("request")).catch(() => {});
  await later();
  const set = getComputedStyle(document.body).getPropertyValue("--style") !== "";
  const inside = { ...window.script && { script: 1 }, ...window.handler && { handler: 1 },
                   ...window.text && { text: 1 }, ...set && { style: 1 }, ...base && { base: 1 } };
  const asked = ["image", "frame", "file", "request"].filter(
    (name) => !blocked.some((one) => address(name).startsWith(one)));
  return [...Object.keys(inside), ...asked];
}"""


def let_through(page):
    """What was put into the page, or asked of another host, and not refused by its policy."""
    return page.evaluate(ATTEMPTS)


# Contrast is dear: a block of code whose every colour, size and ground an earlier block has shown
# is left out of the rules on colour, and of no other.
MARK_REPEATS = """() => {
  const seen = new Set();
  for (const block of document.querySelectorAll("article .highlight pre")) {
    const grounds = [];
    for (let one = block; one; one = one.parentElement) {
      grounds.push(getComputedStyle(one).backgroundColor, getComputedStyle(one).opacity);
    }
    const before = seen.size;
    for (const one of [block, ...block.querySelectorAll("*")]) {
      const {color, backgroundColor, opacity, fontSize, fontWeight} = getComputedStyle(one);
      seen.add([color, backgroundColor, opacity, fontSize, fontWeight, ...grounds].join());
    }
    block.toggleAttribute("data-repeats", seen.size === before);
  }
}"""
# A screen reader reads MathML; axe-core does not, and is told what a formula says.
NAME_FORMULAS = """() => {
  for (const one of document.querySelectorAll("math")) {
    if (one.textContent.trim()) one.ariaLabel = one.textContent;
  }
}"""
# Without preload: axe would fetch what style sheets import, from beside the page.
AXE = """async ([colours, tags, more]) => {
  const settings = {resultTypes: ["violations"], preload: false};
  const found = colours.length ? (await axe.run({exclude: [["[data-repeats]"]]},
    {...settings, runOnly: colours})).violations : [];
  if (!tags.length) return found;
  const others = Object.fromEntries([...colours.map((rule) => [rule, {enabled: false}]),
    ...more.map((rule) => [rule, {enabled: true}])]);
  const rest = await axe.run(document, {...settings, runOnly: tags, rules: others});
  return [...found, ...rest.violations];
}"""


def _axe(page, colours, tags=(), more=()):
    """The findings of axe-core, of every impact, as (rule, selector, markup)."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    page.evaluate(MARK_REPEATS)
    page.evaluate(NAME_FORMULAS)
    found = page.evaluate(AXE, [list(colours), list(tags), list(more)])
    nodes = [(rule["id"], node) for rule in found for node in rule["nodes"]]
    return [(name, " ".join(map(str, node["target"])), node["html"][:200]) for name, node in nodes]


def axe_findings(page):
    return _axe(page, COLOUR_RULES, AXE_TAGS, MORE_RULES)


def colour_findings(page):
    """What another colour scheme can change."""
    return _axe(page, COLOUR_RULES)


def cramped(page):
    """What another width can change: targets too small, boxes that no key scrolls."""
    return _axe(page, [], ["target-size", "scrollable-region-focusable"])


# The spacing of WCAG 1.4.12, which a reader may set.
SPACING = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
  word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }"""


def style(page, rules):
    """Add a reader's own rules, as a constructed sheet: the policy refuses style elements."""
    page.evaluate(
        """(rules) => {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync(rules);
          document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
        }""",
        rules,
    )


def clipped(page):
    """Text that its box cuts off, and that no scrolling shows."""
    return page.evaluate(
        """() => {
          const hides = (way) => /hidden|clip/.test(way);
          const right = (one) => one.getBoundingClientRect().right;
          // Of a formula its drawing counts: the MathML behind it is larger.
          const wider = (one) => (one.matches(".math") ? right(one.querySelector("mjx-math") ?? one)
            > right(one) + 1 : one.scrollWidth > one.clientWidth + 1);
          const higher = (one) => !one.matches(".math") && one.scrollHeight > one.clientHeight + 1;
          const cut = (one) => {
            const {overflowX, overflowY} = getComputedStyle(one);
            return (hides(overflowX) && wider(one)) || (hides(overflowY) && higher(one));
          };
          const shown = (one) => one.checkVisibility({visibilityProperty: true})
            && one.clientWidth > 1 && one.textContent.trim();
          return [...document.querySelectorAll("body *:not(svg *, mjx-container *)")]
            .filter((one) => shown(one) && cut(one))
            .map((one) => `${one.tagName.toLowerCase()}.${one.className}`).slice(0, 12);
        }"""
    )


def state_size(html):
    """Bytes of widget state stored in a page."""
    return sum(
        len(script.get_text().encode())
        for script in BeautifulSoup(html, "html.parser").select(STATE)
    )


def broken_links(folder):
    """Local links and anchors of all pages that lead nowhere; _static holds no pages."""
    folder = Path(folder)
    pages = [
        path
        for path in sorted(folder.rglob("*.html"))
        if "_static" not in path.relative_to(folder).parts
    ]
    soups = {path: BeautifulSoup(path.read_text("utf8"), "lxml") for path in pages}
    anchors = {path: {tag["id"] for tag in soup.select("[id]")} for path, soup in soups.items()}
    found = []
    for path, soup in soups.items():
        for tag in soup.select("[href], [src]"):
            link = tag.get("href", tag.get("src"))
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                found.append(f"{path.relative_to(folder)}: {link} does not exist")
            elif (
                parts.fragment
                and target in anchors
                and unquote(parts.fragment) not in anchors[target]
            ):
                found.append(f"{path.relative_to(folder)}: no anchor {link}")
    return found


def times(page):
    """Milliseconds to first text, math on the screen, sliders that answer, and all math."""
    names = ["first-contentful-paint", "math-on-screen", "widgets-ready", "math-ready"]
    starts = page.evaluate(
        "(all) => all.map((name) => performance.getEntriesByName(name)[0]?.startTime ?? null)",
        names,
    )
    found = zip(names, starts, strict=True)
    return {name: round(start) for name, start in found if start is not None}
