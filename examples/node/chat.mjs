// The demo's chat from a terminal: node examples/node/chat.mjs [name] [room] [url]
// Start the server first: cargo run --release
import { createInterface } from "node:readline";
// In a project of your own: import { connect } from "everwire";
import { connect } from "../../client-js/dist/everwire.mjs";

const [name = "Node", room = "lobby", url = "http://127.0.0.1:3000/everwire"] = process.argv.slice(2);
// Node has had a WebSocket since version 22. Before, streaming over fetch is used, or hand one in: { WebSocket } of the package `ws`.
const socket = connect(url, { auth: { room, name } });

socket.on("connect", () => console.log(`* connected over ${socket.transport}`));
socket.on("suspended", () => console.log("* connection lost; what you write waits"));
socket.on("resumed", () => console.log(`* back, over ${socket.transport}; nothing was lost`));
socket.on("disconnect", ({ code, unconfirmed }) => console.log(`* the session has ended (${code}), ${unconfirmed} unconfirmed`));
socket.on("connect_error", (error) => console.log(`* not connected: ${error.message}`));
socket.on("entered", (where, people) => console.log(`* in ${where}: ${people.map((person) => person.name).join(", ")}`));
socket.on("came", (person) => console.log(`* ${person.name} is here`));
socket.on("left", (person) => console.log(`* ${person.name} has left`));
socket.on("said", (person, text) => console.log(`${person.name}: ${text}`));
socket.on("pictured", (person, bytes, type) => console.log(`${person.name}: (${type}, ${bytes.length} bytes)`));

const lines = createInterface({ input: process.stdin });
lines.on("line", async (line) => {
  try {
    await socket.emitWithAck("say", line);
  } catch (error) {
    console.log(`* not sent: ${error.message}`);
  }
});
lines.on("close", () => socket.close());
