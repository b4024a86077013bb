// The search of the book: in the box of every page (Ctrl+K or /) while one types, and on the page of results.
// The texts are a script, loaded when somebody searches; what was found is marked on the page that a result leads to.
(() => {
  const { find, fold, places, prepared, wordsOf } = window.bookFind;
  const ROOT = document.documentElement.dataset.content_root ?? "./";
  const SCRIPT = new URL("search_texts.js", document.currentScript.src).href;
  const QUIET = 120; // milliseconds after the last key until the list follows
  const PASSED = ".math, script, style, svg, .widget-subarea";
  let sections = null;

  const element = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  const load = () => {
    sections ??= new Promise((done, failed) => {
      const script = element("script", { src: SCRIPT, onerror: failed, onload: () => done(prepared(window.searchTexts)) });
      document.head.append(script);
    });
    return sections;
  };

  function marked({ text, marks, cut: [before, after] }) {
    const line = element("p", {});
    let at = 0;
    if (before) line.append("… ");
    for (const [from, to] of marks) {
      line.append(text.slice(at, from), element("mark", { textContent: text.slice(from, to) }));
      at = to;
    }
    line.append(text.slice(at), after ? " …" : "");
    return line;
  }

  function item(found, question) {
    const address = `${ROOT}${found.path}?find=${encodeURIComponent(question)}${found.leads ? "" : `#${encodeURIComponent(found.anchor)}`}`;
    const title = element("span", { className: "found-page", textContent: found.title });
    const link = element("a", { href: address }, title);
    if (!found.leads) link.append(" ", element("span", { className: "found-section", textContent: found.heading }));
    return element("li", {}, link, marked(found.excerpt));
  }

  const counted = (n, one) => `${n} ${one}${n === 1 ? "" : "s"}`;

  function said({ results, sections: n, pages, all }, question) {
    if (!results.length) return `Nothing found for “${question}”. Try fewer or shorter words, or the name of a function such as softmax.`;
    const where = `${counted(n, "section")} on ${counted(pages, "page")}`;
    const shown = results.length < n ? `; the best ${results.length} follow` : "";
    return all ? `${where}${shown}.` : `No section holds all of these words. ${where} with some of them${shown}.`;
  }

  // A list of results and a sentence about them below a field.
  function attach(field, place, most) {
    const status = element("p", { className: "found-status" });
    status.setAttribute("role", "status");
    const list = element("ol", { className: "found" });
    place.append(status, list);
    let timer = 0;
    async function show() {
      const question = field.value.trim();
      if (!question) return list.replaceChildren(), void (status.textContent = "");
      try {
        const found = find(await load(), question, most);
        if (question !== field.value.trim()) return;
        list.replaceChildren(...found.results.map((one) => item(one, question)));
        status.textContent = said(found, question);
      } catch {
        status.textContent = "The texts could not be loaded: _static/search_texts.js is missing beside this page.";
      }
    }
    field.addEventListener("focus", load, { once: true });
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(show, QUIET);
    });
    return show;
  }

  // The arrows lead from the field through the results and back.
  function byArrows(box, field) {
    box.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      const stops = [field, ...box.querySelectorAll(".found a")];
      const next = stops[stops.indexOf(document.activeElement) + step];
      event.preventDefault();
      next?.focus();
    });
  }

  function openBySlash(event) {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    document.querySelector(".search-button__button")?.click();
  }

  // The words that led here, marked without a change to the page.
  function markWords(question) {
    const article = document.querySelector("article");
    if (!article || !question || !window.Highlight) return;
    const words = wordsOf(question);
    const texts = document.createTreeWalker(article, NodeFilter.SHOW_TEXT, (node) =>
      node.parentElement.closest(PASSED) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    const marks = new Highlight();
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      for (const [from, to] of places(fold(node.data), words)) marks.add(new StaticRange({ startContainer: node, startOffset: from, endContainer: node, endOffset: to }));
    }
    CSS.highlights.set("found", marks);
    addEventListener("keydown", (event) => event.key === "Escape" && CSS.highlights.delete("found"));
  }

  function start() {
    const asked = new URLSearchParams(location.search);
    const dialog = document.getElementById("pst-search-dialog");
    const page = document.getElementById("search-results");
    if (page) {
      const box = page.closest(".bd-search-container");
      const field = box.querySelector("input");
      field.value = asked.get("q") ?? "";
      const show = attach(field, page, 60);
      byArrows(box, field);
      field.focus();
      show();
    } else if (dialog) {
      const field = dialog.querySelector("input");
      attach(field, dialog, 12);
      byArrows(dialog, field);
    }
    addEventListener("keydown", openBySlash, true);
    markWords(asked.get("find"));
  }

  start();
})();
