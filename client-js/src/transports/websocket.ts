import { root } from "../env/index.ts";
import type { Data } from "../packet.ts";
import { hello, write } from "../session/duplex.ts";
import { DUPLEX } from "../session/state.ts";
import type { Io, Transport } from "./transport.ts";

type WebSocketClass = new (url: string, protocols?: string[], options?: unknown) => WebSocket;

export const websocket: Transport = {
  name: "websocket",
  _kind: DUPLEX,
  _attach: hello,
  _flush: write,
  // What speaks only the draft of 2010 (Safari 5, PhantomJS 1) does not know CLOSING. PhantomJS 2 has no binaryType before there is an instance.
  _enabled(io) {
    const Class = classOf(io);
    return !!Class && (!!io._options.WebSocket || "CLOSING" in Class);
  },
  _open(io, opened, packet, closed) {
    const Class = classOf(io) as WebSocketClass;
    const headers = io._options.extraHeaders;
    const url = io._url.replace(/^http/, "ws") + "/websocket";
    // Only implementations for node take headers.
    const socket = headers ? new Class(url, [], { headers }) : new Class(url);
    const end = (): void => {
      socket.onopen = socket.onmessage = socket.onclose = null;
    };
    socket.binaryType = "arraybuffer";
    socket.onopen = opened;
    socket.onmessage = (event) => packet(typeof event.data === "string" ? event.data : new Uint8Array(event.data as ArrayBuffer));
    // Some engines tell of a failure by `close` alone, some by `error` first: `close` always comes. The `ws` package throws errors
    // that nobody listens to.
    socket.onerror = () => {};
    socket.onclose = () => {
      end();
      closed();
    };
    return {
      _send(data: Data) {
        if (socket.readyState === 1) {
          socket.send(data as string);
        }
      },
      _close() {
        end();
        socket.close();
      },
      _buffered: () => socket.bufferedAmount,
    };
  },
};

function classOf(io: Io): WebSocketClass | undefined {
  return (io._options.WebSocket || root.WebSocket) as WebSocketClass | undefined;
}
