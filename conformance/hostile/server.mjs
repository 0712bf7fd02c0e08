// A server that answers what its table says: each row under a path of its own, which counts what its clients do.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { EventSourceCarrier, FrameCarrier, PollCarrier, ScriptCarrier, StreamCarrier, WebSocketCarrier } from "./carriers.mjs";
import { Session } from "./session.mjs";
import { build, lines } from "./text.mjs";

const { WebSocketServer } = createRequire(new URL("../../client-js/package.json", import.meta.url))("ws");
const CLIENT = readFileSync(new URL("../../client-js/dist/everwire.js", import.meta.url));
const STREAMS = { streaming: StreamCarrier, event_source: EventSourceCarrier, forever_iframe: FrameCarrier };
const sockets = new WebSocketServer({ noServer: true });

/** Gives the port, and `places` by name, each with what its clients have done. */
export function serve() {
  const places = new Map();
  const server = createServer((request, response) => {
    const place = placeOf(places, request.url);
    if (place) {
      place.request(request, response);
    } else {
      response.setHeader("Content-Type", request.url === "/client.js" ? "text/javascript" : "text/html");
      response.end(request.url === "/client.js" ? CLIENT : "<!doctype html><script src='/client.js'></script>");
    }
  });
  server.on("upgrade", (request, socket, head) => placeOf(places, request.url)?.upgrade(request, socket, head));
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve({ port: server.address().port, places, stop: () => (server.close(), server.closeAllConnections()) });
    });
  });
}

function placeOf(places, url) {
  return places.get(url.split("/")[1]);
}

/** One row, for one client over one transport. */
export class Place {
  /** Requests and WebSockets in all, frames that have come, and bytes of the longest answer. */
  requests = 0;
  frames = 0;
  longest = 0;
  attaches = 0;
  sessions = new Map();
  tickets = new Map();

  constructor(row) {
    this.row = row;
  }

  /** Is the attach under way one that the row is for? */
  get hostile() {
    return this.attaches <= (this.row.for ?? Infinity);
  }

  async request(request, response) {
    const url = new URL(request.url, "http://host");
    const transport = url.pathname.split("/")[3];
    let body = "";
    this.requests++;
    response.setHeader("Access-Control-Allow-Origin", request.headers.origin ?? "*");
    response.setHeader("Content-Type", "text/plain; charset=utf-8");
    for await (const part of request.setEncoding("utf8")) {
      body += part;
    }
    if (transport === "jsonp" && request.method === "POST") {
      body = new URLSearchParams(body).get("d") ?? "";
    }
    const head = body ? JSON.parse(body.slice(1, body.indexOf("\n"))) : null;
    const up = body.split("\n").slice(1).filter(Boolean);
    if (body[0] === "A") {
      this.attached(transport, head, up, response);
    } else if (this.hostile && this.row.later && !(request.method === "POST" && this.row.stream)) {
      this.raw(this.row.later, response);
    } else if (body) {
      this.posted(transport, head, up, response);
    } else {
      this.asked(transport, url.searchParams, response);
    }
  }

  attached(transport, head, up, response) {
    this.attaches++;
    if (transport === "jsonp") {
      response.setHeader("Content-Type", "text/html");
      response.end();
    }
    const session = this.session(head);
    const again = session.resume(head);
    const carrier = new (STREAMS[transport] ?? (transport === "jsonp" ? ScriptCarrier : PollCarrier))(this, session, response, head);
    if (this.hostile && this.row.http && transport !== "jsonp") {
      this.raw(this.row.http, response);
    } else {
      this.greet(session, carrier, head, again, up);
    }
  }

  /** Welcomes it, and says what the row says. */
  greet(session, carrier, head, again, up) {
    const { row } = this;
    session.carrier = carrier;
    if (this.hostile && row.instead) {
      carrier.begin(lines(row.instead));
    } else {
      carrier.begin([session.welcome(head, { ...carrier.more, ...(this.hostile && row.welcome) }), ...again]);
    }
    session.heard = (line) => this.heard(session, carrier, line);
    session.take(up);
    if (session.opened || row.instead) {
      this.follow(session, carrier);
    }
  }

