// Bundles the widgets: one module, one style sheet, and the stub that every widget sends of its own.
//
//     node widgets/build.mjs [--watch]
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, context } from "esbuild";

const watch = process.argv.includes("--watch");
const outdir = "../workbench/static";

/** Scales that lead to numbers need no way between colours, dates and texts: 10 kB of d3-interpolate and d3-color. */
const numbersAlone = {
  name: "numbers-alone",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/value\.js$/ }, ({ importer, resolveDir }) =>
      /node_modules.d3-interpolate/.test(importer) ? { path: join(resolveDir, "number.js") } : undefined,
    );
  },
};

const options = {
  entryPoints: { widgets: "widgets/src/index.ts", stub: "widgets/src/stub.ts" },
  outdir,
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  minify: !watch,
  // A module without an address has no neighbours: the map of what is shipped lies beside it, for debuggers.
  sourcemap: watch ? "inline" : "external",
  sourcesContent: watch,
  logLevel: "info",
  metafile: true,
  plugins: [numbersAlone],
};

/** The licences of the libraries in the bundle lie beside it. */
function writeLicences({ inputs }) {
  const libraries = new Set(
    Object.keys(inputs).flatMap((path) => path.match(/node_modules\/([^/]+)/)?.[1] ?? []),
  );
  const texts = [...libraries].sort().map((name) => {
    const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
    return `${name} ${version}\n\n${readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim()}\n`;
  });
  writeFileSync(`${outdir}/LICENSES.txt`, texts.join("\n\n"));
}

if (watch) await (await context(options)).watch();
else writeLicences((await build(options)).metafile);
