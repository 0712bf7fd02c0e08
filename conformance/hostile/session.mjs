// As much of a server as a client needs to believe in one: a session that counts what comes, and keeps what it says until it is confirmed.
import { randomUUID } from "node:crypto";

const COUNTED = "eaxcodl";

export class Session {
  id = randomUUID();
  /** Messages taken. */
  received = 0;
  /** Messages that the client may not have, in their order. */
  unconfirmed = [];
  /** The carrier that stands: something with `say(lines)`. */
  carrier = null;
  /** Called for each packet of the client. */
  heard = () => {};
  #number = 0;

  /** The head of an attach or post: what the client has. */
  confirm(head) {
    this.unconfirmed = this.unconfirmed.filter(({ number }) => number > head.received);
    this.position = head.first;
  }

  /** The client has lost its carrier: what it does not have gets its numbers anew. */
  resume(head) {
    this.confirm(head);
    this.#number = head.received;
    this.unconfirmed.forEach((message) => (message.number = ++this.#number));
    return this.unconfirmed.map(({ line }) => line);
  }

  welcome(head, changes = {}) {
    const limits = { ping: 3000, timeout: 3000, grace: 9000, window: 1 << 20, max: 1_000_000, acks: 1000, stream: 1 << 22 };
    const full = { session: this.id, token: randomUUID(), attach: head.attach, ...this.short(head.received + 1), ...limits, ...changes };
    return `W${JSON.stringify(full, (_, value) => (value === "$none" ? undefined : value))}`;
  }

  /** The counts, and the number of what comes next. */
  short(first = this.#number + 1) {
    return { first, received: this.received, consumed: 0 };
  }

  take(lines) {
    for (const line of lines) {
      if (!COUNTED.includes(line[0])) {
        this.heard(line);
      } else if (this.position++ > this.received) {
        this.received++;
        this.heard(line);
      }
    }
  }

  /** Says it for sure, again if need be. */
  say(line) {
    this.unconfirmed.push({ number: ++this.#number, line });
    this.carrier.say([line]);
  }

  /** What was said past the session still takes its place among the messages. */
  passed(lines) {
    this.#number += lines.filter((line) => COUNTED.includes(line[0])).length;
  }
}
