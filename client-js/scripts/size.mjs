// npm run size: what a visitor downloads, minified and gzipped (-9), of an app that a bundler has made of the published files. Fails
// when a limit is passed (package.json, "sizes", in bytes for each minifier). Then what each part of the default client adds.
import { mkdtemp, mkdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";
import { distDir, root } from "./bundle.mjs";

const APPS = {
  core: `import { connect } from "everwire/core"; import { websocket } from "everwire/websocket";
    connect("/", { transports: [websocket] }).on("a", console.log).emit("b");`,
  default: `import { connect } from "everwire"; connect("/").on("a", console.log).emit("b");`,
};

/** What the default client has, one by one; the last step, to the default client itself, is negotiation and what looks after the page. */
const PARTS = ["websocket", "binary", "long_polling", "streaming", "event_source"];

const { sizes } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
const folder = await mkdtemp(join(tmpdir(), "everwire-size-"));
try {
  await mkdir(join(folder, "node_modules"));
  await symlink(root, join(folder, "node_modules/everwire"));
  console.log(row("what", "by", "bytes", "gzip", "goal", "limit", ""));
  for (const [name, { about, goal, limits }] of Object.entries(sizes)) {
    for (const [by, code] of Object.entries(await bundles(name, about))) {
      const gzip = gzipSync(code, { level: 9 }).length;
      const limit = limits[by];
      const verdict = gzip > limit ? "OVER THE LIMIT" : gzip > goal ? "over the goal" : "ok";
      console.log(row(name, by, code.length, gzip, goal, limit, verdict));
      if (gzip > limit) {
        process.exitCode = 1;
      }
    }
  }
  let before = 0;
  console.log("\n" + row("part", "terser", "gzip", "adds"));
  for (const part of [...PARTS, "the rest"]) {
    const app = part === "the rest" ? APPS.default : coreApp(PARTS.slice(0, PARTS.indexOf(part) + 1));
    const gzip = gzipSync((await minified(app)).terser, { level: 9 }).length;
    console.log(row(part, "", gzip, gzip - before));
    before = gzip;
  }
} finally {
  await rm(folder, { recursive: true });
}

async function bundles(name, about) {
  if (!APPS[name]) {
    return { file: await readFile(join(distDir, about.replace("dist/", "")), "utf8") };
  }
  return minified(APPS[name]);
}

/** A core client with these parts. */
function coreApp(parts) {
  const imports = parts.map((part) => `import { ${part} } from "everwire/${part}";`).join("\n");
  const transports = parts.filter((part) => part !== "binary");
  return `import { connect } from "everwire/core"; ${imports}
    connect("/", { transports: [${transports}]${parts.includes("binary") ? ", binary" : ""} }).on("a", console.log).emit("b");`;
}

async function minified(contents) {
  const options = { bundle: true, write: false, format: "esm", target: "es2018", absWorkingDir: folder, legalComments: "none" };
  const stdin = { contents, resolveDir: folder };
  const text = async (more) => (await build({ ...options, stdin, ...more })).outputFiles[0].text;
  const terser = await minify(await text({}), { module: true, ecma: 2018, compress: { passes: 2 } });
  return { esbuild: await text({ minify: true }), terser: terser.code };
}

function row(name, by, ...cells) {
  return name.padEnd(13) + by.padEnd(10) + cells.map((cell) => String(cell).padStart(8)).join("  ");
}
