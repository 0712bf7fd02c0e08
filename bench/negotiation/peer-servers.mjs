// The peers' own servers, in a process of their own, with the testbed's events. Prints their ports as JSON.
import { createServer } from "node:http";
import sockjs from "sockjs";
import { Server } from "socket.io";

/** As the testbed is started for the bench. */
export const PING = 1_000;
export const TIMEOUT = 2_000;

if (process.argv[2] === "serve") {
  const ports = { "socket.io": await listen(socketIo), sockjs: await listen(sockJs) };
  console.log(JSON.stringify(ports));
}

async function listen(install) {
  const server = createServer();
  install(server);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server.address().port;
}

function socketIo(server) {
  const io = new Server(server, {
    cors: { origin: "*" },
    pingInterval: PING,
    pingTimeout: TIMEOUT,
    // Its best: what a client that comes back has missed is sent again.
    connectionStateRecovery: {},
  });
  io.on("connection", (socket) => {
    if (!socket.recovered) {
      socket.emit("auth", socket.handshake.auth);
    }
    socket.on("message-with-ack", (value, done) => done(value));
    socket.on("pub", (value) => io.emit("ev", value));
  });
}

/** SockJS has messages only: events and acks are the least that stands for them. */
function sockJs(server) {
  const everybody = new Set();
  const service = sockjs.createServer({ log: () => {}, heartbeat_delay: PING });
  service.on("connection", (connection) => {
    if (!connection) {
      return;
    }
    everybody.add(connection);
    connection.on("close", () => everybody.delete(connection));
    connection.write(JSON.stringify(["auth"]));
    connection.on("data", (text) => {
      const [name, value, id] = JSON.parse(text);
      if (name === "pub") {
        const message = JSON.stringify(["ev", value]);
        everybody.forEach((one) => one.write(message));
      } else {
        connection.write(JSON.stringify(["ack", value, id]));
      }
    });
  });
  service.installHandlers(server, { prefix: "/sockjs" });
}
