// socket.io, with the heartbeat of all servers here.
import { createServer } from "node:http";
import { Server } from "socket.io";

const server = createServer();
const io = new Server(server, { pingInterval: 10_000, pingTimeout: 8_000, serveClient: false });
io.on("connection", (socket) => {
  socket.on("echo", (text) => socket.emit("echo", text));
  socket.on("pub", (text) => io.emit("ev", text));
  socket.on("join", (room, done) => done(socket.join(room) ?? true));
  socket.on("leave", (room, done) => done(socket.leave(room) ?? true));
  socket.on("say", (room, text) => socket.to(room).emit("said", room, text));
});
server.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
