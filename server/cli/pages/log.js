// The list of messages. Whatever people wrote is set as text, never as HTML.
import { hue } from "/pages/people.js";

const MAX_ENTRIES = 300;

const log = document.querySelector("#log");

export function clear() {
  [...log.children].forEach(drop);
}

/** A line about what happened. */
export function note(text, bad = false) {
  const item = document.createElement("li");
  item.className = bad ? "note bad" : "note";
  item.textContent = text;
  add(item);
}

export function said(person, text, mine = false) {
  const what = document.createElement("p");
  what.className = "what";
  what.textContent = text;
  return message(person, what, mine);
}

export function pictured(person, bytes, type, mine = false) {
  const image = document.createElement("img");
  image.alt = `Picture from ${person.name}`;
  image.src = URL.createObjectURL(new Blob([bytes], { type }));
  image.onload = () => follow(true);
  image.onerror = () => image.replaceWith("(a picture that this browser cannot show)");
  return message(person, image, mine);
}

/** Says how sending went: in words, if it did not go well. */
export function settle(item, error) {
  const state = item.querySelector(".state");
  // A session that has ended unconfirmed leaves open what has arrived.
  const why = error && (error.code === "session_ended" ? "may not have arrived" : `not sent: ${error.message}`);
  state.textContent = why || "";
  item.classList.toggle("bad", !!error);
}

function message(person, what, mine) {
  const item = document.createElement("li");
  const by = document.createElement("p");
  const name = document.createElement("b");
  const time = document.createElement("time");
  const state = document.createElement("span");
  item.className = mine ? "message mine" : "message";
  by.className = "by";
  state.className = "state";
  name.textContent = mine ? "You" : person.name;
  if (!mine) {
    name.style.color = `hsl(${hue(person.id)} 55% 45%)`;
  }
  time.textContent = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  state.textContent = mine ? "sending…" : "";
  by.append(state, name, time);
  item.append(by, what);
  add(item, mine);
  return item;
}

function add(item, always = false) {
  const stick = always || isAtEnd();
  log.append(item);
  if (log.children.length > MAX_ENTRIES) {
    drop(log.firstElementChild);
  }
  follow(stick);
}

/** Who reads further up is not pulled away. */
function isAtEnd() {
  return log.scrollHeight - log.scrollTop - log.clientHeight < 120;
}

function follow(stick) {
  if (stick) {
    log.scrollTop = log.scrollHeight;
  }
}

function drop(item) {
  const image = item.querySelector("img");
  if (image) {
    URL.revokeObjectURL(image.src);
  }
  item.remove();
}
