// Which transport is tried when: no clock, no timer, no I/O. Every input takes the time; after each, take `next(now)` until it
// says null, then come back at `nextTimeout()`. A transport counts as working when it has carried data, never when it has opened.
import { backoff } from "./backoff.ts";
import { actionOf } from "./codes.ts";
import type { Reconnection } from "./options.ts";
import type { Kind } from "./session.ts";

/** What is known of a transport. They stand in order of preference. */
export interface Way {
  name: string;
  kind: Kind;
}

/** What is known of this server from here. */
export interface Memory {
  /** What worked last, and until when that counts. */
  best: string;
  until: number;
  /** The shortest round trip seen; 0 if none was. */
  rtt: number;
  /** Until then nothing is held that takes one of a browser's few connections. */
  tight: number;
  /** What failed while something else worked, and how. */
  failed: { [name: string]: { why: string; until: number } };
}

export type Step =
  /** Attach over this transport, beside what there is. */
  | { type: "start"; id: number; name: string; patience: number }
  /** A connection that never became a carrier is not wanted any more. */
  | { type: "cancel"; id: number }
  /** See with a session of its own whether this one works by now, and tell `probed`. */
  | { type: "probe"; name: string }
  /** The memory has changed. */
  | { type: "learnt" }
  /** Nothing works at present. */
  | { type: "failing"; code: string; why: string }
  | { type: "give_up" };

interface Attempt extends Way {
  id: number;
  at: number;
  /** When a duplex had its connection, else -1. */
  openedAt: number;
  /** When the next one starts beside it. */
  due: number;
  /** When it is given up, if nobody else watches it. */
  until: number;
  /** Another was faster: it is no carrier, but may still show that it works. */
  late: boolean;
}

/** Before the next transport is started beside one that has not carried anything: this, or three round trips. */
const HEAD_START = 250;
const MAX_RTT = 1000;
/** Time for a new carrier to show that it carries; more after each round without success. */
const PATIENCE = 5000;
const MAX_PATIENCE = 20000;
/** So long a two-way connection that was overtaken may still win. */
const LATE = 5000;
/** A carrier that held this long was no failure; one that dies sooner than `QUICK` so many times in a row is left. */
const STOOD = 1000;
const QUICK = 10000;
const QUICK_DEATHS = 3;
/** So many refusals that only ask for another attach are followed at once. */
const HASTY = 3;
/** How long what was learnt counts. */
export const KEPT = 3600000;
/** How long, at least, connections that were scarce are taken to be so. */
const TIGHT = 60000;
/** Looking for something better: bounds of the pauses, and how long a carrier must hold for them to start over. */
const PROBE_FIRST = 20000;
const PROBE_MAX = 600000;
const PROBE_LEAST = 1000;
const PROBE_RESET = 60000;
/** A time-out that comes this late says that this machine was busy, nothing of the path: it is given once more. */
const BUSY = 50;
const NEVER = Infinity;
/** The code of a carrier beside which nothing is answered. */
export const CROWDED = "crowded";

export class Negotiation {
  /** The session is about to end: nothing better is looked for. */
  closing = false;
  private begun = false;
  private attempts: Attempt[] = [];
  private ids = 0;
  private current: Attempt | null = null;
  /** What was current until another attach was accepted, which has not carried anything yet. */
  private former: Attempt | null = null;
  private carriedAt = 0;
  /** When a carrier was let go because there may be no connection left beside it. */
  private crowdedAt = -NEVER;
  /** Untried transports of this race, and when the next is due. */
  private left: Way[] = [];
  private due = NEVER;
  /** Racing though there is a carrier, which may be dead. */
  private renewing = false;
  private rounds = 0;
  private hasty = 0;
  private lifeBy = NEVER;
  private deaths: { [name: string]: number } = {};
  /** What failed and how; evidence only once something else has worked. */
  private suspects: { [name: string]: string } = {};
  private code = "";
  private why = "";
  private probeAt = NEVER;
  private probes = 0;
  private toProbe: Way[] = [];
  /** Overtaken by less than they may need: looked at anew soon. */
  private doubtful: Way[] = [];
  private steps: Step[] = [];

