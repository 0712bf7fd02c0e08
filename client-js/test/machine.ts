// The session machine as its twin in Rust has it, for whatever drives both: carriers and requests by number, outputs as data.
import { binaryForm } from "../src/binary.ts";
import { fromLine, parse as parsePacket, withBinary, type Data, type Packet } from "../src/packet.ts";
import { createAttempt, type Attempt } from "../src/plan.ts";
import { attach } from "../src/session/attach.ts";
import { heard, refused } from "../src/session/down.ts";
import { hello, write } from "../src/session/duplex.ts";
import { close, end } from "../src/session/end.ts";
import { push } from "../src/session/halves.ts";
import { answer, answered, ask, beacon, lastWord, post, welcomed } from "../src/session/http.ts";
import {
  OPENED,
  createSession,
  next,
  type Carrier,
  type Message,
  type Request as Asked,
  type Session as State,
  type Way,
} from "../src/session/state.ts";
import { nextTimeout, timeout } from "../src/session/timers.ts";
import { learnAll } from "./codes.ts";
import type { Transport } from "../src/transports/transport.ts";

export type Kind = "duplex" | "stream" | "poll" | "script";

export interface Plain {
  type: string;
  namespace: string;
  id: number | null;
  body: unknown;
}

export interface Given {
  namespace: string;
  data: Data;
  size: number;
  credited: boolean;
}

export interface Request {
  id: number;
  kind: "attach" | "poll" | "post";
  carrier: number;
  body: string;
  ticket: string;
  poll: number;
  received: number;
  consumed: number;
}

export type Output =
  | { type: "write"; carrier: number; data: Data }
  | { type: "request"; request: Request }
  | { type: "stream"; carrier: number; ticket: string }
  | { type: "drop"; carrier: number; code: string | null }
  | { type: "lost"; carrier: number; code: string; welcomed: boolean }
  | { type: "deliver"; packet: Plain; size: number }
  | { type: "opened"; carrier: number; resumed: boolean }
  | { type: "moved"; carrier: number }
  | { type: "suspended" }
  | { type: "farewell"; body: string }
  | { type: "ended"; code: string; reason: string; retry: number; unconfirmed: Given[] };

withBinary(binaryForm);
learnAll();

const KINDS: Kind[] = ["duplex", "stream", "poll", "script"];
const STATES = ["opening", "open", "suspended", "closing", "ended"];

/** A packet by the names of its parts, which the published code has not. A string is the code of what is wrong with it. */
export function parse(data: Data): Plain | string {
  const packet = parsePacket(data);
  return typeof packet === "string" ? packet : plainOf(packet);
}

function plainOf(packet: Packet): Plain {
  return { type: packet._type, namespace: packet._namespace, id: packet._id, body: packet._body };
}

function given(message: Message): Given {
  const { _namespace: namespace, _data: data, _size: size, _credited: credited } = message;
  return { namespace, data, size, credited };
}

export class Session {
  readonly state_: State;
  private carriers: { [id: string]: Carrier } = {};
  private requests: { [id: string]: Asked } = {};
  private asked = 0;
  private outputs: Output[] = [];
  /** Told when nothing else is to be told about the same loss. */
  private lost_: Output | null = null;

  constructor(window: number, secret: () => string) {
    const out = (output: Output): void => {
      if (output.type !== "suspended") {
        this.settle();
      }
      this.outputs.push(output);
    };
    this.state_ = createSession(window, secret, {
      _write: (carrier, data) => out({ type: "write", carrier: this.idOf(carrier), data }),
      _request: (request) => {
        const id = ++this.asked;
        this.requests[id] = request;
        out({
          type: "request",
          request: {
            id,
            kind: (["attach", "poll", "post"] as const)[request._kind] as Request["kind"],
            carrier: this.idOf(request._carrier),
            body: request._body,
            ticket: request._ticket,
            poll: request._carrier._polls,
            received: this.state_._received,
            consumed: this.state_._consumed,
          },
        });
      },
      _stream: (carrier, ticket) => out({ type: "stream", carrier: this.idOf(carrier), ticket }),
      _drop: (carrier, code) => {
        const id = this.idOf(carrier);
        out({ type: "drop", carrier: id, code });
        if (code !== null && !this.state_._carriers.length) {
          const shown = carrier._way._kind !== 1 || !carrier._ticket || carrier._position;
          this.lost_ = { type: "lost", carrier: id, code, welcomed: !!carrier._welcomed && !!shown };
        }
      },
      _deliver: (packet, size) => out({ type: "deliver", packet: plainOf(packet), size }),
      _opened: (carrier, resumed, moved) => {
        const id = this.idOf(carrier);
        out(moved ? { type: "moved", carrier: id } : { type: "opened", carrier: id, resumed });
      },
      _suspended: () => out({ type: "suspended" }),
      _farewell: (line) => out({ type: "farewell", body: lastWord(this.state_, line) }),
      _ended: (code, reason, retry, unconfirmed) => out({ type: "ended", code, reason, retry, unconfirmed: unconfirmed.map(given) }),
    });
  }

