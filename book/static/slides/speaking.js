// A deck and its speaker view (speaker.js) in another window. The view frames the deck twice and tells both frames what
// to show. Windows of other pages are not answered; a page from a folder has no origin, so there its window must do.
(() => {
  const FRAMED = new URLSearchParams(location.search).has("receiver");
  const MOVES = ["slidechanged", "fragmentshown", "fragmenthidden", "paused", "resumed", "overviewhidden"];
  const root = document.documentElement;
  const ours = (event) => event.origin === location.origin || location.protocol === "file:";
  const place = () => ({ ...Reveal.getState(), overview: false });

  // In the window of the audience.
  function lead() {
    const address = `speaker.html?deck=${location.pathname.split("/").at(-1)}`;
    let speaker = null;

    function tell() {
      const end = Reveal.isLastSlide() && !Reveal.availableFragments().next;
      const deck = { state: place(), theme: root.dataset.theme, past: Reveal.getSlidePastCount(), total: Reveal.getTotalSlides(), end };
      speaker?.postMessage({ deck }, "*");
    }

    function open() {
      if (speaker && !speaker.closed) return speaker.focus();
      speaker = window.open(address, "", "width=1200,height=760");
      if (!speaker) alert("The browser did not open the speaker view. Allow this page to open windows, and press S again.");
    }

    Reveal.addKeyBinding({ keyCode: 83, key: "S", description: "Speaker view" }, open);
    for (const name of MOVES) Reveal.on(name, tell);
    new MutationObserver(tell).observe(root, { attributeFilter: ["data-theme"] });
    addEventListener("message", (event) => {
      const said = ours(event) && event.data?.speaker;
      if (!said) return;
      speaker = event.source;
      if (said.state) Reveal.setState(said.state);
      if (said.key) Reveal.triggerKey(said.key);
      tell();
    });
  }

  // In a frame of the speaker view. What its reader moves is told, what the view asks for is not.
  function follow() {
    let asked = false;
    const tell = (more) => {
      const notes = [...Reveal.getCurrentSlide().querySelectorAll("aside.notes")].map((one) => one.innerHTML).join("");
      parent.postMessage({ frame: { notes, ...more } }, "*");
    };

    for (const name of MOVES) Reveal.on(name, () => asked || tell({ state: place() }));
    addEventListener("message", (event) => {
      const show = event.source === parent && event.data?.show;
      if (!show) return;
      root.dataset.theme = show.theme;
      asked = true;
      Reveal.setState(show.state);
      if (show.next) Reveal.next();
      asked = false;
      tell();
    });
    tell({ ready: true });
  }

  const begin = FRAMED ? follow : lead;
  if (Reveal.isReady()) begin();
  else Reveal.on("ready", begin);
})();
