// The list of a page's contents follows the reader: the section in view is marked and kept in sight, beside the text and in the phone's drawer.
const links = [...document.querySelectorAll("#page-contents a[href^='#']")];
const parts = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))));
const drawer = document.getElementById("pst-secondary-sidebar-modal");
const LINE = 140; // pixels below the upper edge: what has passed it is being read
let marked = null;

const scrolls = (one) => one.scrollHeight > one.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(one).overflowY);

// Moves the list alone, never the page.
function keepInSight() {
  let list = marked?.parentElement;
  while (list && list !== document.body && !scrolls(list)) list = list.parentElement;
  if (!list || list === document.body) return;
  const [entry, box] = [marked.getBoundingClientRect(), list.getBoundingClientRect()];
  const last = Math.min(box.bottom, innerHeight);
  if (entry.top < box.top + 30 || entry.bottom > last - 30) list.scrollTop += entry.top - (box.top + last) / 2;
}

function mark() {
  if (document.documentElement.classList.contains("from-top")) return; // the heights are guesses yet (before-paint.js)
  const end = innerHeight + scrollY >= document.documentElement.scrollHeight - 2; // where the last section is too short to rise
  const passed = end ? links.length - 1 : parts.findLastIndex((part) => part?.getBoundingClientRect().top <= LINE);
  const now = links[passed] ?? null;
  if (now === marked) return;
  marked?.classList.remove("active");
  marked?.removeAttribute("aria-current");
  now?.classList.add("active");
  now?.setAttribute("aria-current", "location");
  marked = now;
  keepInSight();
}

let waits = false;
function later() {
  if (waits) return;
  waits = true;
  requestAnimationFrame(() => {
    waits = false;
    mark();
  });
}

if (links.length) {
  addEventListener("scroll", later, { passive: true });
  addEventListener("laid-out", later);
  if (drawer) new MutationObserver(() => requestAnimationFrame(keepInSight)).observe(drawer, { attributes: true });
  later();
}
