// The fake server on a real port: websocket, long_polling, streaming, event_source, send.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import { toLine, type Data } from "../../src/packet.ts";
import { refusal } from "../codes.ts";
import { FakeServer, linesOf, toBody, type Down, type FakeSession, type Limits } from "./fake-server.ts";

type Json = { [key: string]: unknown };

export class FakeHttp extends FakeServer {
  url = "";
  /** Paths that are answered as by a proxy in the way. */
  blocked: string[] = [];
  /** Paths whose answers are held back. */
  held: string[] = [];
  requests: string[] = [];
  private http: Server;
  private tickets: { [ticket: string]: FakeSession } = {};
  private sockets: WebSocket[] = [];

  constructor(limits: Limits = {}) {
    super(limits);
    this.http = createServer((request, response) => void this.answer(request, response));
    const upgrades = new WebSocketServer({ noServer: true });
    this.http.on("upgrade", (request: IncomingMessage, socket, head) => {
      this.requests.push("websocket");
      if (this.blocked.indexOf("websocket") >= 0) {
        socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
      } else {
        upgrades.handleUpgrade(request, socket, head, (one) => this.websocket(one));
      }
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.http.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
    return this;
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.http.close(resolve));
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.sockets.splice(0)) {
      socket.terminate();
    }
    this.http.closeAllConnections();
  }

  private websocket(socket: WebSocket): void {
    this.sockets.push(socket);
    let session: FakeSession | null = null;
    let position = 1;
    const write = (packets: Data[]): void => packets.forEach((packet) => socket.send(packet as string));
    const refuse = (code: string): void => {
      socket.send("r" + refusal(code));
      socket.close(4001, code);
    };
    socket.on("message", (data: Buffer, binary: boolean) => {
      const packets = linesOf(toLine(binary ? data : data.toString()));
      const head = packets[0]?.body as Json;
      if (session) {
        const next = this.take(session, position, packets);
        typeof next === "number" ? (position = next) : refuse(next);
        return;
      }
      const found = this.attach(head, (one) => {
        write([this.welcome(one, Number(head["received"]) + 1)]);
        return { attach: one.attach, once: false, cursor: Number(head["received"]), write };
      });
      if (typeof found === "string") {
        refuse(found);
      } else {
        session = found;
        position = Number(head["first"] ?? found.received + 1);
        found.flush();
      }
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "http://fake");
    const path = url.pathname.replace("/everwire/", "");
    const body = await read(request);
    this.requests.push(path);
    if (this.blocked.indexOf(path) >= 0) {
      response.writeHead(502, { "Content-Type": "text/html" }).end("<h1>Bad gateway</h1>");
    } else if (this.held.indexOf(path) >= 0) {
      return;
    } else if (request.method === "GET") {
      this.eventStream(url.searchParams.get("ticket") ?? "", response);
    } else if (body.charAt(0) === "A") {
      this.open(path, body, response);
    } else {
      this.next(body, response);
    }
  }

  private open(path: string, body: string, response: ServerResponse): void {
    const packets = linesOf(body);
    const head = packets.shift()?.body as Json;
    const from = Number(head["received"]);
    const session = this.attach(head, () => null);
    if (typeof session === "string") {
      refuse(response, session);
      return;
    }
    this.take(session, Number(head["first"] ?? 1), packets, Number(head["serial"] ?? 0) <= session.serial);
    session.serial = Math.max(session.serial, Number(head["serial"] ?? 0));
    const ticket = path === "event_source" ? `ticket-${session.attach}` : undefined;
    const first = [this.welcome(session, from + 1, ticket), ...session.log.slice(from)];
    if (path === "streaming") {
      response.write(toBody(first));
      const write = (packets: Data[]): void => void splitWrites(response, toBody(packets));
      session.down = this.stream(session, response, write);
    } else {
      this.tickets[ticket ?? ""] = session;
      response.end(toBody(first));
    }
  }

  private eventStream(ticket: string, response: ServerResponse): void {
    const session = this.tickets[ticket];
    delete this.tickets[ticket];
    if (!session) {
      response.writeHead(204).end();
      return;
    }
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    const write = (packets: Data[]): void => packets.forEach((packet) => void response.write(`data: ${toLine(packet)}\n\n`));
    const down = this.stream(session, response, write);
    down.cursor = session.confirmed;
    write([session.shortWelcome(session.confirmed + 1)]);
    session.down = down;
    session.flush();
  }

  private stream(session: FakeSession, response: ServerResponse, write: (packets: Data[]) => void): Down {
    return {
      attach: session.attach,
      once: false,
      cursor: session.log.length,
      write(packets) {
        write(packets);
        if (String(packets[packets.length - 1])[0] === "r") {
          response.end();
        }
      },
    };
  }

  private next(body: string, response: ServerResponse): void {
    const result = this.post(body);
    if (typeof result === "string") {
      refuse(response, result);
      return;
    }
    const { head, session } = result;
    const answer = (packets: Data[]): void => void response.end(toBody(packets));
    if (head["poll"] === undefined) {
      answer([session.shortWelcome(session.log.length + 1), ...this.farewell(session)]);
    } else if (session.closed) {
      answer([session.shortWelcome(session.log.length + 1), ...this.farewell(session)]);
    } else if (head["attach"] !== session.attach) {
      refuse(response, "stale");
    } else {
      const old = session.down;
      session.down = null;
      old?.write([session.shortWelcome(old.cursor + 1), ...session.log.slice(old.cursor)]);
      const cursor = old ? session.log.length : Number(head["received"]);
      session.down = { attach: session.attach, once: true, cursor, write: answer };
      session.flush();
    }
  }

  private farewell(session: FakeSession): string[] {
    return session.closed ? ["z" + JSON.stringify({ code: session.closed["code"], final: session.log.length, then: "never" })] : [];
  }
}

function refuse(response: ServerResponse, code: string): void {
  const json = refusal(code);
  if (response.req.url?.endsWith("?status=200")) {
    response.end(`r${json}\n`);
  } else {
    response.writeHead(404, { "Content-Type": "application/json" }).end(json);
  }
}

/** In two chunks, cut inside a character if there is one to cut. */
function splitWrites(response: ServerResponse, text: string): void {
  const bytes = Buffer.from(text);
  const wide = bytes.findIndex((byte) => byte > 127);
  const at = wide < 0 ? bytes.length >> 1 : wide + 1;
  response.write(bytes.subarray(0, at));
  response.write(bytes.subarray(at));
}

function read(request: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => resolve(Buffer.concat(chunks).toString()));
  });
}
