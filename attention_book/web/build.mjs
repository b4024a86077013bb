// Regenerates book/static/vendor: `npm ci && npm run build`. Nothing else writes there.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import subsetFont from "subset-font";
import { ICONS } from "./icons.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const vendor = join(root, "book", "static", "vendor");
const python = process.env.PYTHON ?? [join(root, ".venv", "bin", "python")].find(existsSync) ?? "python3";

function packageFolder(name) {
  const code = `import importlib.util as u; print(u.find_spec(${JSON.stringify(name)}).submodule_search_locations[0])`;
  return execFileSync(python, ["-c", code], { encoding: "utf8" }).trim();
}

function pythonVersion(name) {
  const code = `import importlib.metadata as m; print(m.version(${JSON.stringify(name)}))`;
  return execFileSync(python, ["-c", code], { encoding: "utf8" }).trim();
}

const npmVersion = (name) => JSON.parse(readFileSync(join(here, "node_modules", name, "package.json"))).version;

// anywidget's front end comes from the installed Python package, so that page and kernel speak one version.
// It gives up on a view that is not ready after two seconds, which a slow telephone may need; here it has a minute.
// It is an AMD file; `define` is given to it here, and what it defines becomes the module's export.
const anywidget = {
  name: "anywidget",
  setup(build) {
    build.onResolve({ filter: /^anywidget$/ }, () => ({ path: "anywidget", namespace: "python" }));
    build.onLoad({ filter: /.*/, namespace: "python" }, () => {
      const stored = readFileSync(join(packageFolder("anywidget"), "nbextension", "index.js"), "utf8");
      const source = stored.replaceAll(/AbortSignal\.timeout\((2e3|2000)\)/g, "AbortSignal.timeout(6e4)");
      if (source === stored) throw new Error("anywidget has no limit of two seconds any more: drop this replacement");
      return { contents: `let made; const define = (_, make) => { made = make; };\n${source}\nexport default made;` };
    });
  },
};

// Modules of which a static page needs little: our own few lines, or the part of the package that is used.
const SMALLER = { "sanitize-html": "escape-html.mjs", jquery: "element.mjs", "@lumino/widgets": "lumino.mjs" };
const smaller = {
  name: "smaller",
  setup(build) {
    for (const [name, file] of Object.entries(SMALLER)) {
      build.onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: join(here, file) }));
    }
  },
};

// reveal.js would add style elements for paper, which the policy of a deck refuses: its sheets are constructed.
const CONSTRUCTED = `(text) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text ?? "");
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  return sheet;
}`;
const constructedSheets = {
  name: "constructed-sheets",
  setup(build) {
    build.onLoad({ filter: /reveal\.js[\\/]dist[\\/]reveal\.mjs$/ }, ({ path }) => {
      const stored = readFileSync(path, "utf8");
      const contents = stored.replace(/\(e\) => \{\s*let t = document\.createElement\("style"\);[^}]*\}/, CONSTRUCTED);
      if (contents.includes('createElement("style")') || contents === stored) throw new Error("reveal.js makes its style sheets in another way");
      return { contents };
    });
  },
};

// MathJax's compiled files are ES5; its sources, compiled here for today's browsers, are much smaller.
const mathjaxSources = {
  name: "mathjax-sources",
  setup(build) {
    build.onResolve({ filter: /^mathjax-full\/js\// }, ({ path }) => ({
      path: join(here, "node_modules", path.replace("mathjax-full/js", "mathjax-full/ts").replace(/\.js$/, ".ts")),
    }));
  },
};

// MathJax names WOFF 1 files; ours are WOFF 2, a fifth smaller.
const woff2 = {
  name: "woff2",
  setup(build) {
    build.onLoad({ filter: /chtml[\\/](FontData|fonts[\\/]tex)\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll('.woff") format("woff")', '.woff2") format("woff2")'),
      loader: "ts",
    }));
  },
};

async function bundle(entry, outfile, plugins) {
  const result = await esbuild.build({
    entryPoints: [join(here, entry)], outfile: join(vendor, outfile), plugins,
    bundle: true, minify: true, format: "iife", target: "es2022", legalComments: "none", metafile: true,
    define: { "process.env.NODE_ENV": '"production"', global: "globalThis" }, logLevel: "warning",
    loader: { ".svg": "dataurl" }, tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
  });
  if (process.env.SIZES) console.log(await esbuild.analyzeMetafile(result.metafile));
}

// Of the AMS font, the largest, the pages need letters (blackboard bold) and the usual relations and arrows.
const span = (first, last) => String.fromCodePoint(...Array.from({ length: last - first + 1 }, (_, k) => first + k));
const ALL = span(0x20, 0x2fff) + span(0xe000, 0xf8ff) + span(0x1d400, 0x1d7ff);
const AMS = span(0x20, 0x7e) + "\u2205\u2241\u2264\u2265\u226a\u226b\u2272\u2273\u227a\u227b\u22a4\u2713\u25a0\u25a1\u2a7d\u2a7e\u21a6\u21dd";

