// The client's session (protocol.md): no clock, no timer, no randomness, no I/O. Every input takes the time as its first
// argument if it matters; after each, drain `next(now)` until it says null, then come back at `nextTimeout()` at the latest.
import { endsSession } from "./codes.ts";
import { ReceiveHalf, SendHalf, type Message } from "./halves.ts";
import { fromLine, isArray, isCounted, isInteger, isObject, parse, sizeOf, toLine, type Data, type Packet } from "./packet.ts";

export type State = "opening" | "open" | "suspended" | "closing" | "ended";

/**
 * How a carrier works. `duplex`: a WebSocket. `stream`: one answer down, posts up. `poll`: a loop of requests, both ways.
 * `script`: polls by URL, posts up whose answer cannot be read.
 */
export type Kind = "duplex" | "stream" | "poll" | "script";

export interface Request {
  id: number;
  kind: "attach" | "poll" | "post";
  carrier: number;
  /** Lines, the first is `A` or `P`. */
  body: string;
  /** What a `script` poll says by URL, and the ticket its attach has named. */
  ticket: string;
  poll: number;
  received: number;
  consumed: number;
}

export type Output =
  | { type: "write"; carrier: number; data: Data }
  | { type: "request"; request: Request }
  /** Open the stream for this ticket, and feed it to `packet`. */
  | { type: "stream"; carrier: number; ticket: string }
  /** Close it and its requests; nothing of it is wanted any more. `code` is null if another was accepted, or the session is over. */
  | { type: "drop"; carrier: number; code: string | null }
  /** The last carrier is gone, and this is why: attach anew. */
  | { type: "lost"; carrier: number; code: string; welcomed: boolean }
  | { type: "deliver"; packet: Packet; size: number }
  /** The session has a carrier: for the first time, or again. */
  | { type: "opened"; carrier: number; resumed: boolean }
  /** The session has another carrier, without having been suspended. */
  | { type: "moved"; carrier: number }
  | { type: "suspended" }
  /** The server does not take messages of this size. */
  | { type: "rejected"; message: Message }
  /** Send this, if it can be done; the answer does not matter. */
  | { type: "farewell"; body: string }
  | { type: "ended"; code: string; reason: string; retry: number; unconfirmed: Message[] };

/** A body or carrier going down. Its position is 0 until its `W` has come. */
interface Down {
  position: number;
}

interface OpenRequest extends Down {
  id: number;
  kind: Request["kind"];
  /** When the carrier is given up over it. */
  deadline: number;
}

interface Carrier extends Down {
  id: number;
  kind: Kind;
  attach: number;
  /** The token that its attach has used. */
  token: string;
  attached: boolean;
  patience: number;
  welcomed: boolean;
  /** When it is given up, unless something is heard. */
  deadline: number;
  /** Duplex: the last message written, or -1 while the welcome has to tell where to go on. */
  cursor: number;
  polls: number;
  ticket: string;
  strikes: number;
  requests: OpenRequest[];
}

/** What was sent by HTTP and is not confirmed yet. A serial is repeated until it is. */
interface Batch {
  serial: number;
  /** The number of its last message; 0 if there is none. */
  last: number;
  /** The request that carries it; 0 if that failed. */
  request: number;
  /** When a script, which cannot know whether it arrived, sends it again. */
  deadline: number;
}

const CLOSE_TIME = 5000;
const SCRIPT_RESEND = 5000;
const MAX_LINES = 1000;
/** Larger batches would only wait longer to be confirmed; a first body goes to a server whose limit is not known. */
const MAX_BODY = 65536;
const NEVER = Infinity;

export class Session {
  state: State = "opening";
  /** The limits of the welcome. */
  max = NEVER;
  acks = 1000;
  /** The server's heartbeat interval. */
  ping = 10000;
  readonly send = new SendHalf();
  readonly receive: ReceiveHalf;

