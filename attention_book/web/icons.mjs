// The icons of the theme that these pages show, by font file: name -> code point.
// The theme's style sheet refers to them by class (fa-bars) or by custom property (--pst-icon-bell).
export const ICONS = {
  "fa-solid-900.woff2": {
    "angle-left": 0xf104, "angle-right": 0xf105, "arrow-up": 0xf062, bars: 0xf0c9, bell: 0xf0f3,
    "chevron-down": 0xf078, "chevron-up": 0xf077, "chevron-right": 0xf054, "circle-check": 0xf058, "circle-exclamation": 0xf06a,
    "circle-half-stroke": 0xf042, "circle-info": 0xf05a, "circle-xmark": 0xf057, code: 0xf121, download: 0xf019, expand: 0xf065,
    file: 0xf15b, "file-lines": 0xf15c, "file-pdf": 0xf1c1, home: 0xf015, lightbulb: 0xf0eb, list: 0xf03a,
    "magnifying-glass": 0xf002, "magnifying-glass-minus": 0xf010, moon: 0xf186, outdent: 0xf03b, pencil: 0xf303, play: 0xf04b,
    share: 0xf064, sun: 0xf185, "triangle-exclamation": 0xf071, xmark: 0xf00d, link: 0xf0c1, "up-right-from-square": 0xf35d,
  },
  "fa-regular-400.woff2": { file: 0xf15b, lightbulb: 0xf0eb },
};
