// What the slides run on: reveal.js, for the deck's own scripts (book/static/slides).
import Reveal from "reveal.js";
import "reveal.js/reveal.css";

Object.assign(window, { Reveal });
