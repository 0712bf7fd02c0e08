// npm run test:recipes: the recipes of README.md as they stand there, each a file whose name is its first line, in a project that has
// the packed package. `npm run build` first: what is packed is dist/. With a folder as argument it leaves pictures of the pages there.
//
// Instead of a chat's server there is the testbed, so `say` is `pub` here, and `said` is `ev`.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { build } from "vite";
import { launch } from "../browser/chromium.mjs";
import * as phantom from "../browser/engines/phantom_1.mjs";
import { Testbed } from "../browser/testbed.mjs";
import { until, within } from "../browser/wait.mjs";
import { packInto, root } from "./pack.mjs";

const run = promisify(execFile);
const pictures = process.argv[2];
const runtimes = join(root, "test/runtimes/node_modules");
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8" };

/** What stands around a recipe. */
const AROUND = {
  "main.jsx": `
    import { StrictMode } from "react";
    import { createRoot } from "react-dom/client";
    import { Chat } from "./Chat.jsx";
    createRoot(document.getElementById("root")).render(<StrictMode><Chat /></StrictMode>);`,
  "react.html": `<!doctype html><meta charset="utf-8"><title>React</title><link rel="icon" href="data:,"><div id="root"></div><script type="module" src="/main.jsx"></script>`,
  "worker.html": `<!doctype html><meta charset="utf-8"><title>Worker</title><link rel="icon" href="data:,"><script>window.shown = []; window.show = (text) => shown.push(text);</script><script type="module" src="/page.js"></script>`,
};

/** Uses the page with the script tag as somebody would, and says what it shows. ES3: it runs in every engine. */
const USER = `<script>
  var asked = false;
  setInterval(function () {
    var lines = byId("said").getElementsByTagName("li");
    if (byId("state").innerHTML === "online" && !asked) {
      asked = true;
      byId("text").value = "caf\\u00e9 <b>";
      byId("say").onclick();
    }
    if (lines.length) {
      window.result = byId("state").innerHTML + ", " + lines.length + ": " + lines[0].firstChild.nodeValue;
      console.log("result " + window.result);
    }
  }, 50);
</script>`;

// In production React's StrictMode does not mount twice, and so would not see what is left behind.
process.env.NODE_ENV = "development";
const folder = await mkdtemp(join(tmpdir(), "everwire-recipes-"));
const inside = (name) => join(folder, name);
const testbed = new Testbed();
let failed = 0;
try {
  await testbed.start();
  await packInto(folder);
  await project();
  await check("typed.ts compiles", () => compile("typed.ts"));
  await program("program.mjs, in node", process.execPath, [inside("program.mjs")], /^3\n$/);
  const deno = (await readFile(inside("program.mjs"), "utf8")).replace('"everwire"', '"npm:everwire"');
  await writeFile(inside("deno.mjs"), deno);
  await program("program.mjs, in Deno", join(runtimes, "deno/deno"), ["run", "--quiet", "--allow-net", "deno.mjs"], /^3\n$/);
  await program("program.mjs, in Bun", join(runtimes, "bun/bin/bun"), ["program.mjs"], /^3\n$/);
  await program("node18.mjs, in node 18", join(runtimes, "node-18/bin/node"), ["node18.mjs"], /^3 over websocket\n$/);
  await inBrowsers();
} finally {
  await testbed.stop("SIGKILL");
  await rm(folder, { recursive: true });
}
process.exit(failed > 0 ? 1 : 0);

async function check(what, code) {
  try {
    await code();
    console.log(`ok    ${what}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${what}: ${error.message}\n${error.stdout ?? ""}${error.stderr ?? ""}`);
  }
}

/** Leaves out what needs something that is not here; but not in the continuous integration. */
async function withThat(what, missing, code) {
  if (missing && !process.env.CI) {
    console.log(`none  ${what}: ${missing}`);
  } else {
    await check(what, missing ? () => Promise.reject(new Error(missing)) : code);
  }
}

/** Writes the recipes into the project. */
async function project() {
  const text = await readFile(join(root, "README.md"), "utf8");
  const recipes = [...text.matchAll(/^```\w+\n(?:\/\/|<!--) ([\w.]+)(?: -->)?\n([^]*?)^```$/gm)].map(([, name, code]) => [name, code]);
  for (const [name, code] of [...Object.entries(AROUND), ...recipes]) {
    await writeFile(inside(name), here(name, code));
  }
  await writeFile(inside("page.html"), `${await readFile(inside("page.html"), "utf8")}${USER}`);
  await copyFile(inside("node_modules/everwire/dist/everwire.min.js"), inside("everwire.min.js"));
  for (const name of ["react", "react-dom", "scheduler"]) {
    await symlink(join(root, "node_modules", name), inside(`node_modules/${name}`));
  }
  await symlink(join(runtimes, "ws"), inside("node_modules/ws"));
}

