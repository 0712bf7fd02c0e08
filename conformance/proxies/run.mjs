// node conformance/proxies/run.mjs: the client behind real nginx and haproxy, every transport forced alone and all of them free,
// in node and in Chromium. What is expected stands in configs.mjs.
//
//   --only mute,gzip   only configurations whose name contains one of these
//   --no-browser       node alone
//   --verbose          what each session went through
//   --long             the server's own heartbeat, a cut after 30 s, a minute of silence
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "../../client-js/dist/everwire.mjs";
import { launch } from "../../client-js/test/browser/chromium.mjs";
import { Testbed, findTestbed } from "../../client-js/test/browser/testbed.mjs";
import { until, within } from "../../client-js/test/browser/wait.mjs";
import { IN_BROWSER, IN_NODE, configs } from "./configs.mjs";
import { EventSource } from "./event_source.mjs";
import { exercise } from "./exercise.mjs";
import { FREE, canCarry, judgeDelivery, judgePath } from "./judge.mjs";
import { Proxy } from "./proxy.mjs";
import { turns } from "./turns.mjs";

const { WebSocket, WebSocketServer } = createRequire(new URL("../../client-js/package.json", import.meta.url))("ws");
const LONG = process.argv.includes("--long");
const VERBOSE = process.argv.includes("--verbose");
const BROWSER = !process.argv.includes("--no-browser");
const ONLY = (process.argv[process.argv.indexOf("--only") + 1 || Infinity] ?? "").split(",");
const TIMES = LONG
  ? { ping: 10_000, cut: "30s", idleMs: 60_000, cellMs: 240_000, allMs: 1_200_000 }
  : { ping: 700, cut: "2s", idleMs: 2_500, cellMs: 45_000, allMs: 115_000 };
const MANY = 100;
const TRIES = 2;
/** Bytes of a binary argument; large, with what is around it, just fits. */
const SMALL = 3_000;
const LARGE = 990_000;
/** Proxies at a time, and pages: a client that is short of processor time takes slow for silent. */
const inTurn = { node: turns(LONG ? 12 : 8), browser: turns(LONG ? 8 : 4) };
/** More than a heartbeat and its time-out: a stream that is held back is given up by then. */
const GIVEN_UP_MS = 20_000;

// The certificate of this run is signed by nobody.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
process.removeAllListeners("warning");
["SIGINT", "SIGTERM"].forEach((signal) => process.once(signal, () => process.exit(130)));
const limit = setTimeout(() => {
  console.log("not at its end in time\n0 passed, 1 failed");
  process.exit(1);
}, TIMES.allMs);

const failures = [];
const rowsBegun = new Map();
let passed = 0;
const chosen = configs.filter(({ proxy, name }) => ONLY.some((part) => `${proxy} ${name}`.includes(part)));
const dir = mkdtempSync(join(tmpdir(), "everwire-proxies-"));
process.once("exit", () => rmSync(dir, { recursive: true, force: true }));
const certificate = selfSigned();
const servers = { any: await testbed("any"), same: await testbed("same") };
const mute = await startMute();
const browser = BROWSER ? await launch(["--ignore-certificate-errors"]) : null;
try {
  console.log(line("", [...IN_NODE, FREE, ...(browser ? IN_BROWSER : []), browser ? FREE : ""]));
  // Those where something is silent take longest.
  const first = chosen.filter(({ silent }) => silent);
  first.forEach(behindOnce);
  const rows = await Promise.all(chosen.map(behindOnce));
  rows.forEach((row) => console.log(row));
} finally {
  await browser?.close();
  mute.close();
  await Promise.all(Object.values(servers).map((server) => server.stop("SIGKILL")));
}
clearTimeout(limit);
failures.forEach((failure) => console.log(`\n${failure}`));
console.log(`\n${passed} passed, ${failures.length} failed`);
process.exit(failures.length > 0 || passed === 0 ? 1 : 0);

function behindOnce(config) {
  const row = rowsBegun.get(config) ?? behind(config);
  rowsBegun.set(config, row);
  return row;
}

