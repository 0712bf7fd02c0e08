// npm run test:engines: the client in real engines, old and new, each transport forced alone and then none.
//
//   npm run test:engines                                   Chromium whole, and a smoke set in the other engines of every push
//   npm run test:engines -- --whole                        all transports, in all engines that are here
//   npm run test:engines -- --whole --write                and docs/browsers.md anew
//   npm run test:engines -- --whole --engine phantom_1 --transport jsonp --origin cross
//
// A page checks and reports by itself (engines/page.js), so any engine will do that opens one.
import { engines } from "./engines/index.mjs";
import { LIFE, control } from "./engines/life.mjs";
import { FREE, TRANSPORTS, cellOf, committed, committedRow, tables, write } from "./engines/matrix.mjs";
import { nothingLeft } from "./engines/process.mjs";
import { startSite } from "./engines/site.mjs";
import { Testbed } from "./testbed.mjs";
import { within } from "./wait.mjs";

const ORIGINS = ["same", "cross"];
const CHECKS = ["connect", "few", "order", "binary", "plain", "acks", "quiet", "restart"];
/** The pages that are tried on every push, beside the best transport that the engine has: some of old, and a free choice. */
const SMOKE = [["same", "forever_iframe"], ["cross", "jsonp"], ["same", FREE], ["cross", FREE]];
const PAGE_MS = 120_000;
/** Shorter than the defaults: an iframe whose server has died is noticed by nothing else. */
const BEAT = ["--ping-interval-ms", "2000", "--ping-timeout-ms", "3000"];

const whole = process.argv.includes("--whole");
const everyone = engines.map(({ engine }) => engine.name);
const chosen = {
  engines: option("engine", everyone),
  transports: option("transport", [...TRANSPORTS, FREE]),
  origins: option("origin", ORIGINS),
};
const failures = [];
const rows = [];
const started = Date.now();

for (const one of engines) {
  const { name, title, every } = one.engine;
  if (!chosen.engines.includes(name) || !(every || whole)) {
    continue;
  }
  const missing = one.missing();
  if (missing) {
    console.log(`${title.padEnd(18)}left out: ${missing}`);
    if (every && process.env.CI) {
      failures.push(`${title} is part of every push, and not here: ${missing}`);
    }
    continue;
  }
  await tryEngine(one).catch((error) => failures.push(`${title}: ${error.stack}`));
}
await nothingLeft().catch((error) => failures.push(error.message));
compare();

failures.forEach((failure) => console.log(`\n${failure}`));
console.log(`\n${failures.length === 0 ? "all as expected" : `${failures.length} failed`}, ${Math.round((Date.now() - started) / 1000)} s`);
process.exit(failures.length > 0 ? 1 : 0);

async function tryEngine({ engine, start }) {
  const begun = Date.now();
  const testbed = new Testbed(undefined, BEAT);
  await testbed.start();
  const runs = new Map();
  const browser = await start();
  const site = await startSite({
    testbed,
    control: (word) => control(word, browser, testbed),
    report: (run, entry) => runs.get(run)?.(entry),
  });
  const found = Object.fromEntries([...TRANSPORTS, FREE].map((name) => [name, {}]));
  const life = {};
  try {
    for (const [origin, transport] of pagesOf(engine)) {
      const best = TRANSPORTS.find((name) => expected(engine, name, origin) === "yes");
      const plan = {
        run: `${origin}-${transport}`,
        url: origin === "same" ? "/everwire" : `${testbed.origin}/everwire`,
        transport: transport === FREE ? "" : transport,
        best: (transport === FREE && best) || "",
        websocket: `${testbed.origin.replace("http", "ws")}/everwire/websocket`,
        checks: (transport === FREE ? [...CHECKS, "draft"] : CHECKS).join(),
      };
      found[transport][origin] = (await tryPage(engine, browser, site, runs, plan)).why;
    }
    for (const { name, transport } of lifeOf(engine, browser)) {
      const plan = { run: `same-${name}`, url: "/everwire", transport, best: "", checks: `connect,${name}` };
      const { why, entries } = await tryPage(engine, browser, site, runs, plan);
      life[name] = why !== "yes" ? why : name !== "stored" ? "yes" : entries.some((entry) => entry.anew) ? "loaded anew" : "kept";
    }
  } finally {
    await browser.close();
    await site.close();
    await testbed.stop("SIGKILL");
  }
  const cells = Object.fromEntries(Object.entries(found).map(([name, cell]) => [name, cellOf(cell)]));
  rows.push([engine, cells, life]);
  console.log(`${engine.title.padEnd(18)}${summary(found)}  ${Object.entries(life).map((pair) => pair.join(": ")).join("  ")}  ${Date.now() - begun} ms`);
}

/** What the life of a page can hold in this engine, if all is tried. */
function lifeOf(engine, browser) {
  return LIFE.filter(({ needs }) => whole && engine.life && chosen.transports.includes(FREE) && (!needs || browser[needs]));
}