  /** What the row says once a carrier and the namespace stand. */
  follow(session, carrier) {
    if (this.hostile && !carrier.followed) {
      const said = lines(this.row.then);
      carrier.followed = true;
      session.passed(said);
      carrier.say(said);
      carrier.raw?.(this.row);
      if (this.row.cut) {
        carrier.end();
      }
    }
  }

  heard(session, carrier, line) {
    const [, id] = /^e(\d+)\[/.exec(line) ?? [];
    if (line[0] === "c") {
      session.opened = true;
      session.say('o{"id":"socket"}');
      this.follow(session, carrier);
    } else if (id && (!this.hostile || this.row.harmless)) {
      session.say(`a${id}["echo"]`);
    }
  }

  posted(transport, head, up, response) {
    const session = this.sessions.get(head.session);
    if (!session) {
      response.writeHead(404, { "Content-Type": "application/json" }).end('{"error":"unknown_session","message":""}');
      return;
    }
    session.confirm(head);
    session.take(up);
    if (transport === "long_polling" && head.poll !== undefined) {
      session.carrier.poll(response, head);
      this.each(session);
    } else {
      response.end(transport === "jsonp" ? "" : `W${JSON.stringify(session.short())}\n`);
    }
  }

  /** A stream or a script by ticket. */
  asked(transport, query, response) {
    const carrier = this.tickets.get(query.get("ticket"));
    if (transport === "jsonp" && !carrier) {
      // A ticket may be asked for before the form that names it has come.
      this.tickets.set(query.get("ticket"), { script: [response, query.get("c")] });
    } else if (!carrier) {
      response.writeHead(204).end();
    } else {
      carrier.open(response, query);
      this.each(carrier.session);
    }
  }

  each(session) {
    if (this.hostile && this.row.each) {
      session.carrier.say(lines(this.row.each));
    }
  }

  session(head) {
    const key = head.session ?? head.key;
    const session = this.sessions.get(key) ?? new Session();
    this.sessions.set(session.id, session).set(key, session);
    return session;
  }

  raw({ status = 200, headers = {}, body = "", forever, reset }, response) {
    response.writeHead(status, headers);
    this.pour(build(body), forever, response, () => (reset ? response.destroy() : response.end()));
  }

  /** Writes it, for ever if so told, and notes how much was taken. */
  pour(chunk, forever, out, end) {
    let bytes = 0;
    const write = () => {
      let free = true;
      for (let turn = 0; forever && free && turn < 16 && !out.destroyed; turn++) {
        free = out.write(chunk);
        bytes += chunk.length;
        this.longest = Math.max(this.longest, bytes);
      }
      if (forever && !out.destroyed) {
        free ? setImmediate(write) : out.once("drain", write);
      }
    };
    if (forever) {
      write();
    } else if (chunk.length) {
      out.write(chunk, end);
    } else {
      end();
    }
  }

  upgrade(request, socket, head) {
    const { row } = this;
    this.requests++;
    socket.on("error", () => {});
    if (row.handshake !== undefined && this.attaches < (row.for ?? Infinity)) {
      this.attaches++;
      socket.end(build(row.handshake));
      return;
    }
    sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.on("error", () => {});
      ws.on("message", (data) => this.frame(ws, data.toString()));
    });
  }

  frame(ws, text) {
    this.frames++;
    if (text[0] === "A") {
      const head = JSON.parse(text.slice(1));
      this.attaches++;
      const session = this.session(head);
      const again = session.resume({ ...head, first: head.first ?? session.received + 1 });
      ws.session = session;
      this.greet(session, new WebSocketCarrier(this, ws), head, again, []);
    } else if (ws.session) {
      ws.session.take([text]);
      this.each(ws.session);
    }
  }
}
