// ws: does what the floor does.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const server = createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false, clientTracking: true });
sockets.on("connection", (socket) => {
  socket.on("message", (data) => {
    const text = data.toString();
    if (!text.startsWith('e["pub"')) return socket.send(text);
    for (const other of sockets.clients) other.send(text);
  });
});
server.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
