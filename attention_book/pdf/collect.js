// Takes a page that stands (pictures drawn, formulas set) and returns what is printed of it.
// What needs a hand to work is said in words; folded answers go to the end of the book.
({ base, slug, slugs }) => {
  const article = document.querySelector("article.bd-article");
  const make = (name, className, text) => Object.assign(document.createElement(name), { className, textContent: text ?? "" });
  const words = (one) => one.textContent.replace(/\s+/g, " ").trim();
  const all = (selector, within = article) => [...within.querySelectorAll(selector)];

  // A guess is answered: paper shows what was measured, and asks no more than the question.
  for (const box of all(".attn-guess")) {
    box.querySelector("button").click();
    const question = words(box.querySelector("label"));
    const measured = words(box.querySelector("[role=status]")).replace(/^.*Measured:/, "Measured:");
    const figure = box.closest(".attn-fig");
    all(".attn-gap, circle.attn-dot, text.attn-tip", figure).filter((one) => one.tagName !== "text" || words(one) === "your guess").forEach((one) => one.remove());
    box.replaceChildren(make("p", "", `${question} ${measured}`));
  }

  // A picture in steps stands at its last one, where all is drawn; each step before is said in words.
  const sentences = (text) => text.split(/(?<=[.:]) (?=[A-Z"])/);
  for (const figure of all(".attn-fig")) {
    const next = all(".attn-steps button", figure).find((one) => words(one) === "Next");
    if (!next) continue;
    const caption = figure.querySelector("figcaption");
    const steps = [sentences(words(caption))];
    while (!next.disabled) {
      next.click();
      steps.push(sentences(words(caption)));
    }
    while (steps.every((step) => step.length > 1 && step.at(-1) === steps[0].at(-1))) steps.forEach((step) => step.pop());
    const before = make("ol", "steps-before");
    before.append(...steps.slice(0, -1).map((step) => make("li", "", step.join(" "))));
    if (new Set(steps.map(String)).size > 1) caption.after(make("p", "at-start", "The steps before:"), before);
  }

  // Where the sliders stand, in words.
  for (const sweep of all(".attn-sweep")) {
    const rows = all(".widget-inline-hbox", sweep);
    const said = rows.map((row) => `${words(row.querySelector(".widget-label")).replace(/:$/, "")}: ${words(row.querySelector(".widget-readout"))}`);
    rows.forEach((row) => row.remove());
    const place = sweep.querySelector(".attn-title") ?? sweep.querySelector("figure").firstChild;
    if (said.length) place.after(make("p", "at-start", `Drawn for ${said.join("; ")}.`));
    all("button, input", sweep).forEach((one) => one.remove());
  }

  // Code of pictures, tables of what the pictures show, and checks stay on the web.
  all("details.hide").filter((one) => !one.closest(".tag_solution")).forEach((one) => one.remove());
  all(".attn-numbers, .checked, .copybtn, .source-link, script, .jupyter-widgets-disconnected").forEach((one) => one.remove());
  all(".cell").filter((one) => !words(one) && !one.querySelector("svg, img, table")).forEach((one) => one.remove());

  all("p").filter((one) => /^One solution, folded/.test(words(one))).forEach((one) => one.remove());

  const answers = [];
  function move(container, folds, label) {
    if (!folds.length) return;
    const id = `${slug}--answer-${answers.length + 1}`;
    const item = make("section", "answer-item");
    item.id = id;
    const back = `${slug}--asked-${answers.length + 1}`;
    const heading = make("h3", "");
    heading.append(...label);
    const home = make("a", "to-page", "");
    home.href = `#${back}`;
    home.append("Asked on page ", make("span", "page-of"));
    home.lastChild.dataset.of = back;
    item.append(heading, home);
    for (const fold of folds) {
      const option = fold.classList.contains("option");
      const summary = fold.querySelector("summary");
      const name = fold.classList.contains("hide") ? "A solution" : words(summary);
      if (option) fold.before(make("p", "printed-option", name));
      const part = make("div", "answer-part");
      part.append(make("h4", "", name));
      summary.remove();
      part.append(...fold.childNodes);
      item.append(part);
      fold.remove();
    }
    const link = make("a", "to-page", "");
    link.id = back;
    link.href = `#${id}`;
    link.append(container.matches("section") ? "Hints and answer on page " : "Answer on page ", make("span", "page-of"));
    link.lastChild.dataset.of = id;
    container.append(link);
    answers.push(item);
  }

  const copied = (one) => [...(one?.cloneNode(true).childNodes ?? [])];
  const boxes = all(".predict, .quiz, section#exercises > section");
  for (const box of boxes) {
    const title = box.querySelector("h3")?.cloneNode(true);
    title?.querySelectorAll(".effort, .headerlink").forEach((one) => one.remove());
    const asked = [box.matches(".quiz") ? "Question: " : "Guess: ", ...copied(box.querySelector("p"))];
    const label = box.matches("section") ? copied(title) : asked;
    move(box, all("details", box).filter((one) => !one.parentElement.closest("details")), label);
  }

  // What is still folded is opened where it stands.
  const open = (root) => root.querySelectorAll("details").forEach((fold) => {
    const summary = fold.querySelector("summary");
    const part = make("div", "opened");
    part.append(make("p", "opened-name", summary ? words(summary) : ""));
    summary?.remove();
    part.append(...fold.childNodes);
    fold.replaceWith(part);
  });
  const held = make("div", "answers-of-page");
  held.append(...answers);
  article.append(held);
  open(article);

  // One document holds all pages: names get the page's name before them.
  const named = (id) => (id.startsWith(`${slug}--`) ? id : `${slug}--${id}`);
  for (const one of all("[id]")) one.id = named(one.id);
  for (const one of all("*")) {
    for (const { name, value } of [...one.attributes]) {
      if (/^(aria-labelledby|aria-describedby|aria-controls|for)$/.test(name)) one.setAttribute(name, value.split(" ").map(named).join(" "));
      else if (value.includes("url(#")) one.setAttribute(name, value.replace(/url\(#/g, `url(#${slug}--`));
    }
    if (one.style?.maxWidth === "0px") one.removeAttribute("style");
  }
  for (const link of all("a[href]")) {
    const [address, anchor] = link.href.split("#");
    if (!address.startsWith("file:")) continue;
    const own = slugs[decodeURIComponent(address.slice(base.length))];
    if (link.getAttribute("href").startsWith("#")) link.setAttribute("href", anchor ? `#${named(decodeURIComponent(anchor))}` : `#${slug}`);
    else if (own) link.setAttribute("href", anchor ? `#${own}--${decodeURIComponent(anchor)}` : `#${own}`);
    else link.replaceWith(...link.childNodes);
  }
  for (const link of all("a.headerlink")) link.textContent = "";
  for (const image of all("img")) image.src = image.src;

  const heading = (one) => {
    const copy = one.cloneNode(true);
    copy.querySelectorAll(".headerlink, .section-number, .effort, mjx-assistive-mml").forEach((part) => part.remove());
    return words(copy);
  };
  const sections = all("section > h2").map((one) => [one.parentElement.id, heading(one)]);
  const captions = all(".attn-fig figcaption").map(words);
  const rules = new Set();
  const sheets = [];
  for (const sheet of [...document.styleSheets, ...document.adoptedStyleSheets]) {
    if (sheet.href) sheets.push(sheet.href);
    else for (const rule of sheet.cssRules) rules.add(rule.cssText);
  }
  held.remove();
  return { title: heading(article.querySelector("h1")), body: article.innerHTML, answers: held.innerHTML, sections, captions, rules: [...rules], sheets };
};
