// Fits the bound book to its sheets. What is wider than the column is made smaller. Then each page
// of the book is set in columns as large as a sheet, for a browser breaks both in the same way: a
// picture that leaves a sheet half empty is drawn smaller, a table or box that does is divided.
({ width, height }) => {
  const TALLEST = 340; // pixels: two pictures and their words fit on a sheet
  const SMALLEST = 0.6; // of a picture as drawn: below, its numbers cannot be read
  const BLANK = 0.15; // share of a sheet that may stay blank
  const FEW = 0.2; // share of a sheet: a last one with less is saved where that is possible
  const PICTURES = "svg, .cell_output img";
  const LARGE = 0.25; // share of a sheet: a table or box with less is never divided
  const BOXES = "table, .predict, .quiz, .advanced, .pitfall, section[id$='--summary']";
  const TEXT = "p, li, pre, dt, h1, h2, h3, h4, tr, svg, img, mjx-container";
  const SHAPES = "rect, path, line, circle, polygon, text";

  const outer = (selector, within) =>
    [...within.querySelectorAll(selector)].filter((one) => !one.parentElement.closest(`svg, mjx-container, ${selector}`));

  for (const one of outer("article :is(table, mjx-container[display=true], pre)", document)) {
    const room = one.parentElement.getBoundingClientRect().width;
    const need = Math.max(one.getBoundingClientRect().width, one.scrollWidth || 0);
    if (need > room + 1 && room > 100) one.style.zoom = Math.max(0.45, room / need);
  }

  // A picture is drawn as tall as its tallest state; what this state does not use is cut off.
  function crop(picture) {
    const all = picture.viewBox?.baseVal;
    if (!all?.height) return;
    const seen = [...picture.querySelectorAll(SHAPES)].filter((one) => one.checkVisibility({ visibilityProperty: true }));
    const box = picture.getBoundingClientRect();
    const used = Math.max(...seen.map((one) => one.getBoundingClientRect().bottom)) - box.top + 6;
    if (!(used < box.height - 20)) return;
    picture.setAttribute("viewBox", `${all.x} ${all.y} ${all.width} ${(all.height * used) / box.height}`);
  }

  const drawn = new Map(); // the size of each picture as drawn, and the share of it that is printed
  function print(picture, share) {
    const one = drawn.get(picture);
    one.share = share;
    picture.style.width = `${one.width * share}px`;
    picture.style.height = `${one.height * share}px`;
  }
  const shareOf = (picture) => drawn.get(picture)?.share;
  const smaller = (share, by) => Math.min(share, Math.max(SMALLEST, share * by));

  for (const picture of outer(`article :is(${PICTURES})`, document)) {
    if (picture.getBoundingClientRect().height < 60) continue;
    crop(picture);
    const box = picture.getBoundingClientRect();
    const room = picture.parentElement.getBoundingClientRect().width;
    drawn.set(picture, { width: box.width, height: box.height });
    picture.classList.add("fitted");
    print(picture, Math.min(1, room / box.width, Math.max(SMALLEST, TALLEST / box.height)));
  }

  for (const article of document.querySelectorAll("article")) {
    const sheet = `width: ${width}px; height: ${height}px; columns: ${width}px auto; column-gap: 0; column-fill: auto`;
    article.style.cssText = sheet;
    const start = article.getBoundingClientRect();
    const sheetOf = (rect) => Math.floor((rect.left - start.left + 1) / width);
    const first = (one) => sheetOf(one.getClientRects()[0] ?? start);
    const feet = () => {
      const found = [];
      for (const one of article.querySelectorAll(TEXT)) {
        for (const rect of one.getClientRects()) {
          const k = sheetOf(rect);
          if (rect.height) found[k] = Math.max(found[k] ?? 0, rect.bottom - start.top);
        }
      }
      return found;
    };

    let filled = feet();
    for (const one of outer(`${BOXES}, ${PICTURES}`, article)) {
      const k = first(one);
      if (k === 0 || height - (filled[k - 1] ?? 0) < BLANK * height) continue;
      const share = shareOf(one);
      if (share) {
        [0.9, 0.8, 0.7].some((by) => {
          print(one, smaller(share, by));
          return first(one) < k;
        });
        if (first(one) === k) print(one, share);
      } else if (one.getBoundingClientRect().height > LARGE * height) {
        one.style.breakInside = "auto";
        if (first(one) === k) one.style.breakInside = "";
      }
      if (first(one) < k) filled = feet();
    }

    const last = filled.length - 1;
    if (last > 0 && filled[last] < FEW * height) {
      const pictures = outer(PICTURES, article).filter(shareOf);
      const shares = pictures.map(shareOf);
      const set = (close, by) => {
        article.classList.toggle("close", close);
        pictures.forEach((one, k) => print(one, smaller(shares[k], by)));
      };
      const saved = [1, 0.9, 0.8].some((by) => {
        set(true, by);
        return feet().length <= last;
      });
      if (!saved) set(false, 1);
    }
    article.style.cssText = "";
  }
};
