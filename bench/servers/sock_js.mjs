// sockjs-node, with the heartbeat of all servers here.
import { createServer } from "node:http";
import sockjs from "sockjs";

const server = createServer();
// Streams do not end while they are measured.
const options = { log: () => {}, heartbeat_delay: 10_000, response_limit: 64 << 20 };

const echo = sockjs.createServer(options);
echo.on("connection", (socket) => socket.on("data", (text) => socket.write(text)));
echo.installHandlers(server, { prefix: "/echo" });

const all = new Set();
const broadcast = sockjs.createServer(options);
broadcast.on("connection", (socket) => {
  all.add(socket);
  socket.on("close", () => all.delete(socket));
  socket.on("data", (text) => all.forEach((other) => other.write(text)));
});
broadcast.installHandlers(server, { prefix: "/broadcast" });

server.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