  private id = "";
  private token = "";
  private key: string;
  private timeoutMs = 0;
  private attaches = 0;
  private serial = 0;
  private requests = 0;
  private batch: Batch | null = null;
  private carriers: Carrier[] = [];
  private current: Carrier | null = null;
  private fleeting: Data[] = [];
  private queue: Output[] = [];
  private owesCounts = false;
  private poison = -1;
  private closeCode = "";
  private closeDeadline = NEVER;
  private saidClose = false;
  /** The server's `z`, while messages before it are still missing. */
  private farewell: { [key: string]: unknown } | null = null;

  /** `secret` draws 128 random bits as 22 characters of base64url. */
  constructor(
    window: number,
    private secret: () => string,
  ) {
    this.receive = new ReceiveHalf(window);
    this.key = secret();
  }

  /** A new carrier, numbered by the caller. It is given up after `patience` if it has not carried anything by then. */
  attach(now: number, id: number, kind: Kind, patience: number): void {
    this.carriers.push({
      id,
      kind,
      attach: ++this.attaches,
      token: this.token,
      attached: false,
      patience,
      welcomed: false,
      deadline: now + patience,
      position: 0,
      cursor: -1,
      polls: 0,
      ticket: kind === "script" ? this.secret() : "",
      strikes: 0,
      requests: [],
    });
  }

  /** A frame of a WebSocket. */
  packet(now: number, id: number, data: Data): void {
    const carrier = find(this.carriers, id);
    if (carrier) {
      this.take(now, carrier, carrier, data);
    }
  }

  /** A line of a stream that was opened by ticket. */
  line(now: number, id: number, line: string): void {
    this.packet(now, id, fromLine(line));
  }

  /** A line of the answer to a request. */
  answer(now: number, id: number, line: string): void {
    const carrier = this.carrierOf(id);
    if (carrier) {
      this.take(now, carrier, find(carrier.requests, id) as OpenRequest, fromLine(line));
    }
  }

  /** The answer to a request is over. */
  answered(id: number): void {
    const carrier = this.carrierOf(id);
    if (!carrier) {
      return;
    }
    const request = remove(carrier.requests, id) as OpenRequest;
    const batch = this.batch;
    carrier.strikes = 0;
    if (batch && batch.request === id && (carrier.kind !== "script" || batch.last <= this.send.base)) {
      this.batch = null;
    }
    // A stream without ticket is the answer to its attach. An answer without welcome is no answer, only scripts have one elsewhere.
    const over = request.kind === "attach" && carrier.kind === "stream" && !carrier.ticket;
    if (over || (request.position === 0 && (carrier.kind !== "script" || request.kind !== "post"))) {
      this.lose(carrier, carrier.welcomed && over ? "end" : "");
    }
  }

  /** A request got no answer, (`""`), or a refusal with this code. */
  failed(now: number, id: number, code: string): void {
    const carrier = this.carrierOf(id);
    if (!carrier) {
      return;
    }
    const request = remove(carrier.requests, id) as OpenRequest;
    if (this.batch && this.batch.request === id) {
      this.batch.request = 0;
    }
    if (code) {
      this.refused(now, carrier, code);
    } else if (request.kind === "post" && !carrier.strikes++) {
      this.owesCounts = true;
    } else {
      this.lose(carrier, "");
    }
  }

  /** The carrier is gone, with a code if its end had one, else `""`. */
  lost(now: number, id: number, code: string): void {
    const carrier = find(this.carriers, id);
    if (carrier && code) {
      this.refused(now, carrier, code);
    } else if (carrier) {
      this.lose(carrier, "");
    }
  }

  /** Sends in time, once and in order. */
  push(message: Message): void {
    this.send.push(message);
  }

  /** Sends now or not at all. */
  pushVolatile(data: Data): void {
    if (this.state === "open") {
      this.fleeting.push(data);
    }
  }

  /** The application is done with so many bytes of what was delivered. */
  consumed(bytes: number): void {
    this.receive.consumed += bytes;
  }