/** With the server and the events that are here. In a page of HTML, elements have these names too. */
function here(name, code) {
  const events = { '"say"': '"pub"', '"said"': '"ev"' };
  const placed = code.replaceAll("https://example.com/everwire", `${testbed.origin}/everwire`);
  return name.endsWith(".ts") ? placed : placed.replace(/(?<!id=|byId\()"(say|said)"/g, (event) => events[event]);
}

async function compile(name) {
  const options = ["--strict", "--noEmit", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2022,dom"];
  await run(join(root, "node_modules/.bin/tsc"), [...options, name], { cwd: folder });
}

async function program(what, path, args, said) {
  const missing = existsSync(path) ? null : "not here: npm ci --ignore-scripts in client-js/test/runtimes";
  await withThat(what, missing, async () => {
    const { stdout } = await within("its end", run(path, args, { cwd: folder, env: { ...process.env, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" } }));
    assert.match(stdout, said);
  });
}

async function inBrowsers() {
  for (const name of ["react", "worker"]) {
    await check(`Vite builds ${name}.html`, () => build({ root: folder, base: "./", configFile: false, logLevel: "error", build: { rollupOptions: { input: inside(`${name}.html`) }, outDir: `built-${name}` } }));
  }
  const site = await serve();
  const browser = await launch();
  try {
    await check("React in Chromium: says, hears once, and shows a restart", () => react(browser, `${site.origin}/built-react/react.html`));
    await check("a worker in Chromium", () => worker(browser, `${site.origin}/built-worker/worker.html`));
    await check("a script tag in Chromium", () => scriptTag(browser, `${site.origin}/page.html`));
    await withThat("a script tag in PhantomJS 1.9.8", phantom.missing(), () => inPhantom(`${site.origin}/page.html`));
  } finally {
    await browser.close();
    await site.close();
  }
}

async function react(browser, url) {
  const page = await browser.open(url);
  const shows = (text) => page.until(`it shows ${text}`, (wanted) => document.querySelector("p")?.textContent === wanted, text);
  const lines = () => page.evaluate(() => [...document.querySelectorAll("li")].map((line) => line.textContent));
  const say = async (text) => {
    await page.evaluate(() => document.querySelector("input").focus());
    await page.type(text);
    await page.press("Enter");
  };
  await shows("online");
  await say("hello");
  await say("hello again");
  await until("both lines", async () => (await lines()).length >= 2);
  await testbed.stop("SIGKILL");
  await shows("connecting…");
  await say("said offline");
  await testbed.start();
  await shows("online");
  await say("last");
  await until("the last line", async () => (await lines()).includes("last"));
  // What was said while there was no server to take it was told as unconfirmed, or came in the next session.
  assert.deepEqual((await lines()).filter((line) => line !== "said offline"), ["hello", "hello again", "last"]);
  assert.deepEqual(page.problems.filter((problem) => !/net::|WebSocket/.test(problem)), []);
  await picture(page, "react");
  await page.close();
}

async function worker(browser, url) {
  const page = await browser.open(url);
  await page.until("the worker's answer", () => window.shown.length > 0);
  assert.deepEqual(await page.evaluate(() => window.shown), ["hello"]);
  assert.deepEqual(page.problems, []);
  await page.close();
}

async function scriptTag(browser, url) {
  const page = await browser.open(url);
  await page.until("a line", () => window.result);
  assert.equal(await page.evaluate(() => window.result), "online, 1: café <b>");
  assert.deepEqual(page.problems, []);
  await picture(page, "script_tag");
  await page.close();
}

async function inPhantom(url) {
  const engine = await phantom.start();
  const page = await engine.open(url);
  try {
    await until("a line", () => /result|error/.test(page.log()));
    assert.match(page.log(), /^result online, 1: café <b>$/m);
  } finally {
    await page.close();
    await engine.close();
  }
}

async function picture(page, name) {
  if (pictures) {
    await page.screenshot(join(pictures, `${name}.png`), 640, 360);
  }
}

/** The project's own files, for pages of it. */
async function serve() {
  const server = createServer((request, response) => {
    const [path] = request.url.split("?");
    readFile(join(folder, path)).then(
      (body) => response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
