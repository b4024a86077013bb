// The speaker view: the deck of the window that opened it, twice in frames, its notes and the time.
(() => {
  const deck = new URLSearchParams(location.search).get("deck") ?? "";
  const SESSION = Number(document.currentScript.dataset.minutes) * 60;
  const BROWSERS = ["F5", "F11", "F12", "Tab", "Control", "Meta", "Alt", "Shift"]; // keys that are not the deck's
  const find = (selector) => document.querySelector(selector);
  let told = null; // by the deck
  let since = Date.now();

  function framed(place, title, query) {
    const frame = Object.assign(document.createElement("iframe"), { title, src: `${deck}?receiver&theme=${document.documentElement.dataset.theme}` });
    find(place).append(frame);
    return frame;
  }

  function clock(seconds) {
    const all = Math.abs(Math.round(seconds));
    const parts = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60].map((part) => String(part).padStart(2, "0"));
    return `${seconds < -0.5 ? "−" : ""}${parts.join(":")}`;
  }

  function showTime() {
    const passed = (Date.now() - since) / 1000;
    const until = (SESSION * (told.past + 1)) / told.total;
    find(".clock").textContent = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    find(".since").textContent = clock(passed);
    find(".left").textContent = clock(SESSION - passed);
    find(".slide").textContent = clock(until - passed);
    find(".slide").classList.toggle("late", until < passed);
  }

  function begin() {
    document.body.classList.add("connected"); // a frame that is not shown has no size
    const now = framed(".now", "The slide that is shown");
    const next = framed(".next", "The slide or the step that comes next");
    next.inert = true;

    const show = (frame, state, more) => frame.contentWindow.postMessage({ show: { theme: told.theme, state, ...more } }, "*");
    function showAll() {
      show(now, told.state);
      show(next, { ...told.state, paused: false }, { next: true });
      find(".now h2").textContent = `Now: slide ${told.past + 1} of ${told.total}`;
      next.hidden = told.end;
      find(".end").hidden = !told.end;
      document.documentElement.dataset.theme = told.theme;
    }

    function ofDeck(said) {
      const same = JSON.stringify(said) === JSON.stringify(told);
      told = said;
      if (same) return;
      showAll();
      showTime();
    }

    function ofFrame(said) {
      if (said.ready && told) showAll();
      if (!said.ready) find(".said").innerHTML = said.notes;
      if (said.state) opener.postMessage({ speaker: { state: said.state } }, "*");
    }

    addEventListener("message", ({ source, data }) => {
      if (source === opener && data?.deck) ofDeck(data.deck);
      if (source === now.contentWindow && data?.frame) ofFrame(data.frame);
      if (source === next.contentWindow && data?.frame?.ready && told) showAll();
    });
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || BROWSERS.includes(event.key) || event.target.closest("button, .said")) return;
      event.preventDefault();
      opener.postMessage({ speaker: { key: event.keyCode } }, "*");
    });
    find("button").addEventListener("click", () => {
      since = Date.now();
      if (told) showTime();
    });
    // Said again and again, so that a deck that was loaded anew finds its view.
    const greet = () => {
      opener.postMessage({ speaker: { here: true } }, "*");
      if (told) showTime();
    };
    greet();
    setInterval(greet, 1000);
  }

  if (opener && /^[\w-]+(\.html)?$/.test(deck)) begin();
})();