  /** Sends what is there, then ends the session; in 5 s at the latest. */
  close(now: number, code: string): void {
    if (this.state === "closing" || this.state === "ended") {
      return;
    }
    this.closeCode = code;
    this.closeDeadline = now + CLOSE_TIME;
    this.state = "closing";
    if (!this.attaches && !this.send.bytesCredited()) {
      this.end(code, "", 0);
    }
  }

  /** A last body for a page that goes away, or null if there is no session to close. It changes nothing here. */
  beacon(limit: number): string | null {
    if (!this.token || this.state === "ended") {
      return null;
    }
    const lines: string[] = [];
    const last = this.fill(lines, limit);
    lines.push("z" + JSON.stringify({ code: "client_disconnect", "final": Math.max(last, this.send.sent) }));
    return this.header("P", { serial: this.serial + 1, first: this.send.base + 1 }) + lines.join("\n");
  }

  /** Ends the session without a word to the server. */
  abort(code: string): void {
    this.end(code, "", 0);
  }

  timeout(now: number): void {
    for (let i = this.carriers.length; i--; ) {
      const carrier = this.carriers[i] as Carrier;
      if (deadlineOf(carrier) <= now) {
        this.lose(carrier, "timeout");
      }
    }
    const batch = this.batch;
    if (batch && batch.deadline <= now) {
      batch.request = 0;
      batch.deadline = NEVER;
    }
    if (this.closeDeadline <= now && this.state !== "ended") {
      const z = this.farewell;
      this.end(z ? String(z["code"]) : this.closeCode, z ? reasonOf(z) : "", z ? retryOf(z) : 0);
    }
  }

  /** When `timeout` has something to do; null if never. */
  nextTimeout(): number | null {
    let next = this.closeDeadline;
    for (let i = 0; i < this.carriers.length; i++) {
      next = Math.min(next, deadlineOf(this.carriers[i] as Carrier));
    }
    if (this.batch) {
      next = Math.min(next, this.batch.deadline);
    }
    return this.state === "ended" || next === NEVER ? null : next;
  }

  /** What is to be done next, or null. */
  next(now: number): Output | null {
    if (!this.queue.length && this.state !== "ended") {
      for (let i = 0; i < this.carriers.length; i++) {
        const carrier = this.carriers[i] as Carrier;
        if (carrier.kind === "duplex") {
          this.write(carrier);
        } else {
          this.post(now, carrier);
        }
      }
      // What no carrier could take at once is gone.
      this.fleeting = [];
    }
    return this.queue.shift() || null;
  }

  // ---- going up

  private write(carrier: Carrier): void {
    const out = (data: Data): void => {
      this.queue.push({ type: "write", carrier: carrier.id, data });
    };
    if (!carrier.attached) {
      carrier.attached = true;
      // Only an opening client knows where the server stands: at nothing.
      const opening = !this.id;
      out(this.header("A", { attach: carrier.attach, first: opening ? this.send.base + 1 : undefined }).slice(0, -1));
      carrier.cursor = opening ? this.send.base : -1;
    }
    // Once another carrier has opened, only its own welcome tells what this one opened: after a restart of the server it is another session.
    if (carrier.cursor < 0 || (this.id && carrier !== this.current)) {
      return;
    }
    for (let message; (message = this.send.ready(carrier.cursor + 1)); ) {
      out(message.data);
      this.send.markSent(++carrier.cursor);
    }
    if (carrier !== this.current) {
      return;
    }
    const done = carrier.cursor === this.send.last();
    for (let i = 0; done && i < this.fleeting.length; i++) {
      out(this.fleeting[i] as Data);
    }
    if (this.owesCounts || this.receive.due()) {
      out("n" + this.receive.received + "," + this.receive.consumed);
      this.said();
    }
    if (done && this.state === "closing" && !this.saidClose) {
      out(this.closing());
    }
  }

