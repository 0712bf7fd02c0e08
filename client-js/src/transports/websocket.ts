import { actionOf } from "../codes.ts";
import type { Data } from "../packet.ts";
import type { Io, Transport } from "./index.ts";

type WebSocketClass = new (url: string, protocols?: string[], options?: unknown) => WebSocket;

export const websocket: Transport = {
  name: "websocket",
  kind: "duplex",
  // What speaks only the draft of 2010 (Safari 5, PhantomJS 1) does not know CLOSING. PhantomJS 2 has no binaryType before there is an instance.
  enabled(io) {
    const Class = classOf(io);
    return !!Class && (!!io.options.WebSocket || "CLOSING" in Class);
  },
  open(io, opened, packet, closed) {
    const Class = classOf(io) as WebSocketClass;
    let socket: WebSocket | null = null;
    const end = (code: string): void => {
      if (socket) {
        socket.onopen = socket.onmessage = socket.onclose = null;
        // The `ws` package throws errors that nobody listens to.
        socket.onerror = () => {};
        socket = null;
        closed(code);
      }
    };
    const url = io.url.replace(/^http/, "ws") + "/websocket";
    const headers = io.options.extraHeaders;
    // Only an implementation for node takes headers.
    const made = (socket = headers && io.options.WebSocket ? new Class(url, [], { headers }) : new Class(url));
    made.binaryType = "arraybuffer";
    made.onopen = opened;
    made.onmessage = (event) => packet(typeof event.data === "string" ? event.data : new Uint8Array(event.data as ArrayBuffer));
    // Some engines tell of a failure by `close` alone, some by `error` first: `close` always comes.
    made.onerror = () => {};
    made.onclose = (event) => end(event && actionOf(event.reason) ? event.reason : "");
    return {
      send(data: Data) {
        if (socket && socket.readyState === 1) {
          socket.send(data as string);
        }
      },
      close() {
        if (socket) {
          closed = () => {};
          end("");
          made.close();
        }
      },
      buffered: () => made.bufferedAmount,
    };
  },
};

function classOf(io: Io): WebSocketClass | undefined {
  return (io.options.WebSocket || io.env.root.WebSocket) as WebSocketClass | undefined;
}
