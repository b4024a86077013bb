// noUiSlider's handles carry no accessible name. Take it from the label beside them, and the value from the readout.
const copyText = (from, to, attribute) => to.setAttribute(attribute, from.textContent.trim());

function nameSlider(widget) {
  const label = widget.querySelector(".widget-label");
  const readout = widget.querySelector(".widget-readout");
  if (label?.title === "null") label.removeAttribute("title");
  // The readout repeats what the handle says, and cannot be typed into here.
  readout?.setAttribute("contenteditable", "false");
  for (const handle of widget.querySelectorAll(".noUi-handle")) {
    if (label) copyText(label, handle, "aria-label");
    if (!readout) continue;
    const update = () => copyText(readout, handle, "aria-valuetext");
    update();
    // noUiSlider writes the bare index into aria-valuetext at each move; the readout has the value in words.
    new MutationObserver(update).observe(readout, { childList: true, characterData: true, subtree: true });
    new MutationObserver(() => {
      if (handle.getAttribute("aria-valuetext") !== readout.textContent.trim()) update();
    }).observe(handle, { attributes: true, attributeFilter: ["aria-valuetext"] });
  }
}

// The controls draw their children after their own view is attached: wait for each slider to be complete.
export function nameSliders(place) {
  const named = new WeakSet();
  const look = () => {
    for (const handle of place.querySelectorAll(".noUi-handle")) {
      const widget = handle.closest(".widget-inline-hbox");
      if (!widget || named.has(widget)) continue;
      named.add(widget);
      nameSlider(widget);
    }
  };
  new MutationObserver(look).observe(place, { childList: true, subtree: true });
  look();
}
