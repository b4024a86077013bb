"""What is judged about a deck of slides: each check returns its findings, for all slides at once.

Every slide is laid out whether it is shown or not, so nothing has to be walked through.
"""

from tests.helpers.page_checks import wait_for

READY = "document.documentElement.dataset.deck === 'ready'"
COLLECT = """() => {
  const found = [];
  for (const slide of document.querySelectorAll(".slides section:not(.stack)")) {
    const title = slide.querySelector("h1, h2").textContent;
    for (const problem of JUDGE(slide)) found.push(`${title}: ${problem}`);
  }
  return found.slice(0, 8);
}"""
OUTSIDE = """(slide) => {
  const UNSEEN = "aside, script, mjx-assistive-mml, .attn-numbers, .attn-waits .attn-answer";
  // Firefox adds the width of a stroke to its ends; the picture around it is judged.
  const STROKES = "g, .attn-fill";
  const frame = slide.getBoundingClientRect();
  const { width, height } = Reveal.getConfig();
  const scale = frame.width / width;
  return [...slide.querySelectorAll("*")].flatMap((one) => {
    const box = one.getBoundingClientRect();
    if (one.closest(UNSEEN) || one.matches(STROKES) || !box.width || !box.height) return [];
    const [left, top] = [(box.left - frame.left) / scale, (box.top - frame.top) / scale];
    const [right, bottom] = [(box.right - frame.left) / scale, (box.bottom - frame.top) / scale];
    const inside = left > -1 && top > -1 && right < width + 1 && bottom < height + 1;
    return inside ? [] : [`${one.tagName}.${one.getAttribute("class")} ${right | 0} ${bottom | 0}`];
  });
}"""
OVERLAPPING = """(slide) => {
  const PARTS = ".body > *:not(script), .widget-inline-hbox, figcaption, .attn-steps, .attn-plot";
  const all = [...slide.querySelectorAll(PARTS)].map((one) => [one, one.getBoundingClientRect()]);
  const seen = all.filter(([, box]) => box.height);
  return seen.flatMap(([one, a]) => seen.flatMap(([other, b]) => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const tall = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    const apart = one.contains(other) || other.contains(one) || wide < 2 || tall < 2;
    return apart ? [] : [`${one.className} on ${other.className}`];
  }));
}"""
SMALL = """(slide) => [...slide.querySelectorAll(".body")].flatMap((one) => {
  const size = Number(one.style.zoom || one.style.getPropertyValue("--words") || 1);
  return size < LEAST ? [size] : [];
})"""
# Words in a picture, in the pixels of the window: what a slider can hide or show counts too.
FAINT = """(slide) => {
  const root = slide.querySelector(".attn-plot svg");
  if (!root) return [];
  const scale = root.getBoundingClientRect().width / root.viewBox.baseVal.width;
  const sizes = [...root.querySelectorAll("text")].filter((one) => one.textContent.trim())
    .map((one) => parseFloat(getComputedStyle(one).fontSize) * scale);
  return Math.min(...sizes, 99) < 11 ? [Math.min(...sizes)] : [];
}"""


def wait_until_fitted(page):
    """The deck says when every slide has its size."""
    wait_for(page, READY)
    return page


def _judged(page, judge):
    return page.evaluate(COLLECT.replace("JUDGE", f"({judge})"))


def outside(page):
    """What leaves its slide."""
    return _judged(page, OUTSIDE)


def overlapping(page):
    """Parts of a slide that lie on each other: words, sliders, caption, picture."""
    return _judged(page, OVERLAPPING)


def too_small(page, least=0.75):
    """Slides whose words had to shrink below three quarters, or to another share."""
    return _judged(page, SMALL.replace("LEAST", str(least)))


def faint(page):
    """Slides with a picture whose words are lower than 11 pixels."""
    return _judged(page, FAINT)


def where(page):
    """The slide that is shown, as (column, row)."""
    place = page.evaluate("Reveal.getIndices()")
    return place["h"], place["v"]


def go_to(page, number):
    page.evaluate(
        "(k) => { const i = Reveal.getIndices(Reveal.getSlides()[k]); Reveal.slide(i.h, i.v); }",
        number,
    )


def slides_with(page, selector):
    """The numbers of the slides that hold something."""
    return page.evaluate(
        "(one) => Reveal.getSlides().flatMap((s, k) => (s.querySelector(one) ? [k] : []))", selector
    )