  constructor(
    private ways: Way[],
    private limits: Required<Reconnection>,
    private random: () => number,
    readonly memory: Memory,
  ) {}

  begin(now: number): void {
    this.begun = true;
    this.race(now, 0);
  }

  /** A two-way connection stands, and its attach is under way. */
  opened(now: number, id: number): void {
    const attempt = this.find(id);
    if (attempt) {
      attempt.openedAt = now;
      attempt.until = NEVER;
      // It makes progress: the answer takes no longer than the handshake did.
      if (attempt.due === this.due) {
        this.due = attempt.due = Math.max(attempt.due, now + now - attempt.at);
      }
    }
  }

  /** Data has come: this one works, and the session is on it. */
  carried(now: number, id: number): void {
    const attempt = this.find(id);
    const former = this.former;
    if (!attempt || attempt === this.current) {
      return;
    }
    const memory = this.memory;
    const took = now - (attempt.openedAt < 0 ? attempt.at : attempt.openedAt);
    this.former = null;
    this.current = attempt;
    this.carriedAt = now;
    this.hasty = 0;
    this.calm();
    for (let i = this.attempts.length; i--; ) {
      this.outrun(this.attempts[i] as Attempt, attempt);
    }
    delete this.suspects[attempt.name];
    for (const name in this.suspects) {
      this.demote(now, name, this.suspects[name] as string);
    }
    this.suspects = {};
    delete memory.failed[attempt.name];
    if (attempt.kind === "poll" && now - this.crowdedAt < PATIENCE) {
      // That was it: as soon as one was free, there was an answer.
      this.tighten(now);
    }
    if (memory.tight <= now) {
      memory.best = attempt.name;
      memory.until = now + KEPT;
    }
    memory.rtt = Math.min(memory.rtt || MAX_RTT, Math.max(1, took));
    this.steps.push({ type: "learnt" });
    if (former && this.rank(former) < this.rank(attempt) && !this.under(former.name) && !this.closing) {
      this.start(now, former);
    }
    this.planProbe(now);
  }

  /** The server has accepted another attach. Says whether to keep this one's connection: it may still show that it carries. */
  overtaken(now: number, id: number): boolean {
    const attempt = this.find(id);
    if (!attempt) {
      return false;
    }
    if (attempt === this.current) {
      this.superseded(now, attempt);
      return false;
    }
    if (attempt.kind === "duplex") {
      attempt.late = true;
      attempt.until = attempt.at + LATE;
      return true;
    }
    if (now >= attempt.due) {
      this.suspects[attempt.name] = reason(attempt, "timeout");
      this.doubtful.push(attempt);
    }
    this.remove(attempt);
    return false;
  }

  /** Something has come over a connection that was overtaken. */
  alive(now: number, id: number): void {
    const attempt = this.find(id);
    if (attempt && attempt.late) {
      this.remove(attempt);
      this.steps.push({ type: "cancel", id });
      this.again(now, attempt);
    }
  }

  /** Something has come over the carrier, and something more has to come until `by`. */
  heard(id: number, by: number): void {
    if (this.current && this.current.id === id) {
      if (this.renewing) {
        this.calm();
      }
      this.lifeBy = by;
    }
  }

  /** The carrier works but will be ended: another of its kind is to take its place. */
  replace(now: number, id: number): void {
    const current = this.current;
    if (current && current.id === id && !this.racers() && !this.closing) {
      this.start(now, current);
    }
  }

