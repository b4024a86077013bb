// What the slides run on: reveal.js and its speaker view, for the deck's own script (book/static/slides/deck.js).
import Reveal from "reveal.js";
import RevealNotes from "reveal.js/plugin/notes";
import "reveal.js/reveal.css";

Object.assign(window, { Reveal, RevealNotes });
