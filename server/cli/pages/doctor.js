// The doctor's page: examines one transport after the other, and shows what was found.
import { TRANSPORTS, explain, lacking } from "/pages/advice.js";
import { MOUNT, examine } from "/pages/examine.js";

const $ = (id) => document.getElementById(id);
const cards = new Map(TRANSPORTS.map(({ name, how }) => [name, card(name, how)]));
let results = [];

$("transports").append(...[...cards.values()].map(({ item }) => item));
$("run").addEventListener("click", run);
$("copy").addEventListener("click", copy);
run();

async function run() {
  results = [];
  $("run").disabled = $("copy").disabled = true;
  $("text").hidden = true;
  cards.forEach((one) => show(one, "", "waiting for its turn"));
  for (const { name } of TRANSPORTS) {
    verdict("waiting", `Examining ${name}… (${results.length + 1} of ${TRANSPORTS.length})`);
    results.push(await one(name));
  }
  summary();
  $("run").disabled = $("copy").disabled = false;
}

async function one(name) {
  const shown = cards.get(name);
  show(shown, "waiting", "opening");
  try {
    if (lacking(name)) {
      throw Object.assign(new Error("missing"), { stage: "open" });
    }
    const found = await examine(name, (step) => show(shown, "waiting", step));
    show(shown, "good", "works", figures(found));
    return { name, found };
  } catch (error) {
    const words = await explain(name, MOUNT, error);
    show(shown, "bad", "does not work", [], words);
    return { name, words };
  }
}

function figures({ flights, handshake, openMs, tripMs, requests }) {
  return [
    ["Flights to open", flights + (handshake ? " (+ upgrade)" : "")],
    ["Time to open", milliseconds(openMs)],
    ["Round trip", milliseconds(tripMs)],
    ["Events in order", "100 + 100"],
    ["Binary", "unchanged"],
    ["Requests", String(requests)],
  ];
}

function milliseconds(ms) {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

// ---- showing

function card(name, how) {
  const item = document.createElement("li");
  item.className = "card";
  const head = document.createElement("header");
  const [dot, title, state] = [element("span", "dot"), element("h2", "", name), element("span", "state")];
  head.append(dot, title, state);
  const list = element("dl", "figures");
  const words = element("p", "words");
  item.append(head, element("p", "how", how), list, words);
  return { item, state, list, words };
}

function show({ item, state, list, words }, how, text, found = [], why = "") {
  item.dataset.state = how;
  state.textContent = text;
  list.replaceChildren(...found.map(figure));
  list.hidden = !found.length;
  words.textContent = why;
  words.hidden = !why;
}

function figure([name, value]) {
  const pair = document.createElement("div");
  pair.append(element("dt", "", name), element("dd", "", value));
  return pair;
}

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function verdict(state, text) {
  $("result").dataset.state = state;
  $("verdict").textContent = text;
}

function summary() {
  const working = results.filter(({ found }) => found).map(({ name }) => name);
  const chosen = working.find((name) => name !== "jsonp");
  const next = chosen ? ` Everwire uses ${chosen} here.` : "";
  if (working.length === results.length) {
    verdict("good", `All ${working.length} transports work from here.${next}`);
  } else if (working.length) {
    verdict("good", `${working.length} of ${results.length} transports work from here.${next}`);
  } else {
    verdict("bad", "No transport works from here.");
  }
}

// ---- as text

function asText() {
  const lines = results.map(({ name, found, words }) => {
    const all = found && figures(found).map(([what, value]) => `${what.toLowerCase()} ${value}`);
    return `${name}: ${found ? `works; ${all.join(", ")}` : `does not work. ${words}`}`;
  });
  const head = [`Everwire connection doctor, ${new Date().toISOString()}`, location.origin, navigator.userAgent];
  return [...head, "", $("verdict").textContent, ...lines, ""].join("\n");
}

async function copy() {
  const text = asText();
  try {
    await navigator.clipboard.writeText(text);
    $("copy").textContent = "Copied";
    setTimeout(() => ($("copy").textContent = "Copy as text"), 2_000);
  } catch {
    // No clipboard on pages without TLS, or it was not allowed: to be copied by hand.
    $("text").value = text;
    $("text").hidden = false;
    $("text").select();
  }
}
