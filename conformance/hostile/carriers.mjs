// The ways down, siblings: `begin(lines)` is what the attach is answered with, `say(lines)` what follows, `end()` cuts it off, and `raw(row)`
// writes what is no line.
import { randomUUID } from "node:crypto";
import { build } from "./text.mjs";

const FRAME = "function m(s){parent.postMessage({everwire:T,data:s},O)}";
/** When a poll is answered that has nothing to be answered with. */
const BEAT = 2500;

export class WebSocketCarrier {
  constructor(place, ws) {
    Object.assign(this, { place, ws });
  }

  begin(lines) {
    this.say(lines);
  }

  say(lines) {
    for (const line of lines) {
      this.ws.send(line, { binary: typeof line !== "string" });
    }
  }

  raw({ frames }) {
    for (const frame of frames ?? []) {
      this.ws._socket.write(build(frame));
    }
  }

  end() {
    this.ws.terminate();
  }
}

class ByResponse {
  constructor(place, session, response, head) {
    Object.assign(this, { place, session, response, head });
  }

  write(lines) {
    this.response.write(lines.map((line) => `${line}\n`).join(""));
  }

  raw({ bytes, forever }) {
    if (bytes !== undefined) {
      this.place.pour(build(bytes), forever, this.response, () => {});
    }
  }

  end() {
    this.response.end();
  }
}

export class StreamCarrier extends ByResponse {
  begin(lines) {
    this.write(lines);
  }

  say(lines) {
    this.write(lines);
  }
}

/** What is said waits until it is asked for. */
class Asked extends ByResponse {
  waiting = [];
  /** The number of the next message that is written. */
  position = 1;

  begin(lines) {
    this.position = this.head.received + 1 + countOf(lines);
    this.write(lines);
    this.response.end();
    this.response = null;
  }

  say(lines) {
    this.waiting.push(...lines);
    this.answer();
  }

  /** Short welcome, and what has waited. */
  taken(more) {
    const lines = [`W${JSON.stringify({ ...this.session.short(this.position), ...more })}`, ...this.waiting];
    this.position += countOf(this.waiting);
    this.waiting = [];
    return lines;
  }

  raw() {}

  end() {
    this.response?.end();
    this.response = null;
  }
}

export class PollCarrier extends Asked {
  poll(response, head) {
    // Answers may overtake each other: what was skipped is asked for again.
    const lost = this.session.unconfirmed.filter(({ number }) => number > head.received && number < this.position);
    this.waiting.unshift(...lost.map(({ line }) => line));
    this.position = lost[0]?.number ?? this.position;
    const former = this.response;
    this.response = response;
    if (former) {
      former.end(`${this.taken().join("\n")}\n`);
    }
    clearTimeout(this.beat);
    this.beat = setTimeout(() => this.say(["h"]), BEAT);
    this.answer();
  }

  answer() {
    if (this.response && this.waiting.length > 0) {
      this.write(this.taken());
      this.end();
    }
  }
}

/** The POST is answered with a ticket, and the stream comes by that. */
class Ticketed extends Asked {
  constructor(...given) {
    super(...given);
    this.more = { ticket: randomUUID() };
    this.place.tickets.set(this.more.ticket, this);
  }

  open(response) {
    this.place.tickets.delete(this.more.ticket);
    this.response = response;
    response.setHeader("Content-Type", this.type);
    response.write(this.opening ?? "");
    this.answer();
    this.raw = ByResponse.prototype.raw;
    if (this.place.hostile) {
      this.raw(this.place.row);
      if (this.place.row.cut) {
        this.end();
      }
    }
  }

  begin(lines) {
    super.begin(lines);
    this.waiting = [];
  }

  answer() {
    if (this.response) {
      this.write(this.begun ? this.waiting.splice(0) : this.taken());
      this.begun = true;
    }
  }

  end() {
    if (this.begun) {
      super.end();
    }
  }
}

export class EventSourceCarrier extends Ticketed {
  type = "text/event-stream";

  write(lines) {
    this.response.write(lines.map((line) => (this.response.getHeader("Content-Type") === this.type ? `data: ${line}\n\n` : `${line}\n`)).join(""));
  }
}

export class FrameCarrier extends Ticketed {
  type = "text/html";

  open(response, query) {
    const [ticket, origin] = [query.get("ticket"), query.get("origin")].map((text) => JSON.stringify(text));
    this.opening = `<!doctype html><script>T=${ticket};O=${origin};${FRAME}</script>`;
    super.open(response);
  }

  write(lines) {
    const text = lines.map((line) => `${line}\n`).join("");
    const isPage = this.response.getHeader("Content-Type") === this.type;
    this.response.write(isPage ? `<script>m(${escaped(text)})</script>\n` : text);
  }
}

export class ScriptCarrier extends Asked {
  begin(lines) {
    this.first = lines;
    this.position = this.head.received + 1 + countOf(lines);
    const early = this.place.tickets.get(this.head.ticket);
    this.place.tickets.set(this.head.ticket, this);
    this.response = null;
    if (early) {
      this.open(...early.script);
    }
  }

  get more() {
    const ticket = randomUUID();
    this.place.tickets.set(ticket, this);
    return { ticket };
  }

  open(response, query) {
    this.response = response;
    this.callback = typeof query === "string" ? query : query.get("c");
    clearTimeout(this.beat);
    this.beat = setTimeout(() => this.say(["h"]), BEAT);
    this.answer();
  }

  answer() {
    if (this.response && (this.first || this.waiting.length > 0)) {
      const lines = this.first ?? this.taken(this.more);
      this.first = null;
      this.response.setHeader("Content-Type", "text/javascript");
      const call = `${this.callback}(${escaped(lines.map((line) => `${line}\n`).join(""))});`;
      this.response.end((this.place.hostile && this.place.row.script?.replaceAll("$CALL", call)) || `/**/${call}`);
      this.response = null;
    }
  }
}

function countOf(lines) {
  return lines.filter((line) => "eaxcodl".includes(line[0])).length;
}

function escaped(text) {
  return JSON.stringify(text).replace(/[<>&'\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
