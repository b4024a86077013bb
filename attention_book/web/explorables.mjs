// Bundles the scripts of the explorables, one a kind: js/KIND.js with what it uses of js/engine becomes built/KIND.js.
// The hash of all sources stands beside them, so that a test can tell whether they are of today.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(here, "..", "explorables");
const js = join(folder, "js");
const built = join(folder, "built");

const hashOf = (names, from) => {
  const hash = createHash("sha256");
  for (const name of names) hash.update(`${name}\n`).update(readFileSync(join(from, name)));
  return hash.digest("hex");
};
const filesOf = (place) =>
  readdirSync(place, { recursive: true }).map((name) => name.replaceAll("\\", "/")).filter((name) => /\.(js|css)$/.test(name)).sort();

const entries = readdirSync(js).filter((name) => /\.(js|css)$/.test(name));
rmSync(built, { recursive: true, force: true });
mkdirSync(built);
await esbuild.build({
  entryPoints: entries.map((name) => join(js, name)), outdir: built,
  bundle: true, minify: true, format: "esm", target: "es2022", charset: "utf8", legalComments: "none", logLevel: "warning",
});
for (const name of filesOf(built)) writeFileSync(join(built, name), readFileSync(join(built, name), "utf8").trim());
const hashes = { sources: hashOf(filesOf(js), js), built: hashOf(filesOf(built), built) };
writeFileSync(join(built, "hashes.json"), `${JSON.stringify(hashes, null, 1)}\n`);
for (const name of filesOf(built)) console.log(`${name}: ${readFileSync(join(built, name)).length} bytes`);