  private post(now: number, carrier: Carrier): void {
    if (!carrier.attached) {
      carrier.attached = true;
      this.request(now, carrier, "attach", true);
    } else if (carrier === this.current && carrier.welcomed) {
      const closing = this.state === "closing" && !this.saidClose;
      const free = !this.batch || !this.batch.request;
      const load = free && (this.send.ready(this.send.base + 1) !== null || this.fleeting.length > 0 || closing);
      const due = load || this.owesCounts || this.receive.due();
      const polls = count(carrier.requests, "poll");
      if (carrier.kind === "poll") {
        if (polls === 0 || (polls === 1 && due)) {
          this.request(now, carrier, "poll", free);
        }
        return;
      }
      if (carrier.kind === "script" && polls === 0 && carrier.ticket) {
        this.request(now, carrier, "poll", false);
      }
      if (due) {
        this.request(now, carrier, "post", free);
      }
    }
  }

  /** Makes a request; with `load` it takes along what there is to send. */
  private request(now: number, carrier: Carrier, kind: Request["kind"], load: boolean): void {
    const id = ++this.requests;
    const lines: string[] = [];
    const fields: Fields = {};
    if (kind !== "post") {
      fields.attach = carrier.attach;
    }
    if (kind === "poll") {
      fields.poll = ++carrier.polls;
    }
    if (kind === "attach" && carrier.ticket) {
      fields.ticket = carrier.ticket;
    }
    if (load) {
      this.load(now, id, carrier, lines, fields);
    }
    const body = this.header(kind === "attach" ? "A" : "P", fields) + lines.join("\n");
    const ticket = carrier.ticket;
    if (kind === "poll") {
      carrier.ticket = "";
    }
    const deadline = kind === "attach" || carrier.kind === "script" ? NEVER : now + this.ping + this.timeoutMs;
    carrier.requests.push({ id, kind, position: 0, deadline });
    this.queue.push({
      type: "request",
      request: {
        id,
        kind,
        carrier: carrier.id,
        body,
        ticket,
        poll: carrier.polls,
        received: this.receive.received,
        consumed: this.receive.consumed,
      },
    });
    this.said();
  }

  private load(now: number, id: number, carrier: Carrier, lines: string[], fields: Fields): void {
    const repeated = this.batch;
    const first = this.send.base + 1;
    const last = this.fill(lines, Math.min(this.max, MAX_BODY));
    if (lines.length) {
      fields.first = first;
      this.send.markSent(last);
    }
    const done = last === this.send.last();
    // Volatile events of a repeated serial would be dropped.
    for (let i = 0; done && !repeated && i < this.fleeting.length; i++) {
      lines.push(toLine(this.fleeting[i] as Data));
    }
    this.fleeting = [];
    if (done && this.state === "closing" && carrier.welcomed && !this.saidClose) {
      lines.push(this.closing() as string);
    }
    if (lines.length) {
      fields.serial = repeated ? repeated.serial : ++this.serial;
      const deadline = carrier.kind === "script" ? now + SCRIPT_RESEND : NEVER;
      this.batch = { serial: fields.serial, last: last >= first ? last : 0, request: id, deadline };
    } else if (repeated) {
      this.batch = null;
    }
  }

  /** Adds what may be sent, in lines of about `limit` characters in all; at least one. Says the number of the last. */
  private fill(lines: string[], limit: number): number {
    let last = this.send.base;
    let room = limit - 1024;
    for (let message; lines.length < MAX_LINES && (message = this.send.ready(last + 1)); last++) {
      room -= message.size * (typeof message.data === "string" ? 1 : 4 / 3) + 1;
      if (room < 0 && lines.length) {
        break;
      }
      lines.push(toLine(message.data));
    }
    return last;
  }