  /** It has failed, or was lost, with the code of a refusal, `timeout`, `end` or `""`. */
  failed(now: number, id: number, code: string): void {
    const attempt = this.find(id);
    if (!attempt) {
      return;
    }
    const why = reason(attempt, code);
    const action = actionOf(code);
    this.remove(attempt);
    if (code === CROWDED) {
      this.crowdedAt = now;
    } else if (attempt === this.current && this.heldBack(now, attempt)) {
      this.suspects[attempt.name] = "buffered";
      this.doubtful.push(attempt);
    }
    if (attempt === this.current && code === "taken_over" && this.racers()) {
      this.superseded(now, attempt);
    } else if (attempt === this.current) {
      this.died(now, attempt, code);
    } else if (attempt.late || (this.current && !this.renewing)) {
      if (this.current && this.current.name !== attempt.name && (!action || code === "timeout")) {
        this.demote(now, attempt.name, why);
      }
      this.planProbe(now);
    } else if (action === "backoff") {
      this.rounds++;
      this.retry(now, this.pause());
    } else if (action === "attach" && code !== "timeout" && this.hasty++ < HASTY) {
      // A refusal is data, too.
      this.left.unshift(attempt);
      this.due = now;
    } else {
      this.suspect(now, attempt, why, code);
    }
  }

  /** What a probe has found: null if it works, else why not. */
  probed(now: number, name: string, why: string | null): void {
    const way = this.toProbe.shift();
    const current = this.current;
    if (!way || !current || this.closing || this.rank(way) >= this.rank(current)) {
      this.toProbe = [];
      this.planProbe(now);
    } else if (why === null) {
      this.toProbe = [];
      this.probes++;
      this.start(now, way);
    } else {
      if (why === CROWDED) {
        this.tighten(now);
      } else {
        this.demote(now, name, why);
      }
      this.probeNext(now);
    }
  }

  /** There is reason for a look: attaches at once if there is no carrier, and anew if it shows no life by then. */
  check(now: number, by: number): void {
    if (this.begun && !this.current && !this.racers()) {
      this.due = now;
    } else if (this.current) {
      this.lifeBy = Math.min(this.lifeBy, by);
    }
  }

  next(now: number): Step | null {
    const step = this.steps.shift();
    if (step) {
      return step;
    }
    for (let i = 0; i < this.attempts.length; i++) {
      const attempt = this.attempts[i] as Attempt;
      if (attempt.until < now - BUSY) {
        attempt.until = now + HEAD_START;
      } else if (attempt.until <= now) {
        this.failed(now, attempt.id, "timeout");
        return { type: "cancel", id: attempt.id };
      }
    }
    if (this.lifeBy < now - BUSY) {
      this.lifeBy = now + HEAD_START;
    } else if (this.lifeBy <= now) {
      this.renew(now);
    }
    if (this.due <= now) {
      this.step(now);
    } else if (this.probeAt <= now && this.current && !this.closing) {
      this.probeAt = NEVER;
      this.toProbe = this.doubtful.length ? this.doubtful : this.ways.slice(0, this.rank(this.current));
      this.doubtful = [];
      this.probeNext(now);
    }
    return this.steps.shift() || null;
  }

  nextTimeout(): number {
    let next = Math.min(this.due, this.lifeBy, this.closing ? NEVER : this.probeAt);
    for (let i = 0; i < this.attempts.length; i++) {
      next = Math.min(next, (this.attempts[i] as Attempt).until);
    }
    return next;
  }

  // ---- racing

  private race(now: number, pause: number): void {
    this.left = this.order(now);
    this.due = now + pause;
  }

  /** What worked last, then what is not known to fail here, then what worked for a while, then the rest. */
  private order(now: number): Way[] {
    const first: Way[] = [];
    const then: Way[] = [];
    const died: Way[] = [];
    const last: Way[] = [];
    for (let i = 0; i < this.ways.length; i++) {
      const way = this.ways[i] as Way;
      const bad = this.memory.failed[way.name];
      const why = this.suspects[way.name] || (bad && bad.until > now && bad.why);
      if (why || (way.kind === "stream" && Math.max(this.memory.tight, this.crowdedAt + PATIENCE) > now)) {
        (why === "died" ? died : last).push(way);
      } else if (way.name === this.memory.best && this.memory.until > now) {
        first.push(way);
      } else {
        then.push(way);
      }
    }
    return first.concat(then, died, last);
  }

