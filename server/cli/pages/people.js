// Who is in the room, and who of them is typing.
const TYPING_MS = 3_000;

const list = document.querySelector("#people");
const count = document.querySelector("#count");
const typingLine = document.querySelector("#typing");
const people = new Map();
const typing = new Map();

export function hue(id) {
  let sum = 0;
  for (const letter of id) {
    sum = (sum * 31 + letter.codePointAt(0)) % 360;
  }
  return sum;
}

/** Takes all of them in place of the former ones. `me` is this page's own id. */
export function replace(all, me) {
  people.clear();
  typing.forEach((timer) => clearTimeout(timer));
  typing.clear();
  all.forEach((person) => people.set(person.id, { ...person, me: person.id === me }));
  show();
}

/** Adds or changes one, and says whether it is new. */
export function put(person) {
  const before = people.get(person.id);
  people.set(person.id, { ...person, me: before?.me ?? false });
  show();
  return !before;
}

export function remove(person) {
  people.delete(person.id);
  quiet(person.id);
  show();
}

export function isTyping(person) {
  clearTimeout(typing.get(person.id));
  typing.set(person.id, setTimeout(() => quiet(person.id), TYPING_MS));
  showTyping();
}

export function quiet(id) {
  clearTimeout(typing.get(id));
  typing.delete(id);
  showTyping();
}

function show() {
  const all = [...people.values()].sort((a, b) => b.me - a.me || a.name.localeCompare(b.name));
  list.replaceChildren(...all.map(entry));
  count.textContent = String(all.length);
  showTyping();
}

function entry(person) {
  const item = document.createElement("li");
  const face = document.createElement("span");
  const name = document.createElement("span");
  face.className = "face";
  face.setAttribute("aria-hidden", "true");
  face.style.background = `hsl(${hue(person.id)} 45% 38%)`;
  face.textContent = [...person.name][0].toUpperCase();
  name.textContent = person.name + (person.me ? " (you)" : "") + (person.away ? " · connection lost" : "");
  item.classList.toggle("away", person.away);
  item.append(face, name);
  return item;
}

function showTyping() {
  const names = [...typing.keys()].map((id) => people.get(id)?.name).filter(Boolean);
  const who = names.length > 2 ? "Several people are" : names.length === 2 ? `${names.join(" and ")} are` : `${names[0]} is`;
  typingLine.textContent = names.length ? `${who} typing…` : "";
}