  private header(type: "A" | "P", fields: Fields): string {
    const known = type === "P" || this.id;
    return (
      type +
      JSON.stringify({
        v: type === "A" ? 1 : undefined,
        attach: fields.attach,
        poll: fields.poll,
        key: known ? undefined : this.key,
        session: known ? this.id : undefined,
        token: known ? this.token : undefined,
        received: this.receive.received,
        consumed: this.receive.consumed,
        window: type === "A" ? this.receive.window : undefined,
        first: fields.first,
        serial: fields.serial,
        ticket: fields.ticket,
      }) +
      "\n"
    );
  }

  private closing(): Data {
    this.saidClose = true;
    return "z" + JSON.stringify({ code: this.closeCode, "final": this.send.sent });
  }

  private said(): void {
    this.owesCounts = false;
    this.receive.said();
  }

  // ---- coming down

  private take(now: number, carrier: Carrier, down: Down, data: Data): void {
    if (this.state === "ended") {
      return;
    }
    // What keeps a stream alive is its own lines, not the answers to posts.
    const alive = carrier.kind !== "stream" || down === carrier || (!carrier.ticket && (down as OpenRequest).kind === "attach");
    if (carrier.welcomed && alive) {
      carrier.deadline = now + this.ping + this.timeoutMs;
    }
    const packet = parse(data);
    if (typeof packet === "string") {
      this.malformed(carrier, packet);
      return;
    }
    const body = (isObject(packet.body) ? packet.body : {}) as { [key: string]: unknown };
    if (packet.type === "W") {
      this.welcome(now, carrier, down, body);
    } else if (packet.type === "r") {
      // After a welcome, what was refused in a body is a ticket: spent, perhaps, by a browser that asked twice. It is no proof.
      const ticket = carrier.welcomed && carrier.kind !== "duplex" && body["error"] === "unknown_session";
      this.refused(now, carrier, ticket ? "stale" : String(body["error"]));
    } else if (!down.position) {
      this.malformed(carrier, "bad_packet");
    } else if (isCounted(packet.type)) {
      this.counted(carrier, down, packet, sizeOf(data));
    } else if (packet.type === "v") {
      this.queue.push({ type: "deliver", packet, size: 0 });
    } else if (packet.type === "h") {
      this.owesCounts = true;
    } else if (packet.type === "n" && isArray(packet.body)) {
      this.counts(packet.body[0], packet.body[1]);
    } else if (packet.type === "z") {
      this.closed(now, body);
    } else {
      this.malformed(carrier, "bad_packet");
    }
  }

  private counted(carrier: Carrier, down: Down, packet: Packet, size: number): void {
    const ahead = this.receive.accept(down.position++, size);
    if (ahead === 0) {
      this.queue.push({ type: "deliver", packet, size: packet.type === "e" ? size : 0 });
      this.finish();
    } else if (ahead > 0 && (carrier.kind !== "poll" || carrier.requests.length < 2)) {
      // With two polls under way the later may be answered first: what it skips, the next one asks for.
      this.lose(carrier, "gap");
    }
  }

  private welcome(now: number, carrier: Carrier, down: Down, body: { [key: string]: unknown }): void {
    const full = body["session"] !== undefined;
    if (!isInteger(body["first"]) || !body["first"] || (full ? typeof body["token"] !== "string" : !carrier.welcomed)) {
      this.malformed(carrier, "bad_packet");
      return;
    }
    down.position = body["first"];
    if (carrier.kind !== "script" && this.batch && find(carrier.requests, this.batch.request) === down) {
      // The answer has begun, so the whole request has arrived.
      this.batch = null;
    }
    if (full && !carrier.welcomed) {
      if (this.id && body["session"] !== this.id) {
        // The key has opened another session: the server knows nothing of this one.
        this.end("unknown_session", "", 0);
        return;
      }
      if (carrier.cursor < 0) {
        carrier.cursor = numberOf(body["received"], 0);
      }
      if (carrier.kind === "duplex" && carrier.cursor < this.send.base) {
        // Counts that came another way were faster: what must come first on this WebSocket is gone.
        this.lose(carrier, "stale");
        return;
      }
      this.adopt(now, carrier, body);
    }
    if (!this.counts(body["received"], body["consumed"])) {
      return;
    }
    if (typeof body["ticket"] === "string") {
      carrier.ticket = body["ticket"];
      if (carrier.kind === "stream" && full) {
        carrier.deadline = now + carrier.patience;
        this.queue.push({ type: "stream", carrier: carrier.id, ticket: carrier.ticket });
      }
    }
  }