/** Everything behind one proxy; its row of the table. */
async function behind(config) {
  const server = servers[config.origins ?? "any"];
  const proxy = new Proxy(config, {
    server: `127.0.0.1:${server.port}`,
    mute: `127.0.0.1:${mute.address().port}`,
    cut: TIMES.cut,
    certificate,
  });
  try {
    await proxy.start();
    const rows = [inTurn.node(() => inNode(config, proxy))];
    if (browser) {
      rows.push(inTurn.browser(() => inPage(config, proxy)));
    }
    return line(`${config.proxy} ${config.name}`, (await Promise.all(rows)).flat());
  } catch (error) {
    failures.push(`${config.proxy} ${config.name}: ${error.stack}`);
    return line(`${config.proxy} ${config.name}`, ["FAILED"]);
  } finally {
    proxy.stop();
  }
}

function optionsOf(name) {
  return name === FREE ? {} : { transports: [name] };
}

function planOf(config, name) {
  const untilItFails = !canCarry(config, name);
  return { idleMs: untilItFails ? GIVEN_UP_MS : TIMES.idleMs, many: MANY, bytes: config.large ? LARGE : SMALL, untilItFails };
}

function inNode(config, proxy) {
  const cells = [...IN_NODE, FREE].map((name) => {
    const options = { ...optionsOf(name), WebSocket, EventSource };
    const run = () => exercise(connect, `${proxy.url}/everwire`, options, planOf(config, name));
    return cell(config, proxy, `${name} in node`, name, run);
  });
  return Promise.all(cells);
}

/** One page from the server itself, through the proxy. */
async function inPage(config, proxy) {
  const page = await browser.open(`${proxy.url}/`);
  await page.until("the page has the client", () => typeof window.everwire?.connect === "function");
  await page.evaluate(`window.exercise = ${exercise}; window.seen = {};`);
  const cells = [...IN_BROWSER, FREE].map(async (name) => {
    if (config.foreign && name === "jsonp") {
      return "-"; // The answer to a form is for nobody, so it cannot tell that it was refused.
    }
    const what = `${name} in Chromium`;
    return cell({ ...config, refused: config.foreign }, proxy, what, name, () => onPage(config, page, what, name));
  });
  const row = await Promise.all(cells);
  await page.close();
  return row;
}

async function onPage(config, page, what, name) {
  await page.evaluate(
    (name, options, plan) => {
      delete window.seen[name];
      exercise(everwire.connect, "/everwire", options, plan).then((seen) => (window.seen[name] = seen));
    },
    name,
    optionsOf(name),
    planOf(config, name),
  );
  return until(what, () => page.evaluate((name) => window.seen[name], name), TIMES.cellMs);
}

/**
 * Runs one session and judges it; its cell of the table. On a machine that is short of time slow looks like silent, so the path
 * has a second try. What is delivered has none.
 */
async function cell(config, proxy, what, name, run, tries = TRIES) {
  let seen = {};
  let wrong = null;
  let verdict;
  try {
    seen = await within(what, run(), TIMES.cellMs);
    wrong = judgeDelivery(seen);
    verdict = wrong ?? judgePath(config, name, seen);
  } catch (error) {
    verdict = error.message;
  }
  if (VERBOSE || verdict) {
    const log = seen.log?.map((event) => event.join(" ").trim()).join(", ");
    console.log(`${config.proxy} ${config.name}, ${what}: ${verdict ?? "as expected"} (${log})`);
  }
  if (!verdict) {
    passed += 1;
    return shown(config, name, seen);
  }
  if (!wrong && tries > 1) {
    return cell(config, proxy, what, name, run, tries - 1);
  }
  const told = [JSON.stringify(seen), ...proxy.log.trim().split("\n").slice(-3)].join("\n    ");
  failures.push(`${config.proxy} ${config.name}, ${what}: ${verdict}\n    ${told}`);
  return "FAILED";
}

function shown(config, name, seen) {
  if (config.refused) {
    return "refused";
  }
  return !canCarry(config, name) ? "fails" : name === FREE ? seen.over : "works";
}

async function testbed(origins) {
  const server = new Testbed(findTestbed(), ["--ping-interval-ms", String(TIMES.ping), "--origins", origins]);
  await server.start();
  return server;
}

/** Opens every WebSocket, and neither says nor does anything. */
function startMute() {
  return new Promise((resolve) => {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0 }, () => resolve(server));
  });
}

function selfSigned() {
  const paths = { pem: join(dir, "pem"), key: join(dir, "key") };
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  execFileSync("openssl", ["req", ...kind, ...subject, "-keyout", paths.key, "-out", paths.pem], { stdio: "ignore" });
  return paths;
}

function line(name, cells) {
  return name.padEnd(35) + cells.map((text) => text.padEnd(15)).join("").trimEnd();
}
