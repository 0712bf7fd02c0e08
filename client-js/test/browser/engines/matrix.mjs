// What the runs found, as the table of docs/browsers.md.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LIFE } from "./life.mjs";

export const TRANSPORTS = ["websocket", "streaming", "event_source", "long_polling", "forever_iframe", "jsonp"];
export const FREE = "free";

const FILE = fileURLToPath(new URL("../../../../docs/browsers.md", import.meta.url));
const BEGIN = "<!-- The table is written by `npm run test:engines -- --whole --write`. -->";
const END = "<!-- The end of what is written. -->";

/** What a cell says: `same` and `cross` are what a page of each origin found, "yes" or why not. */
export function cellOf({ same, cross }) {
  if (same === undefined || cross === undefined) {
    return null; // Not all of it was tried.
  }
  return same === "yes" && cross === "yes" ? "yes" : same === "yes" ? "same origin" : cross === "yes" ? "other origins" : "no";
}

/** `rows` is `[engine, { transport: cell }, { event of a page's life: cell }]`. */
export function tables(rows) {
  return `${transportTable(rows)}\n\n${lifeTable(rows.filter(([engine]) => engine.life))}`;
}

function lifeTable(rows) {
  return [
    line(["", "stored away, and back", "offline, and online", "hidden, and seen"]),
    line(Array(LIFE.length + 1).fill("---")),
    ...rows.map(([engine, , life]) => line([engine.title, ...LIFE.map(({ name }) => life[name] ?? "–")])),
  ].join("\n");
}

function transportTable(rows) {
  const notes = [];
  const lines = [
    line(["", ...TRANSPORTS.map((name) => `\`${name}\``), "left free"]),
    line(Array(TRANSPORTS.length + 2).fill("---")),
    ...rows.map(([engine, cells]) => line([`${engine.title} (${engine.year})`, ...[...TRANSPORTS, FREE].map((name) => withNote(engine, name, cells[name], notes))])),
  ];
  return [...lines, "", ...notes.map((note, index) => `${index + 1}. ${note}`)].join("\n");
}

function withNote(engine, name, cell, notes) {
  const note = engine.notes[name];
  if (!note) {
    return cell;
  }
  const known = notes.indexOf(note);
  return `${cell} <sup>${known >= 0 ? known + 1 : notes.push(note)}</sup>`;
}

function line(cells) {
  return `| ${cells.join(" | ")} |`;
}

/** The table as it is committed. */
export function committed() {
  return readFileSync(FILE, "utf8").split(BEGIN)[1]?.split(END)[0].trim() ?? "";
}

export function write(text) {
  const [before, rest] = readFileSync(FILE, "utf8").split(BEGIN);
  writeFileSync(FILE, `${before}${BEGIN}\n\n${text}\n\n${END}${rest.split(END)[1]}`);
}

/** The committed cells of an engine, without their notes; `{}` if it has none. */
export function committedRow(engine) {
  const found = committed().split("\n").find((text) => text.startsWith(`| ${engine.title} (`));
  const cells = (found ?? "").split("|").slice(2, -1).map((cell) => cell.replace(/<sup>.*<\/sup>/, "").trim());
  return Object.fromEntries([...TRANSPORTS, FREE].map((name, index) => [name, cells[index]]));
}