  /** The next transport of the race is due. */
  private step(now: number): void {
    while (this.left.length && this.under((this.left[0] as Way).name)) {
      this.left.shift();
    }
    if (this.racers() && this.due < now - BUSY) {
      this.due = now + this.headStart();
      return;
    }
    const way = this.left.shift();
    if (way) {
      this.start(now, way);
    } else if (this.racers()) {
      this.due = NEVER;
    } else if (this.renewing) {
      this.calm();
    } else {
      this.roundOver(now);
    }
  }

  /** All have failed. That says more of the network than of any of them. */
  private roundOver(now: number): void {
    this.rounds++;
    this.suspects = {};
    this.steps.push({ type: "failing", code: this.code || "no_transport", why: this.why });
    this.retry(now, this.pause());
  }

  private retry(now: number, pause: number): void {
    if (!this.ways.length || this.rounds > this.limits.attempts) {
      this.due = NEVER;
      this.steps.push({ type: "give_up" });
    } else {
      this.race(now, pause);
    }
  }

  private start(now: number, way: Way): void {
    const id = ++this.ids;
    const patience = Math.min(MAX_PATIENCE, PATIENCE * (this.rounds + 1));
    const due = now + this.headStart() * Math.pow(2, this.racers());
    // Only of a connection that does not stand yet nobody else keeps the time.
    const until = way.kind === "duplex" ? now + patience : NEVER;
    this.attempts.push({ id, name: way.name, kind: way.kind, at: now, openedAt: -1, due, until, late: false });
    if (!this.current || this.renewing) {
      this.due = due;
    }
    this.steps.push({ type: "start", id, name: way.name, patience });
  }

  /** `winner` carries data. Another two-way connection that is better has some time left; what cannot harm is let go. */
  private outrun(other: Attempt, winner: Attempt): void {
    if (other.kind !== "duplex" || (other.openedAt >= 0 && !other.late)) {
      return;
    }
    if (this.rank(other) < this.rank(winner)) {
      other.until = Math.min(other.until, other.at + LATE);
    } else if (other !== winner) {
      this.remove(other);
      this.steps.push({ type: "cancel", id: other.id });
    }
  }

  private died(now: number, attempt: Attempt, code: string): void {
    const lived = now - this.carriedAt;
    this.current = null;
    const name = attempt.name;
    const clean = code === "end" || code === CROWDED;
    const stood = clean || lived >= STOOD;
    this.deaths[name] = clean || lived >= QUICK ? 0 : (this.deaths[name] || 0) + 1;
    if (lived >= PROBE_RESET) {
      this.probes = 0;
    }
    if (code === "timeout") {
      this.suspects[name] = "mute";
    } else if ((this.deaths[name] as number) >= QUICK_DEATHS) {
      this.suspects[name] = "died";
    }
    this.rounds = stood ? 0 : this.rounds + 1;
    this.probeAt = this.lifeBy = NEVER;
    if (this.renewing) {
      this.renewing = false;
    } else {
      const pause = actionOf(code) === "backoff" || !stood ? this.pause() : 0;
      this.retry(now, this.racers() ? Math.max(pause, this.headStart()) : pause);
    }
  }

  /** What a proxy holds back comes late, and together with the end: as when the next attach makes the server end this stream. */
  private heldBack(now: number, attempt: Attempt): boolean {
    return attempt.kind === "stream" && this.carriedAt >= attempt.due && now - this.carriedAt < BUSY;
  }

  /** Another is about to carry; if it does not in time, the race begins anew. */
  private superseded(now: number, attempt: Attempt): void {
    this.remove(attempt);
    this.former = this.renewing || this.suspects[attempt.name] ? null : attempt;
    this.current = null;
    this.renewing = false;
    this.race(now, this.headStart());
    if (this.former && !this.betterUnder(attempt)) {
      // A race was won while another's attach was under way already: the better one, which works, attaches anew.
      this.left.unshift(attempt);
      this.due = now;
    }
  }

  private suspect(now: number, attempt: Attempt, why: string, code: string): void {
    this.suspects[attempt.name] = this.why = why;
    this.code = code;
    // One that was started later still has its time.
    if (attempt.due >= this.due || !this.racers()) {
      this.due = now;
    }
  }

