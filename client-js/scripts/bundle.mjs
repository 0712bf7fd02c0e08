// Turns src/ into every published file, in memory: name → content. Nothing here depends on the time, the
// machine or the folder, so the same source and lock file give the same bytes (check-dist relies on it).
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";
import { minify } from "terser";
import ts from "typescript";
import { shorten, shortNames } from "./names.mjs";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const distDir = join(root, "dist");
const src = join(root, "src");
const RANDOM = join(src, "env/random.ts");

/** Every file of dist/, as a Map from name to text. */
export async function bundleAll() {
  const { version, license } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const banner = `/*! Everwire ${version} | ${license} */`;
  const names = await shortNames(src);
  const files = new Map();
  const modern = stripTypes(ts.ScriptTarget.ES2018);
  const short = stripTypes(ts.ScriptTarget.ES2018, names);

  // For bundlers and node: what entries have in common is one file, of which a bundler takes what is used.
  const entries = await entryFiles();
  await withBundle({ ...entries, random: RANDOM }, [randomApart, resolveTs, short], async (bundle) => {
    await emitAll(bundle, files, "mjs", { ...parts, format: "es", banner });
    await emitAll(bundle, files, "cjs", { ...parts, format: "cjs", exports: "named", esModule: false, banner });
  });
  await withBundle({ "random.node": join(src, "env/random.node.ts") }, [resolveTs, short], async (bundle) => {
    await emitAll(bundle, files, "mjs", { format: "es", banner });
    await emitAll(bundle, files, "cjs", { format: "cjs", exports: "named", esModule: false, banner });
  });

  // For pages without a bundler: one file that needs no other.
  await withBundle(entries.index, [resolveTs, modern], async (bundle) => {
    await emit(bundle, files, "everwire.mjs", { format: "es", banner });
  });
  await withBundle(entries.index, [resolveTs, short], async (bundle) => {
    await emit(bundle, files, "everwire.min.mjs", { format: "es", plugins: [minified(modernMin, banner)] });
  });
  await bundleReadable(files, banner);
  await withBundle(entries.legacy, [resolveTs, stripTypes(ts.ScriptTarget.ESNext, names)], async (bundle) => {
    await emit(bundle, files, "everwire.min.js", { ...umd, plugins: [downlevel, minified(legacyMin, banner)] });
  });

  await withBundle(entries, [resolveTs, dts({ tsconfig: join(root, "tsconfig.json") })], async (bundle) => {
    for (const extension of ["d.ts", "d.mts"]) {
      const name = `[name].${extension}`;
      const { output } = await bundle.generate({ format: "es", banner, entryFileNames: name, chunkFileNames: name, manualChunks: apart("types") });
      for (const chunk of output) {
        const runtime = extension === "d.ts" ? ".js" : ".mjs";
        files.set(chunk.fileName, chunk.code.replace(/(from ')\.\/types\.d(\.m?ts)?(\.m?js)?'/g, `$1./types${runtime}'`));
      }
    }
  });
  return files;
}

/** The readable script for old browsers. It keeps its syntax until it is one file: so the ES5 helpers are emitted once. */
export async function bundleReadable(files = new Map(), banner = "") {
  const { legacy } = await entryFiles();
  await withBundle(legacy, [resolveTs, stripTypes(ts.ScriptTarget.ESNext)], async (bundle) => {
    await emit(bundle, files, "everwire.js", { ...umd, plugins: [downlevel, minified(legacyReadable, banner)] });
  });
  return files;
}

/** An entry as readable script whose exports are a global. */
export async function bundleScript(entry, name) {
  const files = new Map();
  await withBundle(entry, [resolveTs, stripTypes(ts.ScriptTarget.ES2018)], (bundle) => emit(bundle, files, name, { format: "iife", name }));
  return files.get(name);
}

/** All that is no entry goes into one file. */
function apart(name) {
  return (id) => (id.includes("/entries/") || id === RANDOM ? undefined : name);
}

/** Name → file of what can be imported. */
async function entryFiles() {
  const names = (await readdir(join(src, "entries"))).sort();
  return Object.fromEntries(names.map((name) => [name.replace(/\.ts$/, ""), join(src, "entries", name)]));
}

const parts = {
  manualChunks: apart("shared"),
  minifyInternalExports: false,
  hoistTransitiveImports: false,
};

const umd = {
  format: "umd",
  name: "everwire",
  exports: "named",
  generatedCode: "es5",
  strict: false,
  esModule: false,
  freeze: false,
  externalLiveBindings: false,
};

// No property here does anything when it is read.
const compress = { passes: 3, pure_getters: true };

const modernMin = { ecma: 2018, module: true, compress };

// `ie8` quotes property names that are reserved words in ES3 (`a["default"]`): wanted in the readable
// file too, so that one is printed by terser as well, with nothing else changed.
// It does not know all of them (`volatile`), so what the source has in brackets stays there.
const legacyMin = { ecma: 5, ie8: true, compress: { ...compress, properties: false }, format: { keep_quoted_props: true } };
const legacyReadable = {
  ecma: 5,
  ie8: true,
  compress: false,
  mangle: false,
  format: { beautify: true, keep_quoted_props: true, indent_level: 2, comments: "all" },
};

async function withBundle(input, plugins, use) {
  const bundle = await rollup({ input, plugins, onwarn: refuseWarnings, treeshake: { moduleSideEffects: false } });
  try {
    await use(bundle);
  } finally {
    await bundle.close();
  }
}

function refuseWarnings(warning) {
  // Modules know each other; none does anything when it is loaded.
  if (warning.code !== "CIRCULAR_DEPENDENCY") {
    throw new Error(`rollup: ${warning.message}`);
  }
}

async function emit(bundle, files, name, options) {
  // `file` is never written here; rollup makes the paths in the source map relative to it.
  const { output } = await bundle.generate({ ...options, file: join(distDir, name), sourcemap: true });
  const [chunk] = output;
  if (output.filter((part) => part.type === "chunk").length !== 1 || chunk.imports.length > 0) {
    throw new Error(`${name} is not self-contained: imports ${chunk.imports.join(", ")}`);
  }
  add(files, name, chunk);
}

async function emitAll(bundle, files, extension, options) {
  const names = { entryFileNames: `[name].${extension}`, chunkFileNames: `[name].${extension}` };
  const { output } = await bundle.generate({ ...options, ...names, dir: distDir, sourcemap: true });
  for (const chunk of output) {
    if (chunk.type === "chunk") {
      add(files, chunk.fileName, chunk);
    }
  }
}

function add(files, name, chunk) {
  files.set(name, chunk.code.endsWith("\n") ? chunk.code : `${chunk.code}\n`);
  files.set(`${name}.map`, `${chunk.map.toString()}\n`);
}

/** Finds `./name`, `./name.js` and `./name.ts` as the TypeScript file beside the importer. */
const resolveTs = {
  name: "resolve-ts",
  resolveId(source, importer) {
    if (source.startsWith("node:")) {
      return { id: source, external: true };
    }
    if (!importer || !source.startsWith(".")) {
      return null;
    }
    return join(dirname(importer), source.replace(/\.(js|ts)$/, "") + ".ts");
  },
};

/** Where random bits come from, package.json says ("imports"): node is not asked for what a browser has. */
const randomApart = {
  name: "random-apart",
  resolveId(source, importer) {
    return importer && source.endsWith("/random.ts") ? { id: "#random", external: true } : null;
  },
};

function stripTypes(target, names) {
  return {
    name: "strip-types",
    transform(code, id) {
      const { outputText, sourceMapText } = ts.transpileModule(code, {
        fileName: id,
        transformers: names ? { before: [shorten(names)] } : {},
        compilerOptions: {
          target,
          module: ts.ModuleKind.ESNext,
          verbatimModuleSyntax: true,
          useDefineForClassFields: false,
          sourceMap: true,
        },
      });
      return { code: dropMapComment(outputText), map: sourceMapText };
    },
  };
}

const downlevel = {
  name: "downlevel-to-es5",
  renderChunk(code) {
    const { outputText, sourceMapText } = ts.transpileModule(code, {
      fileName: "everwire.js",
      compilerOptions: {
        target: ts.ScriptTarget.ES5,
        module: ts.ModuleKind.None,
        alwaysStrict: false,
        sourceMap: true,
      },
    });
    const map = JSON.parse(sourceMapText);
    // TypeScript puts its helpers above everything: in a plain script they would be globals. Hence the
    // function around it all; its first line shifts the map by one.
    map.mappings = `;${map.mappings}`;
    return { code: `(function () {\n${dropMapComment(outputText)}\n}).call(this);`, map };
  },
};

function minified(options, banner) {
  return {
    name: "terser",
    async renderChunk(code) {
      const format = { preamble: banner, ...options.format };
      const { code: text, map } = await minify(code, { ...options, format, sourceMap: true });
      return { code: text, map };
    },
  };
}

function dropMapComment(code) {
  return code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n");
}
