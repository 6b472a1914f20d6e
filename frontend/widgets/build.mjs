// Bundles the widgets: one module, one style sheet, and the stub that every widget sends of its own.
//
//     node widgets/build.mjs [--watch]
import { build, context } from "esbuild";

const watch = process.argv.includes("--watch");

const options = {
  entryPoints: { widgets: "widgets/src/index.ts", stub: "widgets/src/stub.ts" },
  outdir: "../workbench/static",
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  minify: !watch,
  // A module without an address has no neighbours: the map of what is shipped lies beside it, for debuggers.
  sourcemap: watch ? "inline" : "external",
  sourcesContent: watch,
  logLevel: "info",
};

if (watch) await (await context(options)).watch();
else await build(options);