async function mathFonts() {
  const source = join(here, "node_modules", "mathjax-full", "es5", "output", "chtml", "fonts", "woff-v2");
  const target = join(vendor, "mathjax");
  mkdirSync(target, { recursive: true });
  for (const name of readdirSync(source)) {
    const text = name.startsWith("MathJax_AMS") ? AMS : ALL;
    const font = await subsetFont(readFileSync(join(source, name)), text, { targetFormat: "woff2", noHinting: true });
    writeFileSync(join(target, name.replace(/\.woff$/, ".woff2")), font);
  }
}

// The fonts lie in the theme's own folder structure and replace its files of the same names.
async function iconFonts() {
  const folder = ["vendor", "fontawesome", "webfonts"];
  const theme = join(packageFolder("pydata_sphinx_theme"), "theme", "pydata_sphinx_theme", "static");
  const target = join(vendor, "theme", ...folder);
  mkdirSync(target, { recursive: true });
  for (const [file, glyphs] of Object.entries(ICONS)) {
    const text = String.fromCodePoint(...Object.values(glyphs));
    const font = await subsetFont(readFileSync(join(theme, ...folder, file)), text, { targetFormat: "woff2" });
    writeFileSync(join(target, file), font);
  }
}

// Packages in the bundles. Those of Project Jupyter ship no licence text to npm; ipywidgets' own wheel has it.
const BUNDLED = ["backbone", "underscore", "lodash", "nouislider", "base64-js", "mathjax-full", "reveal.js",
  "@jupyter-widgets/base", "@jupyter-widgets/base-manager", "@jupyter-widgets/controls", "@lumino/widgets"];

function licenceOf(name) {
  const own = join(here, "node_modules", name);
  const file = readdirSync(own).find((entry) => /^licen[cs]e/i.test(entry));
  if (file) return readFileSync(join(own, file), "utf8");
  if (!/^@(jupyter-widgets|lumino)\//.test(name)) throw new Error(`${name} ships no licence text: add it`);
  const notice = name.startsWith("@lumino/") ? "Copyright (c) 2014-2017, PhosphorJS Contributors\n\n" : "";
  return notice + wheelLicence("ipywidgets");
}

function wheelLicence(name) {
  const code = `import importlib.metadata as m; print(next(f.read_text() for f in m.files(${JSON.stringify(name)}) if "LICENSE" in f.name))`;
  return execFileSync(python, ["-c", code], { encoding: "utf8" });
}

function licences() {
  const target = join(vendor, "licences");
  mkdirSync(target, { recursive: true });
  const row = (name, version, licence, text) => {
    const file = `${name.replace("@", "").replace("/", "-")}.txt`;
    writeFileSync(join(target, file), `${text.trimEnd()}\n`);
    return `| ${name} | ${version} | ${licence} | licences/${file} |`;
  };
  const lines = BUNDLED.map((name) => {
    const meta = JSON.parse(readFileSync(join(here, "node_modules", name, "package.json")));
    return row(name, meta.version, meta.license, licenceOf(name));
  });
  lines.push(row("anywidget", pythonVersion("anywidget"), "MIT", wheelLicence("anywidget")));
  lines.push(row("font-awesome-free", `6, as in pydata-sphinx-theme ${pythonVersion("pydata-sphinx-theme")}`, "OFL-1.1 (fonts)",
    "Font Awesome Free 6, https://fontawesome.com/license/free. The fonts are under the SIL Open Font License 1.1,\n" +
    "https://openfontlicense.org. The two files here hold only the glyphs that the theme draws on these pages."));
  writeFileSync(join(vendor, "VERSIONS.md"),
    "# Third-party files in this folder\n\nWritten by `npm run build` in attention_book/web. Do not edit by hand.\n\n" +
    "| package | version | licence | text |\n|---|---|---|---|\n" + lines.join("\n") + "\n\n" +
    `Bundled with esbuild ${npmVersion("esbuild")}; fonts made with subset-font ${npmVersion("subset-font")}.\n`);
}

rmSync(vendor, { recursive: true, force: true });
mkdirSync(vendor, { recursive: true });
await bundle("widgets.mjs", "widgets.js", [anywidget, smaller]);
await bundle("mathjax.mjs", "mathjax.js", [mathjaxSources, woff2]);
await bundle("reveal.mjs", "reveal.js", [constructedSheets]);
await mathFonts();
await iconFonts();
licences();
for (const name of ["widgets.js", "widgets.css", "mathjax.js", "reveal.js", "reveal.css"]) {
  const bytes = readFileSync(join(vendor, name));
  console.log(`${name}: ${bytes.length} bytes, ${gzipSync(bytes).length} compressed`);
}
