// Finds sections: what the words of a question are, where a text holds them, and which section comes first.
// A plain script without the page, for a page opened from a folder can load neither modules nor data.
window.bookFind = (() => {
  const GREEK = Object.fromEntries(
    "alpha:α beta:β gamma:γ delta:δ epsilon:ε zeta:ζ eta:η theta:θ iota:ι kappa:κ lambda:λ mu:μ nu:ν xi:ξ pi:π rho:ρ sigma:σ tau:τ upsilon:υ phi:φ chi:χ psi:ψ omega:ω sqrt:√ infty:∞ sum:∑ partial:∂"
      .split(" ").map((pair) => pair.split(":")));
  const NAMES = Object.fromEntries(Object.entries(GREEK).map(([name, sign]) => [sign, name]));
  const SHARE = { notebooks: 1, book: 0.6, api: 0.6 }; // a chapter explains, the reference lists
  const CODE = /_|[a-z][A-Z]/; // a question for a name
  const LATE = /^(sources|further|references|in the library|exercises)$/;
  const BRIEF = 120; // letters: a section that only points elsewhere
  const EXCERPT = 190;
  const PER_PAGE = 3;
  const isWord = (c) => c !== undefined && /[\p{L}\p{N}]/u.test(c);

  // Small letters without accents; each sign keeps its place.
  const fold = (text) => text.replace(/[^\0-\x7f]/g, (c) => (c === "’" ? "'" : c.normalize("NFD")[0])).toLowerCase();

  // The forms in which a word may stand, with how much each counts.
  function forms(word) {
    const found = [{ text: word, counts: 1 }];
    const sign = GREEK[word] ?? NAMES[word];
    if (sign) found.push({ text: sign, counts: 1 });
    const stem = word.replace(/(?:ies|y|ing|ed|es|e|s)$/, "");
    if (stem !== word && stem.length > 3 && /^[a-z]+$/.test(word)) found.push({ text: stem, counts: 0.6, grows: 3 });
    return found;
  }

  // "..." holds words together; what surrounds a word is dropped.
  function wordsOf(question) {
    const parts = [...fold(question).matchAll(/"([^"]+)"|([^\s()[\]{},;]+)/g)].map((one) => one[1] ?? one[2]);
    const bare = parts.map((part) => part.trim().replace(/^[^\p{L}\p{N}∂∇√∑∞]+|[^\p{L}\p{N}∂∇√∑∞]+$/gu, ""));
    return [...new Set(bare.filter(Boolean))].map((text) => ({ text, forms: forms(text) }));
  }

  // Where a form begins a word of the folded text: [start, end, how much it counts].
  function hitsOf(folded, { text, counts, grows = Infinity }) {
    const hits = [];
    const short = text.length < 3;
    for (let at = folded.indexOf(text); at >= 0; at = folded.indexOf(text, at + text.length)) {
      if (/[a-z0-9]/.test(text[0]) && isWord(folded[at - 1])) continue;
      let end = at + text.length;
      while (/[a-z0-9]/.test(text) && isWord(folded[end])) end++;
      const more = end - at - text.length;
      if (more > grows || (short && more && /[a-z0-9]/.test(text))) continue;
      hits.push([at, end, more ? counts * 0.7 : counts]);
    }
    return hits;
  }

  // Every place of the words, in order and without overlap.
  function places(folded, words) {
    const all = words.flatMap((word, w) => word.forms.flatMap((form) => hitsOf(folded, form).map((hit) => [...hit, w])));
    all.sort((a, b) => a[0] - b[0] || b[2] - a[2] || b[1] - a[1]);
    return all.filter((hit, k) => !all.slice(0, k).some((before) => before[1] > hit[0]));
  }

  function prepared(pages) {
    return pages.flatMap(([path, entries]) => {
      const title = entries[0][1];
      const share = SHARE[/\/api\//.test(path) ? "api" : path.split("/")[0]] ?? 1;
      return entries.map(([anchor, heading, text], k) => ({
        path, title, anchor, heading, text, share, leads: k === 0,
        late: LATE.test(heading.toLowerCase()), folded: fold(text), foldedHeading: fold(heading), foldedTitle: fold(title),
      }));
    });
  }

  const best = (folded, word) => Math.max(0, ...word.forms.flatMap((form) => hitsOf(folded, form).map((hit) => hit[2])));

  // For one word: in the text, the heading, the title; null where it is in none.
  function look(section, word) {
    const hits = word.forms.flatMap((form) => hitsOf(section.folded, form));
    const weight = hits.reduce((sum, hit) => sum + hit[2], 0);
    return { text: weight / (weight + 3), heading: best(section.foldedHeading, word), title: best(section.foldedTitle, word) };
  }

  function score(section, looks, rarity, phrase, code) {
    let sum = 0;
    looks.forEach((one, w) => {
      sum += rarity[w] * (2 * one.text + 3 * one.heading + (section.leads ? 2 : 0.5) * one.title);
    });
    if (phrase.includes(" ") && section.folded.includes(phrase)) sum *= 1.4;
    if (section.foldedHeading.replaceAll("_", " ").includes(phrase)) sum *= 1.3;
    if (section.foldedHeading === phrase) sum *= code ? 3 : 1.2;
    return sum * section.share * (section.late || section.text.length < BRIEF ? 0.5 : 1);
  }

  // The part of the text that holds most of the words.
  function excerpt(section, words) {
    const hits = places(section.folded, words);
    const within = (from) => new Set(hits.filter((hit) => hit[0] >= from && hit[1] <= from + EXCERPT - 40).map((hit) => hit[3])).size;
    const chosen = hits.reduce((so, hit) => (so && within(so[0]) >= within(hit[0]) ? so : hit), null);
    let from = Math.max(0, (chosen?.[0] ?? 0) - 40);
    if (from) from = section.text.lastIndexOf(" ", from) + 1;
    const end = section.text.indexOf(" ", from + EXCERPT);
    const to = end < 0 ? section.text.length : end;
    const marks = hits.filter((hit) => hit[0] >= from && hit[1] <= to).map(([a, b]) => [a - from, b - from]);
    return { text: section.text.slice(from, to), marks, cut: [from > 0, to < section.text.length] };
  }

  function few(ranked) {
    const seen = new Map();
    return ranked.filter(({ section }) => {
      const n = seen.get(section.path) ?? 0;
      seen.set(section.path, n + 1);
      return n < PER_PAGE;
    });
  }

  // { results, sections, pages, all }: all is false where no section holds every word.
  function find(sections, question, most = 30) {
    const words = wordsOf(question);
    const looked = sections.map((section) => ({ section, looks: words.map((word) => look(section, word)) }));
    const here = (one) => one.text + one.heading > 0;
    const rarity = words.map((_, w) => Math.log(2 + sections.length / (1 + looked.filter(({ looks }) => here(looks[w])).length)));
    const some = words.length ? looked.filter(({ looks }) => looks.some(here)) : [];
    const every = some.filter(({ looks }) => looks.every((one) => here(one) || one.title));
    const phrase = fold(question).trim().replace(/^"|"$/g, "");
    const ranked = (every.length ? every : some)
      .map((one) => ({ ...one, score: score(one.section, one.looks, rarity, phrase, CODE.test(question)) }))
      .sort((a, b) => b.score - a.score);
    const results = few(ranked).slice(0, most).map(({ section }) => ({ ...section, excerpt: excerpt(section, words) }));
    return { results, sections: ranked.length, pages: new Set(ranked.map((one) => one.section.path)).size, all: every.length > 0 };
  }

  return { find, fold, places, prepared, wordsOf };
})();