  private adopt(now: number, carrier: Carrier, body: { [key: string]: unknown }): void {
    carrier.welcomed = true;
    if (this.current && this.current.attach > carrier.attach) {
      return;
    }
    this.id = String(body["session"]);
    this.token = String(body["token"]);
    this.ping = numberOf(body["ping"], 10000);
    this.timeoutMs = numberOf(body["timeout"], 8000);
    this.send.window = numberOf(body["window"], this.send.window);
    this.max = numberOf(body["max"], this.max);
    this.acks = numberOf(body["acks"], this.acks);
    carrier.deadline = now + this.ping + this.timeoutMs;
    const dropped = this.send.dropLarger(this.max);
    for (let i = 0; i < dropped.length; i++) {
      this.queue.push({ type: "rejected", message: dropped[i] as Message });
    }
    this.current = carrier;
    // Older ones have nothing more to say. Newer ones may still win.
    for (let i = this.carriers.length; i--; ) {
      const other = this.carriers[i] as Carrier;
      if (other.attach < carrier.attach) {
        this.drop(other, null);
      }
    }
    const before = this.state;
    if (before !== "closing") {
      this.state = "open";
    }
    if (before === "open") {
      this.queue.push({ type: "moved", carrier: carrier.id });
    } else {
      this.queue.push({ type: "opened", carrier: carrier.id, resumed: before === "suspended" });
    }
  }

  private counts(received: unknown, consumed: unknown): boolean {
    if (!this.send.confirm(numberOf(received, 0), numberOf(consumed, 0))) {
      this.end("bad_ack", "", 0);
      return false;
    }
    const batch = this.batch;
    if (batch && batch.last && batch.last <= this.send.base) {
      this.batch = null;
    }
    return true;
  }

  /** A carrier is given up for a packet that cannot be read; the session, if the same one cannot be read twice. */
  private malformed(carrier: Carrier, code: string): void {
    if (carrier.welcomed && this.poison === this.receive.received) {
      this.end(code, "", 0);
    } else {
      this.poison = carrier.welcomed ? this.receive.received : -1;
      this.lose(carrier, code);
    }
  }

  private refused(now: number, carrier: Carrier, code: string): void {
    // Said of a proof that has a successor by now, it is no news of the session.
    const outdated = code === "unknown_session" && !carrier.welcomed && carrier.token !== this.token;
    if (endsSession(code) && !outdated) {
      this.end(code, "", 0);
    } else if (code === "stale_poll" && carrier.kind === "poll" && !carrier.strikes++) {
      // The next poll has a higher number, and is made at once.
      carrier.deadline = now + this.ping + this.timeoutMs;
    } else if (code === "stale_token" && carrier.token === this.token) {
      this.end(code, "", 0);
    } else {
      this.lose(carrier, code);
    }
  }

  private closed(now: number, body: { [key: string]: unknown }): void {
    if (this.state === "closing") {
      if (this.saidClose && body["code"] === this.closeCode) {
        // An answer: everything has arrived.
        this.send.confirm(this.send.sent, 0);
      }
      this.end(this.closeCode, "", 0);
    } else {
      this.farewell = body;
      this.closeDeadline = now + CLOSE_TIME;
      this.finish();
    }
  }

