// npm run test:package: the package as its users have it. It is packed, unpacked in a new project, checked by publint and
// are-the-types-wrong, compiled against with its types, bundled by Vite, webpack and esbuild, and run against the testbed: the
// bundles in Chromium, the files themselves in node. `npm run build` first: what is packed is dist/.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import * as esbuild from "esbuild";
import { build as vite } from "vite";
import webpack from "webpack";
import { launch } from "../browser/chromium.mjs";
import { startStaticServer } from "../browser/static-server.mjs";
import { Testbed } from "../browser/testbed.mjs";
import { packInto, root } from "./pack.mjs";

const run = promisify(execFile);
const bin = (name) => join(root, "node_modules/.bin", name);

/** What every app does: an echo, and an ack. It says over what. */
const CONVERSE = `
export function converse(socket) {
  return new Promise((resolve, reject) => {
    const seen = [];
    socket.on("connect_error", reject);
    socket.on("echo", (...args) => seen.push(JSON.stringify(args)));
    socket.emit("echo", 1, "two");
    socket.emitWithAck("message-with-ack", 7).then((back) => resolve(seen.concat(back, socket.transport).join(" ")), reject).then(() => socket.close());
  });
}
`;

const APPS = {
  default: `
    import { connect } from "everwire";
    import { converse } from "./converse.js";
    window.result = converse(connect(window.server));`,
  core: `
    import { connect } from "everwire/core";
    import { websocket } from "everwire/websocket";
    import { converse } from "./converse.js";
    window.result = converse(connect(window.server, { transports: [websocket] }));`,
  "core, polling": `
    import { connect } from "everwire/core";
    import { long_polling } from "everwire/long_polling";
    import { converse } from "./converse.js";
    window.result = converse(connect(window.server, { transports: [long_polling] }));`,
  legacy: `
    import { connect } from "everwire/legacy";
    import { converse } from "./converse.js";
    window.result = converse(connect(window.server, { transports: ["forever_iframe"] }));`,
};
const SAID = { default: "websocket", core: "websocket", "core, polling": "long_polling", legacy: "forever_iframe" };

const BUNDLERS = {
  async esbuild(file) {
    const { outputFiles } = await esbuild.build({ entryPoints: [file], bundle: true, minify: true, write: false, format: "esm" });
    return outputFiles[0].text;
  },
  async Vite(file) {
    const built = await vite({
      root: dirname(file),
      configFile: false,
      logLevel: "error",
      build: { write: false, rollupOptions: { input: file }, modulePreload: false },
    });
    return [built].flat()[0].output[0].code;
  },
  async webpack(file) {
    const output = { path: dirname(file), filename: "webpack.out.js" };
    const stats = await promisify(webpack)({ entry: file, context: dirname(file), mode: "production", output });
    assert.deepEqual(stats.toJson({ all: false, errors: true, warnings: true }).errors, []);
    return readFile(join(output.path, output.filename), "utf8");
  },
};

const NODE = {
  "import.mjs": `
    import { connect } from "everwire";
    import { converse } from "./converse.mjs";
    console.log(await converse(connect(process.argv[2])));`,
  "require.cjs": `
    const { connect } = require("everwire");
    import("./converse.mjs").then(({ converse }) => converse(connect(process.argv[2]))).then(console.log);`,
  "core.mjs": `
    import { connect } from "everwire/core";
    import { websocket } from "everwire/websocket";
    import { createRequire } from "node:module";
    import { converse } from "./converse.mjs";
    const { WebSocket } = createRequire(${JSON.stringify(join(root, "package.json"))})("ws");
    const socket = connect(process.argv[2], { transports: [websocket], WebSocket });
    const bytes = new Uint8Array([1, 254]);
    let code;
    try { socket.emit("echo", bytes); } catch (error) { code = error.code; }
    if (code !== "bad_data") throw new Error("binary without its form: " + code);
    console.log(await converse(socket));
    const { binary } = await import("everwire/binary");
    const able = connect(process.argv[2], { transports: [websocket], WebSocket, binary, multiplex: false });
    const back = await able.emitWithAck("message-with-ack", bytes);
    if (String(back) !== "1,254") throw new Error("binary came back as " + back);
    able.close();`,
};