  get state(): string {
    return STATES[this.state_._state] as string;
  }

  get id(): string {
    return this.state_._id || "";
  }

  /** What is sent and not confirmed, or waits; and the server's window. */
  get send(): { readonly log: Given[]; readonly bytes: number; window: number } {
    const state = this.state_;
    return {
      // Made for those who look at it only: the bridge asks for the bytes after each step.
      get log() {
        return state._log.map(given);
      },
      bytes: state._bytes,
      set window(bytes: number) {
        state._limits = { ...state._limits, window: bytes };
      },
    };
  }

  set max(bytes: number) {
    this.state_._limits = { ...this.state_._limits, max: bytes };
  }

  set rest(ms: number) {
    this.state_._tight = ms ? Infinity : 0;
    this.state_._rest = ms;
  }

  attach(now: number, id: number, kind: Kind, patience: number): void {
    const carrier = createAttempt(wayOf(kind) as Transport, id, now, patience);
    this.carriers[id] = carrier;
    attach(this.state_, now, carrier);
  }

  packet(now: number, id: number, data: Data): void {
    heard(this.state_, now, this.carriers[id] as Carrier, data);
  }

  line(now: number, id: number, line: string): void {
    this.packet(now, id, fromLine(line));
  }

  answer(now: number, id: number, line: string): void {
    answer(this.state_, now, this.requests[id] as Asked, line);
  }

  answered(id: number): void {
    answered(this.state_, 0, this.requests[id] as Asked, null);
  }

  failed(now: number, id: number, code: string): void {
    answered(this.state_, now, this.requests[id] as Asked, code);
  }

  lost(_now: number, id: number, code: string): void {
    const carrier = this.carriers[id];
    if (carrier) {
      refused(this.state_, carrier, code);
    }
  }

  push(message: Given): void {
    push(this.state_, {
      _namespace: message.namespace,
      _data: message.data,
      _size: message.size,
      _credited: message.credited,
    });
  }

  pushVolatile(data: Data): void {
    if (this.state_._state === OPENED) {
      this.state_._fleeting.push(data);
    }
  }

  consumed(bytes: number): void {
    this.state_._consumed += bytes;
  }

  close(now: number, code: string): void {
    close(this.state_, now, code);
  }

  beacon(limit: number): string | null {
    return beacon(this.state_, limit) || null;
  }

  abort(code: string): void {
    end(this.state_, code);
  }

  timeout(now: number): void {
    timeout(this.state_, now, "timeout");
  }

  nextTimeout(): number | null {
    const at = nextTimeout(this.state_);
    return at === Infinity ? null : at;
  }

  next(now: number): Output | null {
    while (!this.outputs.length) {
      const run = next(this.state_, now);
      if (run) {
        run();
      } else {
        this.settle();
        break;
      }
    }
    return this.outputs.shift() || null;
  }

  private settle(): void {
    if (this.lost_) {
      this.outputs.push(this.lost_);
      this.lost_ = null;
    }
  }

  private idOf(carrier: Carrier): number {
    return (carrier as Attempt)._rank;
  }
}

function wayOf(kind: Kind): Way {
  return kind === "duplex" ? { _kind: 0, _attach: hello, _flush: write } : { _kind: KINDS.indexOf(kind), _attach: ask, _flush: post, _welcomed: welcomed };
}