  /** Answers the server's `z` once everything before it is here. */
  private finish(): void {
    const z = this.farewell;
    if (!z || this.receive.received < numberOf(z["final"], 0)) {
      return;
    }
    this.closeCode = String(z["code"]);
    const current = this.current;
    const line = this.closing();
    if (current && current.kind === "duplex") {
      this.queue.push({ type: "write", carrier: current.id, data: line });
    } else {
      this.queue.push({ type: "farewell", body: this.header("P", { serial: ++this.serial }) + line });
    }
    this.end(this.closeCode, reasonOf(z), retryOf(z));
  }

  // ---- ends

  private lose(carrier: Carrier, code: string): void {
    // A stream by ticket has to show that it carries, too.
    const welcomed = carrier.welcomed && (carrier.kind !== "stream" || !carrier.ticket || carrier.position > 0);
    // The server may tell the old carrier sooner than the new one: the session has one.
    const moving = code === "taken_over" && this.newer(carrier);
    this.drop(carrier, code);
    if (carrier === this.current) {
      this.current = null;
    }
    if (!this.current && !moving && this.state === "open") {
      this.state = "suspended";
      this.queue.push({ type: "suspended" });
    }
    if (!this.carriers.length) {
      this.queue.push({ type: "lost", carrier: carrier.id, code, welcomed });
    }
  }

  private newer(carrier: Carrier): boolean {
    for (let i = 0; i < this.carriers.length; i++) {
      if ((this.carriers[i] as Carrier).attach > carrier.attach) {
        return true;
      }
    }
    return false;
  }

  private drop(carrier: Carrier, code: string | null): void {
    remove(this.carriers, carrier.id);
    const batch = this.batch;
    if (batch && find(carrier.requests, batch.request)) {
      batch.request = 0;
    }
    this.saidClose = false;
    this.queue.push({ type: "drop", carrier: carrier.id, code });
  }

  private end(code: string, reason: string, retry: number): void {
    if (this.state === "ended") {
      return;
    }
    if (this.state === "closing") {
      code = this.closeCode;
    }
    this.state = "ended";
    while (this.carriers.length) {
      this.drop(this.carriers[0] as Carrier, null);
    }
    this.current = null;
    this.queue.push({ type: "ended", code, reason, retry, unconfirmed: this.send.log });
  }

  private carrierOf(request: number): Carrier | null {
    for (let i = 0; i < this.carriers.length; i++) {
      if (find((this.carriers[i] as Carrier).requests, request)) {
        return this.carriers[i] as Carrier;
      }
    }
    return null;
  }
}

interface Fields {
  attach?: number;
  poll?: number;
  first?: number | undefined;
  serial?: number;
  ticket?: string;
}

/** When it is given up, over itself or one of its requests. */
function deadlineOf(carrier: Carrier): number {
  let deadline = carrier.deadline;
  for (let i = 0; i < carrier.requests.length; i++) {
    deadline = Math.min(deadline, (carrier.requests[i] as OpenRequest).deadline);
  }
  return deadline;
}

function find<T extends { id: number }>(list: T[], id: number): T | null {
  for (let i = 0; i < list.length; i++) {
    if ((list[i] as T).id === id) {
      return list[i] as T;
    }
  }
  return null;
}

function remove<T extends { id: number }>(list: T[], id: number): T | null {
  for (let i = 0; i < list.length; i++) {
    if ((list[i] as T).id === id) {
      return list.splice(i, 1)[0] as T;
    }
  }
  return null;
}

function count(requests: OpenRequest[], kind: Request["kind"]): number {
  let found = 0;
  for (let i = 0; i < requests.length; i++) {
    found += (requests[i] as OpenRequest).kind === kind ? 1 : 0;
  }
  return found;
}

function numberOf(value: unknown, otherwise: number): number {
  return isInteger(value) ? value : otherwise;
}

function reasonOf(z: { [key: string]: unknown }): string {
  return typeof z["reason"] === "string" ? z["reason"] : "";
}

function retryOf(z: { [key: string]: unknown }): number {
  return numberOf(z["retry"], 0);
}
