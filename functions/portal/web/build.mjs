// Builds `dist` from pages, scripts, styles and texts. `tests/pages/build` runs this
// script and tells it where esbuild is. With `--check`, it compares `dist` with what it
// would write, and writes nothing.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const TEXTS = join(HERE, "../../../shared/texts/pages");
const DIST = join(HERE, "dist");
const LANGUAGES = ["en", "zh-TW"];

const { build } = createRequire(join(process.env.LATCHKEY_NODE_MODULES, "x.js"))("esbuild");
const read = (...parts) => readFileSync(join(HERE, ...parts), "utf8");
const stop = (what) => {
  console.error(what);
  process.exit(1);
};

// Escapes a text for HTML. Scripts fill its {placeholders}.
const escape = (text) => text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

const texts = Object.fromEntries(LANGUAGES.map((tag) => [tag, JSON.parse(readFileSync(join(TEXTS, `${tag}.json`), "utf8"))]));
const scripts = readdirSync(join(HERE, "src")).filter((name) => name.endsWith(".ts"));
const sources = scripts.map((name) => read("src", name)).join("\n");
const pages = readdirSync(join(HERE, "pages")).filter((name) => name.endsWith(".html"));
const used = new Set();

const { schemas } = JSON.parse(readFileSync(join(HERE, "../../../infra/openapi.json"), "utf8")).components;

// The keys of texts that scripts show: a script contains the key in quotes. The texts
// of a kind of method are found by their template, such as `kind.${kind}.name`.
const spoken = Object.keys(texts.en).filter((key) => {
  const [, kind, part] = /^kind\.(\w+)\.(\w+)$/.exec(key) ?? [];
  return schemas.Kind.enum.includes(kind) ? sources.includes("`kind.${kind}." + part + "`") : sources.includes(`"${key}"`);
});
spoken.forEach((key) => used.add(key));

// The ranges of the policy's numbers, from the API document.
const ranges = {};
const collect = (schema, pointer) => {
  const whole = schema.$ref ? schemas[schema.$ref.split("/").pop()] : schema;
  if ("minimum" in whole) ranges[pointer] = [whole.minimum, whole.maximum];
  for (const [name, property] of Object.entries(whole.properties ?? {})) collect(property, `${pointer}/${name}`);
};
collect(schemas.Policy, "");

const files = new Map();
const hashed = (name, extension, content) => {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  const path = `assets/${name}-${hash}.${extension}`;
  files.set(path, content);
  return `/${path}`;
};

const styles = await build({
  entryPoints: [join(HERE, "styles/all.css")],
  bundle: true,
  minify: true,
  write: false,
  target: ["chrome109", "firefox115", "safari16"],
});
const style = hashed("style", "css", styles.outputFiles[0].text);
const icon = hashed("icon", "svg", read("styles/icon.svg"));

const said = (tag) => `export default ${JSON.stringify(Object.fromEntries(spoken.map((key) => [key, texts[tag][key]])))}`;
const bundled = await build({
  entryPoints: pages.map((page) => join(HERE, "src", page.replace(".html", ".ts"))),
  bundle: true,
  splitting: true,
  minify: true,
  write: false,
  metafile: true,
  format: "esm",
  charset: "utf8",
  outdir: join(DIST, "assets"),
  publicPath: "/assets",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  target: ["chrome109", "firefox115", "safari16"],
  plugins: [
    {
      name: "made",
      setup(build) {
        build.onResolve({ filter: /^texts:/ }, ({ path }) => ({ path: path.slice("texts:".length), namespace: "texts" }));
        build.onResolve({ filter: /^policy:ranges$/ }, ({ path }) => ({ path, namespace: "policy" }));
        build.onLoad({ filter: /./, namespace: "policy" }, () => ({ contents: JSON.stringify(ranges), loader: "json" }));
        build.onLoad({ filter: /./, namespace: "texts" }, ({ path }) => ({ contents: said(path), loader: "js" }));
      },
    },
  ],
});
for (const file of bundled.outputFiles) files.set(relative(DIST, file.path).replaceAll("\\", "/"), file.text);
const outputs = Object.entries(bundled.metafile.outputs).map(([path, output]) => ["/assets/" + basename(path), output]);
const entry = (name) => outputs.find(([, output]) => output.entryPoint?.endsWith(`src/${name}.ts`));
const language = (tag) => outputs.find(([, output]) => output.entryPoint === `texts:${tag}`)[0];

// Replaces {{> part}} with the part's HTML, recursively. The loop below then replaces
// {{key}} with texts.
const whole = (text) => text.replace(/\{\{> ([\w-]+)\}\}\n?/g, (_, part) => whole(read("pages/parts", `${part}.html`)));
for (const page of pages) {
  const name = page.replace(".html", "");
  const [script, { imports }] = entry(name);
  const shared = imports.filter((i) => i.kind === "import-statement").map((i) => "/assets/" + basename(i.path));
  for (const tag of LANGUAGES) {
    const preload = [...shared, language(tag)].map((path) => `<link rel="modulepreload" href="${path}">`).join("\n");
    const values = { tag, style, icon, script, preload, page: name };
    const html = whole(read("pages", page)).replace(/\{\{([\w.]+)\}\}/g, (_, key) => {
      if (key in values) return values[key];
      if (!(key in texts[tag])) stop(`${page} shows ${key}, which has no text in ${tag}`);
      used.add(key);
      return escape(texts[tag][key]);
    });
    files.set(`${tag}/${page}`, html);
  }
}

const unused = Object.keys(texts.en).filter((key) => !used.has(key));
if (unused.length) stop(`no page or script shows ${unused.join(", ")}`);

if (process.argv.includes("--check")) {
  const have = existsSync(DIST) ? readdirSync(DIST, { recursive: true, withFileTypes: true }).filter((e) => e.isFile()) : [];
  const names = have.map((e) => relative(DIST, join(e.parentPath ?? e.path, e.name)).replaceAll("\\", "/"));
  const wrong = [...new Set([...names, ...files.keys()])].filter(
    (name) => !files.has(name) || !names.includes(name) || readFileSync(join(DIST, name), "utf8") !== files.get(name),
  );
  if (wrong.length) stop(`functions/portal/web/dist is out of date; run tests/pages/build. Differing files: ${wrong.join(", ")}`);
} else {
  rmSync(DIST, { recursive: true, force: true });
  for (const [name, content] of files) {
    mkdirSync(dirname(join(DIST, name)), { recursive: true });
    writeFileSync(join(DIST, name), content);
  }
}