/** Which pages an engine opens: `[origin, transport]`. */
function pagesOf(engine) {
  const best = TRANSPORTS.find((name) => expected(engine, name, "cross") === "yes");
  const all = whole || engine.name === "chromium" ? [...TRANSPORTS, FREE].flatMap((name) => ORIGINS.map((origin) => [origin, name])) : [["cross", best], ...SMOKE];
  return all.filter(([origin, name]) => chosen.origins.includes(origin) && chosen.transports.includes(name));
}

/** What the notes promise of an engine: without one it works. */
function expected({ notes, works = {} }, transport, origin) {
  return !notes[transport] ? "yes" : (works[transport] ?? "") === origin ? "yes" : "no";
}

/** Opens one page and follows its reports: `why` is "yes", or why not. */
async function tryPage(engine, browser, site, runs, plan) {
  const begun = Date.now();
  const { entries, late, log } = await follow(browser, site, runs, plan);
  const bad = entries.find((entry) => entry.error);
  const left = plan.checks.split(",").find((name) => !entries.some(({ check }) => check === name));
  const why = late || bad?.error || (left && `${left} was not tried`) || "yes";
  if (process.env.VERBOSE) {
    const checks = entries.filter(({ check }) => check).map(({ check, error, ms }) => `${check} ${error ?? ms}`);
    console.log(`  ${plan.run}: ${checks.join(", ")} ${late} ${Date.now() - begun} ms`);
  }
  // Only where it is known that it cannot work, this is no failure.
  const [origin, transport] = plan.run.split("-");
  const known = expected(engine, transport, origin) === "no" && /^(unavailable$|failed$|suspended)/.test(why);
  if (why !== "yes" && !known) {
    failures.push(`${engine.title}, ${transport}, ${origin} origin, ${bad?.check ?? "page"}: ${why}\n${log}`);
  }
  checkTraits(engine, entries.at(-1)?.traits);
  return { why, entries };
}

async function follow(browser, site, runs, plan) {
  const entries = [];
  const ended = new Promise((resolve) => {
    runs.set(plan.run, (entry) => {
      entries.push(entry);
      if (entry.end) {
        resolve();
      }
    });
  });
  const query = Object.entries(plan).map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&");
  const page = await browser.open(`${site.origin}/page?${query}`);
  let late = "";
  await within("the page's last report", ended, PAGE_MS).catch((error) => (late = error.message));
  const log = page.log?.() ?? "";
  await page.close();
  return { entries, late, log };
}

/** An engine that has lost what the tests rely on would prove nothing. */
function checkTraits(engine, traits) {
  for (const [name, wanted] of Object.entries((traits && engine.traits) || {})) {
    if (traits[name] !== wanted) {
      failures.push(`${engine.title} is not what it is here for: ${name} is ${traits[name]}`);
    }
  }
}

function summary(found) {
  const cells = Object.entries(found).filter(([, cell]) => cell.same ?? cell.cross);
  return cells.map(([name, cell]) => `${name}: ${[cell.same, cell.cross].map((text) => text ?? "-").join("/").slice(0, 40)}`).join("  ");
}

/** A note that has come to be wrong, or a cell that needs one, is a failure; so is a document that says otherwise. */
function compare() {
  const writes = process.argv.includes("--write");
  for (const [engine, cells] of rows) {
    const before = committedRow(engine);
    for (const [name, cell] of Object.entries(cells).filter(([, found]) => found !== null)) {
      if ((cell === "yes") !== !engine.notes[name]) {
        failures.push(`${engine.title}, ${name}: ${cell}, ${cell === "yes" ? "but its note says otherwise" : "and no note says why"}`);
      }
      if (cell !== before[name] && !writes) {
        failures.push(`${engine.title}, ${name}: ${cell}, but docs/browsers.md says ${before[name] ?? "nothing"}`);
      }
    }
  }
  const complete = rows.length === engines.length && rows.every(([, cells]) => !Object.values(cells).includes(null));
  if (writes && complete && failures.length === 0) {
    write(tables(rows));
  } else if (writes) {
    failures.push("docs/browsers.md is not written: that takes --whole, every engine, and no failure");
  } else if (complete && failures.length === 0 && committed() !== tables(rows)) {
    failures.push("docs/browsers.md is not what this run gives: npm run test:engines -- --whole --write");
  }
}

function option(name, all) {
  const at = process.argv.indexOf(`--${name}`);
  const wanted = at < 0 ? all : (process.argv[at + 1] ?? "").split(",");
  const unknown = wanted.filter((item) => !all.includes(item));
  if (unknown.length > 0) {
    console.error(`--${name}: no ${unknown.join(", ")}; there is ${all.join(", ")}`);
    process.exit(2);
  }
  return wanted;
}