  /** This one has shown that it works. */
  private again(now: number, way: Way): void {
    if (!this.current) {
      this.left.unshift(way);
      this.due = now;
    } else if (this.rank(way) < this.rank(this.current) && !this.closing) {
      this.start(now, way);
    }
  }

  private renew(now: number): void {
    const current = this.current;
    this.lifeBy = NEVER;
    if (current && !this.renewing && !this.closing) {
      this.race(now, 0);
      this.left.unshift(current);
      this.renewing = true;
    }
  }

  private headStart(): number {
    return Math.max(HEAD_START, 3 * this.memory.rtt);
  }

  private calm(): void {
    this.renewing = false;
    this.left = [];
    this.due = this.lifeBy = NEVER;
  }

  private pause(): number {
    return backoff(Math.max(0, this.rounds - 1), this.limits.delay, this.limits.maxDelay, this.random);
  }

  // ---- upward

  private planProbe(now: number): void {
    const better = this.current && this.rank(this.current) > 0;
    const pause = this.doubtful.length ? 0 : backoff(this.probes, PROBE_FIRST, PROBE_MAX, this.random);
    this.probeAt = better ? now + PROBE_LEAST + pause : NEVER;
  }

  private probeNext(now: number): void {
    while (this.toProbe.length && !this.worthProbing(now, this.toProbe[0] as Way)) {
      this.toProbe.shift();
    }
    const way = this.toProbe[0];
    if (way) {
      this.steps.push({ type: "probe", name: way.name });
    } else {
      this.probes++;
      this.planProbe(now);
    }
  }

  private worthProbing(now: number, way: Way): boolean {
    const room = way.kind !== "stream" || this.memory.tight <= now;
    return room && !this.under(way.name) && !!this.current && this.rank(way) < this.rank(this.current);
  }

  /** Not for the same time in all pages, lest they all come back together. */
  private tighten(now: number): void {
    this.memory.tight = now + TIGHT * (1 + this.random());
    this.steps.push({ type: "learnt" });
  }

  private demote(now: number, name: string, why: string): void {
    this.memory.failed[name] = { why, until: now + KEPT };
    this.steps.push({ type: "learnt" });
  }

  // ---- the lists

  private rank(way: Way): number {
    let i = 0;
    while (i < this.ways.length && (this.ways[i] as Way).name !== way.name) {
      i++;
    }
    return i;
  }

  private find(id: number): Attempt | null {
    for (let i = 0; i < this.attempts.length; i++) {
      if ((this.attempts[i] as Attempt).id === id) {
        return this.attempts[i] as Attempt;
      }
    }
    return null;
  }

  private remove(attempt: Attempt | null): void {
    for (let i = this.attempts.length; i--; ) {
      if (this.attempts[i] === attempt) {
        this.attempts.splice(i, 1);
      }
    }
  }

  /** Is it being tried? */
  private under(name: string): boolean {
    for (let i = 0; i < this.attempts.length; i++) {
      const attempt = this.attempts[i] as Attempt;
      if (attempt.name === name && attempt !== this.current && !attempt.late) {
        return true;
      }
    }
    return false;
  }

  /** This one, or a better one. */
  private betterUnder(way: Way): boolean {
    for (let i = 0; i <= this.rank(way); i++) {
      if (this.under((this.ways[i] as Way).name)) {
        return true;
      }
    }
    return false;
  }

  private racers(): number {
    let racers = 0;
    for (let i = 0; i < this.attempts.length; i++) {
      const attempt = this.attempts[i] as Attempt;
      racers += attempt === this.current || attempt.late ? 0 : 1;
    }
    return racers;
  }
}

/** What to remember of a failure. */
function reason(attempt: Attempt, code: string): string {
  if (code && code !== "timeout") {
    return code;
  }
  if (!code && !attempt.late) {
    return "failed";
  }
  return attempt.kind === "stream" ? "buffered" : attempt.openedAt >= 0 ? "mute" : "silent";
}
