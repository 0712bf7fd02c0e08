// The chat page. `socket` is all that it knows of the connection: the session below it may change its transport, or be cut and resumed.
import { connect } from "/client/everwire.mjs";
import * as log from "/pages/log.js";
import * as people from "/pages/people.js";

const MAX_PICTURE = 600_000;
const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];
const TYPING_EVERY_MS = 1_500;
const ROOMS = ["lobby", "tea", "garden"];

const $ = (id) => document.getElementById(id);
const rooms = new Set(ROOMS);
let socket = null;
let room = roomOfPage();
let name = sessionStorage.getItem("name") || guest();
let typedAt = 0;

// ---- the connection

function open() {
  if (socket) {
    socket.off().close();
  }
  const transport = $("transport").value;
  // Asked at each new session, so that one that follows a lost one is in the same room.
  const auth = () => ({ room, name });
  socket = connect("/everwire", transport ? { auth, transports: [transport] } : { auth });
  status("waiting", transport ? `Connecting over ${transport}…` : "Connecting…");
  socket.on("connect", carried);
  socket.on("resumed", carried);
  socket.on("transport", carried);
  socket.on("suspended", () => status("waiting", "Connection lost, coming back. What you write waits."));
  socket.on("disconnect", ended);
  socket.on("connect_error", refused);
  socket.on("error", (error) => log.note(error.message || error.code, true));
  socket.on("entered", entered);
  socket.on("came", (person) => people.put(person) && log.note(`${person.name} is here`));
  socket.on("left", (person) => {
    people.remove(person);
    log.note(`${person.name} has left`);
  });
  socket.on("away", (person) => people.put(person));
  socket.on("typing", (person) => people.isTyping(person));
  socket.on("said", (person, text) => {
    people.quiet(person.id);
    log.said(person, text);
  });
  socket.on("pictured", (person, bytes, type) => log.pictured(person, bytes, type));
}

function carried() {
  if (socket.connected) {
    status("good", `Connected over ${socket.transport}`);
  }
}

function ended({ code, unconfirmed }) {
  const over = code === "server_disconnect";
  const lost = unconfirmed ? ` ${unconfirmed} of your messages may not have arrived.` : "";
  log.note(`The session has ended (${code}).${lost}`, unconfirmed > 0);
  status(over ? "bad" : "waiting", over ? "Disconnected by the server" : "Opening a new session…", over);
}

function refused(error) {
  if (error.code === "denied") {
    status("bad", error.message, true);
  } else {
    const over = $("transport").value ? ` over ${$("transport").value}` : "";
    status("waiting", `The server cannot be reached${over} (${error.code}). Trying again…`);
  }
}

function status(state, text, over = false) {
  $("status").dataset.state = state;
  $("status-text").textContent = text;
  $("again").hidden = !over;
}

// ---- rooms

function entered(where, all) {
  const before = $("title").textContent;
  $("title").textContent = `# ${where}`;
  document.title = `${where} · Everwire chat`;
  if (before !== $("title").textContent) {
    log.clear();
  }
  people.replace(all, socket.id);
  log.note(all.length > 1 ? `You are in ${where}, with ${all.length - 1} more` : `You are in ${where}. A second tab shows how it looks with more people.`);
}

function enter(where, as) {
  rooms.add(where);
  showRooms(where);
  if (where === room && as === name) {
    return;
  }
  socket.emit("enter", where, as, (error) => {
    if (error) {
      log.note(error.message, true);
      showRooms(room);
      return;
    }
    [room, name] = [where, as];
    sessionStorage.setItem("name", name);
    $("name").value = name;
    history.replaceState(null, "", `#${encodeURIComponent(room)}`);
    showRooms(room);
  });
}

function showRooms(current) {
  const items = [...rooms].map((one) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `# ${one}`;
    button.onclick = () => {
      enter(one, name);
      unfold(false);
      $("text").focus();
    };
    if (one === current) {
      button.setAttribute("aria-current", "true");
    }
    item.append(button);
    return item;
  });
  $("rooms").replaceChildren(...items);
}

function roomOfPage() {
  try {
    return decodeURIComponent(location.hash.slice(1)).trim().slice(0, 30) || ROOMS[0];
  } catch {
    return ROOMS[0];
  }
}

function guest() {
  const pick = (words) => words[Math.floor(Math.random() * words.length)];
  return `${pick(["Calm", "Quick", "Kind", "Bright", "Quiet", "Bold"])} ${pick(["Otter", "Heron", "Fox", "Owl", "Lynx", "Wren"])}`;
}

// ---- what is sent

/** Shows at once what is sent, and says so if it does not arrive. */
function send(item, event, ...args) {
  try {
    socket.emit(event, ...args, (error) => log.settle(item, error));
  } catch (error) {
    log.settle(item, error);
  }
}

function say(text) {
  send(log.said({ name }, text, true), "say", text);
}

async function sendPicture(file) {
  const kb = (bytes) => `${Math.ceil(bytes / 1000)} KB`;
  if (!PICTURES.includes(file.type)) {
    log.note(`${file.name || "This"} is no picture that can be sent: PNG, JPEG, GIF, WebP or AVIF.`, true);
  } else if (file.size > MAX_PICTURE) {
    log.note(`${file.name || "This picture"} has ${kb(file.size)}; at most ${kb(MAX_PICTURE)} can be sent. Make it smaller first.`, true);
  } else {
    const bytes = new Uint8Array(await file.arrayBuffer());
    send(log.pictured({ name }, bytes, file.type, true), "picture", bytes, file.type);
  }
}

function sendPictures(files) {
  [...files].forEach((file) => sendPicture(file));
}

function tellTyping() {
  if ($("text").value && Date.now() - typedAt > TYPING_EVERY_MS) {
    typedAt = Date.now();
    socket.volatile.emit("typing");
  }
}

// ---- the page

function onSubmit(id, run) {
  $(id).addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
}

/** Rooms and people, where there is no room beside the messages. */
function unfold(open) {
  $("side").classList.toggle("open", open);
  $("more").setAttribute("aria-expanded", String(open));
}

onSubmit("compose", () => {
  const text = $("text").value.trim();
  $("text").value = "";
  typedAt = 0;
  if (text) {
    say(text);
  }
});
onSubmit("me", () => enter(room, $("name").value.trim() || name));
onSubmit("join", () => {
  enter($("room").value.trim() || room, name);
  $("room").value = "";
});
$("text").addEventListener("input", tellTyping);
$("transport").addEventListener("change", open);
$("again").addEventListener("click", () => {
  status("waiting", "Connecting…");
  socket.connect();
});
$("more").addEventListener("click", () => unfold(!$("side").classList.contains("open")));
$("pick").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", () => {
  sendPictures($("file").files);
  $("file").value = "";
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length) {
    event.preventDefault();
    sendPictures(event.clipboardData.files);
  }
});
const talk = document.querySelector(".talk");
for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  talk.addEventListener(kind, (event) => {
    event.preventDefault();
    talk.classList.toggle("drop", kind === "dragenter" || kind === "dragover");
    if (kind === "drop") {
      sendPictures(event.dataTransfer.files);
    }
  });
}
addEventListener("hashchange", () => enter(roomOfPage(), name));

rooms.add(room);
$("name").value = name;
showRooms(room);
open();