const TYPED = `
import { connect, diagnose, type Socket, type Transport } from "everwire";
import { connect as core } from "everwire/core";
import { long_polling } from "everwire/long_polling";
import { websocket } from "everwire/websocket";
interface Hears { said(text: string): void }
interface Says { add(a: number, b: number, done: (error: Error | null, sum: number) => void): void }
const socket: Socket<Hears, Says> = connect<Hears, Says>("/", { transports: ["websocket", long_polling] });
const sum: Promise<number> = socket.emitWithAck("add", 1, 2);
const one: Transport = websocket;
core<Hears, Says>("/", { transports: [one] }).on("said", (text) => text.length);
void sum; void diagnose;
// @ts-expect-error: core has no names
core("/", { transports: ["websocket"] });
// @ts-expect-error: a transport of the legacy entry
connect("/", { transports: ["jsonp"] });
`;

const folder = await mkdtemp(join(tmpdir(), "everwire-app-"));
const testbed = new Testbed();
let failed = 0;
try {
  const packed = await pack();
  await check("publint", () => run(bin("publint"), [packed, "--strict"]));
  // Old resolution (node10) knows no exports; those who need it have the main entry.
  await check("are the types wrong", () => run(bin("attw"), [packed, "--profile", "node16", "--format", "ascii"]));
  await check("types, bundler", () => compile("app.mts", "esnext", "bundler"));
  await check("types, node ESM", () => compile("app.mts", "node16", "node16"));
  await check("types, node CommonJS", () => compile("app.cts", "node16", "node16"));
  await testbed.start();
  await inNode();
  await inChromium();
} finally {
  await testbed.stop("SIGKILL");
  await rm(folder, { recursive: true });
}
process.exit(failed > 0 ? 1 : 0);

async function check(what, code) {
  try {
    const said = await code();
    console.log(`ok    ${what}${typeof said === "string" ? `: ${said}` : ""}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${what}: ${error.message}\n${error.stdout ?? ""}${error.stderr ?? ""}`);
  }
}

/** The project of the apps. Answers with the tarball. */
async function pack() {
  const { tarball, paths, unpackedSize } = await packInto(folder);
  await check("contents", () => {
    assert.deepEqual(paths.filter((path) => !/^(dist\/[\w.]+|package\.json|README\.md|LICENSE-\w+)$/.test(path)), []);
    return `${paths.length} files, ${Math.round(unpackedSize / 1024)} KiB`;
  });
  await writeFile(join(folder, "converse.js"), CONVERSE);
  await writeFile(join(folder, "converse.mjs"), CONVERSE);
  return tarball;
}

async function compile(name, module, resolution) {
  await writeFile(join(folder, name), TYPED);
  const options = ["--strict", "--noEmit", "--skipLibCheck", "false", "--lib", "es2020,dom"];
  await run(bin("tsc"), [...options, "--module", module, "--moduleResolution", resolution, "--target", "es2020", name], { cwd: folder });
}

async function inNode() {
  for (const [name, code] of Object.entries(NODE)) {
    await writeFile(join(folder, name), code);
    for (const flags of [[], ["--no-experimental-global-webcrypto"]]) {
      await check(`node ${flags} ${name}`, async () => {
        const { stdout } = await run(process.execPath, [...flags, name, `${testbed.origin}/everwire`], { cwd: folder });
        assert.match(stdout, /^\[1,"two"\] 7 (websocket|streaming|long_polling)\n$/);
        return stdout.trim();
      });
    }
  }
}

async function inChromium() {
  const pages = {};
  for (const [app, code] of Object.entries(APPS)) {
    for (const [name, bundle] of Object.entries(BUNDLERS)) {
      await check(`${name} bundles ${app}`, async () => {
        const file = join(folder, "app.js");
        await writeFile(file, code);
        const text = await bundle(file);
        const script = text.replace(/<\/script/g, "<\\/script");
        pages[`/${name}/${app.replace(/\W+/g, "_")}`] =
          `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body><script>window.server = "${testbed.origin}/everwire"</script><script type="module">${script}</script>`;
        return `${text.length} bytes`;
      });
    }
  }
  const site = await startStaticServer(pages);
  const browser = await launch();
  for (const path of Object.keys(pages)) {
    await check(`Chromium ${path}`, async () => {
      const page = await browser.open(site.origin + path);
      await page.until("the app", () => window.result !== undefined);
      const said = await page.evaluate(() => window.result);
      const [, transport] = Object.entries(SAID).find(([app]) => path.endsWith(`/${app.replace(/\W+/g, "_")}`));
      assert.equal(said, `[1,"two"] 7 ${transport}`);
      await page.close();
      return said;
    });
  }
  await browser.close();
  await site.close();
}
