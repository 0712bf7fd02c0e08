/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
/** A pause before try number `tries` (from 0): anything up to a bound that doubles. Full jitter spreads a crowd best. */
function backoff(tries, delay, maxDelay, random) {
    return Math.floor(random() * Math.min(maxDelay, delay * Math.pow(2, tries)));
}

// What a client does about a code (protocol.md, section 10.2).
const ACTIONS = {
    attach: " attachments bad_json bad_packet empty gap heartbeat stale stale_poll stale_token taken_over timeout too_large too_many_packets utf8 ",
    open: " grace_over unknown_session ",
    backoff: " bad_ack credit full rate shutdown slow_consumer ",
    next: " bad_handshake bad_request content_type encoding method not_found transport upgrade_required ",
    never: " callback client_disconnect no_namespace origin server_disconnect version ",
};
/** These end the session; the others end a request or a carrier. The page cannot help a refused origin or callback either. */
const ENDS = " bad_ack callback client_disconnect credit grace_over no_namespace origin server_disconnect shutdown slow_consumer unknown_session version ";
/** Null if the code is not one of the protocol's. */
function actionOf(code) {
    for (const action in ACTIONS) {
        if (ACTIONS[action].indexOf(" " + code + " ") >= 0) {
            return action;
        }
    }
    return null;
}
function endsSession(code) {
    return ENDS.indexOf(" " + code + " ") >= 0;
}

// Which transport is tried when: no clock, no timer, no I/O. Every input takes the time; after each, take `next(now)` until it
// says null, then come back at `nextTimeout()`. A transport counts as working when it has carried data, never when it has opened.
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
const KEPT = 3600000;
/** Looking for something better: bounds of the pauses, and how long a carrier must hold for them to start over. */
const PROBE_FIRST = 20000;
const PROBE_MAX = 600000;
const PROBE_LEAST = 1000;
const PROBE_RESET = 60000;
/** A time-out that comes this late says that this machine was busy, nothing of the path: it is given once more. */
const BUSY = 50;
const NEVER$1 = Infinity;
class Negotiation {
    constructor(ways, limits, random, memory) {
        this.ways = ways;
        this.limits = limits;
        this.random = random;
        this.memory = memory;
        /** The session is about to end: nothing better is looked for. */
        this.closing = false;
        this.begun = false;
        this.attempts = [];
        this.ids = 0;
        this.current = null;
        /** What was current until another attach was accepted, which has not carried anything yet. */
        this.former = null;
        this.carriedAt = 0;
        /** Untried transports of this race, and when the next is due. */
        this.left = [];
        this.due = NEVER$1;
        /** Racing though there is a carrier, which may be dead. */
        this.renewing = false;
        this.rounds = 0;
        this.hasty = 0;
        this.lifeBy = NEVER$1;
        this.deaths = {};
        /** What failed and how; evidence only once something else has worked. */
        this.suspects = {};
        this.code = "";
        this.why = "";
        this.probeAt = NEVER$1;
        this.probes = 0;
        this.toProbe = [];
        /** Overtaken by less than they may need: looked at anew soon. */
        this.doubtful = [];
        this.steps = [];
    }
    begin(now) {
        this.begun = true;
        this.race(now, 0);
    }
    /** A two-way connection stands, and its attach is under way. */
    opened(now, id) {
        const attempt = this.find(id);
        if (attempt) {
            attempt.openedAt = now;
            attempt.until = NEVER$1;
            // It makes progress: the answer takes no longer than the handshake did.
            if (attempt.due === this.due) {
                this.due = attempt.due = Math.max(attempt.due, now + now - attempt.at);
            }
        }
    }
    /** Data has come: this one works, and the session is on it. */
    carried(now, id) {
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
        for (let i = this.attempts.length; i--;) {
            this.outrun(this.attempts[i], attempt);
        }
        delete this.suspects[attempt.name];
        for (const name in this.suspects) {
            this.demote(now, name, this.suspects[name]);
        }
        this.suspects = {};
        delete memory.failed[attempt.name];
        memory.best = attempt.name;
        memory.until = now + KEPT;
        memory.rtt = Math.min(memory.rtt || MAX_RTT, Math.max(1, took));
        this.steps.push({ type: "learnt" });
        if (former && this.rank(former) < this.rank(attempt) && !this.under(former.name) && !this.closing) {
            this.start(now, former);
        }
        this.planProbe(now);
    }
    /** The server has accepted another attach. Says whether to keep this one's connection: it may still show that it carries. */
    overtaken(now, id) {
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
    alive(now, id) {
        const attempt = this.find(id);
        if (attempt && attempt.late) {
            this.remove(attempt);
            this.steps.push({ type: "cancel", id });
            this.again(now, attempt);
        }
    }
    /** Something has come over the carrier. */
    heard(id) {
        if (this.current && this.current.id === id) {
            this.lifeBy = NEVER$1;
            if (this.renewing) {
                this.calm();
            }
        }
    }
    /** It has failed, or was lost, with the code of a refusal, `timeout`, `end` or `""`. */
    failed(now, id, code) {
        const attempt = this.find(id);
        if (!attempt) {
            return;
        }
        const why = reason(attempt, code);
        const action = actionOf(code);
        this.remove(attempt);
        if (attempt === this.current && this.heldBack(now, attempt)) {
            this.suspects[attempt.name] = "buffered";
            this.doubtful.push(attempt);
        }
        if (attempt === this.current && code === "taken_over" && this.racers()) {
            this.superseded(now, attempt);
        }
        else if (attempt === this.current) {
            this.died(now, attempt, code);
        }
        else if (attempt.late || (this.current && !this.renewing)) {
            if (this.current && (!action || code === "timeout")) {
                this.demote(now, attempt.name, why);
            }
            this.planProbe(now);
        }
        else if (action === "backoff") {
            this.rounds++;
            this.retry(now, this.pause());
        }
        else if (action === "attach" && code !== "timeout" && this.hasty++ < HASTY) {
            // A refusal is data, too.
            this.left.unshift(attempt);
            this.due = now;
        }
        else {
            this.suspect(now, attempt, why, code);
        }
    }
    /** What a probe has found: null if it works, else why not. */
    probed(now, name, why) {
        const way = this.toProbe.shift();
        const current = this.current;
        if (!way || !current || this.closing || this.rank(way) >= this.rank(current)) {
            this.toProbe = [];
            this.planProbe(now);
        }
        else if (why === null) {
            this.toProbe = [];
            this.probes++;
            this.start(now, way);
        }
        else {
            this.demote(now, name, why);
            this.steps.push({ type: "learnt" });
            this.probeNext(now);
        }
    }
    /** There is reason for a look: attaches at once if there is no carrier, and anew if it shows no life by then. */
    check(now, by) {
        if (this.begun && !this.current && !this.racers()) {
            this.due = now;
        }
        else if (this.current) {
            this.lifeBy = Math.min(this.lifeBy, by);
        }
    }
    next(now) {
        const step = this.steps.shift();
        if (step) {
            return step;
        }
        for (let i = 0; i < this.attempts.length; i++) {
            const attempt = this.attempts[i];
            if (attempt.until < now - BUSY) {
                attempt.until = now + HEAD_START;
            }
            else if (attempt.until <= now) {
                this.failed(now, attempt.id, "timeout");
                return { type: "cancel", id: attempt.id };
            }
        }
        if (this.lifeBy < now - BUSY) {
            this.lifeBy = now + HEAD_START;
        }
        else if (this.lifeBy <= now) {
            this.renew(now);
        }
        if (this.due <= now) {
            this.step(now);
        }
        else if (this.probeAt <= now && this.current && !this.closing) {
            this.probeAt = NEVER$1;
            this.toProbe = this.doubtful.length ? this.doubtful : this.ways.slice(0, this.rank(this.current));
            this.doubtful = [];
            this.probeNext(now);
        }
        return this.steps.shift() || null;
    }
    nextTimeout() {
        let next = Math.min(this.due, this.lifeBy, this.closing ? NEVER$1 : this.probeAt);
        for (let i = 0; i < this.attempts.length; i++) {
            next = Math.min(next, this.attempts[i].until);
        }
        return next;
    }
    // ---- racing
    race(now, pause) {
        this.left = this.order(now);
        this.due = now + pause;
    }
    /** What worked last, then what is not known to fail here, then what worked for a while, then the rest. */
    order(now) {
        const first = [];
        const then = [];
        const died = [];
        const last = [];
        for (let i = 0; i < this.ways.length; i++) {
            const way = this.ways[i];
            const bad = this.memory.failed[way.name];
            const why = this.suspects[way.name] || (bad && bad.until > now && bad.why);
            if (why) {
                (why === "died" ? died : last).push(way);
            }
            else if (way.name === this.memory.best && this.memory.until > now) {
                first.push(way);
            }
            else {
                then.push(way);
            }
        }
        return first.concat(then, died, last);
    }
    /** The next transport of the race is due. */
    step(now) {
        while (this.left.length && this.under(this.left[0].name)) {
            this.left.shift();
        }
        if (this.racers() && this.due < now - BUSY) {
            this.due = now + this.headStart();
            return;
        }
        const way = this.left.shift();
        if (way) {
            this.start(now, way);
        }
        else if (this.racers()) {
            this.due = NEVER$1;
        }
        else if (this.renewing) {
            this.calm();
        }
        else {
            this.roundOver(now);
        }
    }
    /** All have failed. That says more of the network than of any of them. */
    roundOver(now) {
        this.rounds++;
        this.suspects = {};
        this.steps.push({ type: "failing", code: this.code || "no_transport", why: this.why });
        this.retry(now, this.pause());
    }
    retry(now, pause) {
        if (!this.ways.length || this.rounds > this.limits.attempts) {
            this.due = NEVER$1;
            this.steps.push({ type: "give_up" });
        }
        else {
            this.race(now, pause);
        }
    }
    start(now, way) {
        const id = ++this.ids;
        const patience = Math.min(MAX_PATIENCE, PATIENCE * (this.rounds + 1));
        const due = now + this.headStart() * Math.pow(2, this.racers());
        // Only of a connection that does not stand yet nobody else keeps the time.
        const until = way.kind === "duplex" ? now + patience : NEVER$1;
        this.attempts.push({ id, name: way.name, kind: way.kind, at: now, openedAt: -1, due, until, late: false });
        if (!this.current || this.renewing) {
            this.due = due;
        }
        this.steps.push({ type: "start", id, name: way.name, patience });
    }
    /** `winner` carries data. Another two-way connection that is better has some time left; what cannot harm is let go. */
    outrun(other, winner) {
        if (other.kind !== "duplex" || (other.openedAt >= 0 && !other.late)) {
            return;
        }
        if (this.rank(other) < this.rank(winner)) {
            other.until = Math.min(other.until, other.at + LATE);
        }
        else if (other !== winner) {
            this.remove(other);
            this.steps.push({ type: "cancel", id: other.id });
        }
    }
    died(now, attempt, code) {
        const lived = now - this.carriedAt;
        this.current = null;
        const name = attempt.name;
        const stood = code === "end" || lived >= STOOD;
        this.deaths[name] = code === "end" || lived >= QUICK ? 0 : (this.deaths[name] || 0) + 1;
        if (lived >= PROBE_RESET) {
            this.probes = 0;
        }
        if (code === "timeout") {
            this.suspects[name] = "mute";
        }
        else if (this.deaths[name] >= QUICK_DEATHS) {
            this.suspects[name] = "died";
        }
        this.rounds = stood ? 0 : this.rounds + 1;
        this.probeAt = this.lifeBy = NEVER$1;
        if (this.renewing) {
            this.renewing = false;
        }
        else {
            const pause = actionOf(code) === "backoff" || !stood ? this.pause() : 0;
            this.retry(now, this.racers() ? Math.max(pause, this.headStart()) : pause);
        }
    }
    /** What a proxy holds back comes late, and together with the end: as when the next attach makes the server end this stream. */
    heldBack(now, attempt) {
        return attempt.kind === "stream" && this.carriedAt >= attempt.due && now - this.carriedAt < BUSY;
    }
    /** Another is about to carry; if it does not in time, the race begins anew. */
    superseded(now, attempt) {
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
    suspect(now, attempt, why, code) {
        this.suspects[attempt.name] = this.why = why;
        this.code = code;
        // One that was started later still has its time.
        if (attempt.due >= this.due || !this.racers()) {
            this.due = now;
        }
    }
    /** This one has shown that it works. */
    again(now, way) {
        if (!this.current) {
            this.left.unshift(way);
            this.due = now;
        }
        else if (this.rank(way) < this.rank(this.current) && !this.closing) {
            this.start(now, way);
        }
    }
    renew(now) {
        const current = this.current;
        this.lifeBy = NEVER$1;
        if (current && !this.renewing && !this.closing) {
            this.race(now, 0);
            this.left.unshift(current);
            this.renewing = true;
        }
    }
    headStart() {
        return Math.max(HEAD_START, 3 * this.memory.rtt);
    }
    calm() {
        this.renewing = false;
        this.left = [];
        this.due = this.lifeBy = NEVER$1;
    }
    pause() {
        return backoff(Math.max(0, this.rounds - 1), this.limits.delay, this.limits.maxDelay, this.random);
    }
    // ---- upward
    planProbe(now) {
        const better = this.current && this.rank(this.current) > 0;
        const pause = this.doubtful.length ? 0 : backoff(this.probes, PROBE_FIRST, PROBE_MAX, this.random);
        this.probeAt = better ? now + PROBE_LEAST + pause : NEVER$1;
    }
    probeNext(now) {
        while (this.toProbe.length && !this.worthProbing(this.toProbe[0])) {
            this.toProbe.shift();
        }
        const way = this.toProbe[0];
        if (way) {
            this.steps.push({ type: "probe", name: way.name });
        }
        else {
            this.probes++;
            this.planProbe(now);
        }
    }
    worthProbing(way) {
        return !this.under(way.name) && !!this.current && this.rank(way) < this.rank(this.current);
    }
    demote(now, name, why) {
        this.memory.failed[name] = { why, until: now + KEPT };
        this.steps.push({ type: "learnt" });
    }
    // ---- the lists
    rank(way) {
        let i = 0;
        while (i < this.ways.length && this.ways[i].name !== way.name) {
            i++;
        }
        return i;
    }
    find(id) {
        for (let i = 0; i < this.attempts.length; i++) {
            if (this.attempts[i].id === id) {
                return this.attempts[i];
            }
        }
        return null;
    }
    remove(attempt) {
        for (let i = this.attempts.length; i--;) {
            if (this.attempts[i] === attempt) {
                this.attempts.splice(i, 1);
            }
        }
    }
    /** Is it being tried? */
    under(name) {
        for (let i = 0; i < this.attempts.length; i++) {
            const attempt = this.attempts[i];
            if (attempt.name === name && attempt !== this.current && !attempt.late) {
                return true;
            }
        }
        return false;
    }
    betterUnder(way) {
        for (let i = 0; i < this.rank(way); i++) {
            if (this.under(this.ways[i].name)) {
                return true;
            }
        }
        return false;
    }
    racers() {
        let racers = 0;
        for (let i = 0; i < this.attempts.length; i++) {
            const attempt = this.attempts[i];
            racers += attempt === this.current || attempt.late ? 0 : 1;
        }
        return racers;
    }
}
/** What to remember of a failure. */
function reason(attempt, code) {
    if (code && code !== "timeout") {
        return code;
    }
    if (!code && !attempt.late) {
        return "failed";
    }
    return attempt.kind === "stream" ? "buffered" : attempt.openedAt >= 0 ? "mute" : "silent";
}

/** It is kept by the time of day, and used by the clock of the session. */
function load(env, key) {
    const memory = { best: "", until: 0, rtt: 0, failed: {} };
    const now = env.now();
    // However wrong the time of day was or is.
    const here = (until) => Math.min(now + KEPT, until - env.wall() + now);
    try {
        const kept = JSON.parse(env.store.get(key) || "{}");
        if (here(kept.until) > now) {
            memory.best = kept.best;
            memory.until = here(kept.until);
            memory.rtt = +kept.rtt || 0;
        }
        for (const name in kept.failed) {
            const { why, until } = kept.failed[name];
            memory.failed[name] = { why, until: here(until) };
        }
    }
    catch (_) {
        // What cannot be read is not known.
    }
    return memory;
}
function save(env, key, memory) {
    const failed = {};
    const now = env.now();
    const ahead = env.wall() - now;
    for (const name in memory.failed) {
        const { why, until } = memory.failed[name];
        if (until > now) {
            failed[name] = { why, until: until + ahead };
        }
    }
    try {
        env.store.set(key, JSON.stringify({ best: memory.best, until: memory.until + ahead, rtt: memory.rtt, failed }));
    }
    catch (_) {
        // The user's store is the user's.
    }
}

/** What may be sent before the welcome has named the server's window and limits. */
const INITIAL_WINDOW = 65536;
class SendHalf {
    constructor() {
        /** The messages after `base`: sent and unconfirmed, then waiting. */
        this.log = [];
        /** How many the peer has confirmed. */
        this.base = 0;
        /** The highest number ever sent. */
        this.sent = 0;
        /** Of the log. */
        this.bytes = 0;
        this.window = INITIAL_WINDOW;
        /** The size of all credited messages up to each of the log, itself included. */
        this.credits = [];
        this.credited = 0;
        /** The same up to `base`. */
        this.floor = 0;
        this.consumed = 0;
    }
    push(message) {
        this.log.push(message);
        this.bytes += message.size;
        this.credited += message.credited ? message.size : 0;
        this.credits.push(this.credited);
    }
    /** Of the events of the log. */
    bytesCredited() {
        return this.credited - this.floor;
    }
    /** The number of the last message, sent or not. */
    last() {
        return this.base + this.log.length;
    }
    /** Message `number`, if it exists and credit allows it (and so all before it). */
    ready(number) {
        const at = number - this.base - 1;
        const message = this.log[at];
        return message && this.credits[at] <= this.consumed + this.window ? message : null;
    }
    markSent(number) {
        this.sent = Math.max(this.sent, number);
    }
    /** The peer's counts. False if it confirms what was never sent. */
    confirm(received, consumed) {
        if (received > this.sent) {
            return false;
        }
        this.consumed = Math.max(this.consumed, consumed);
        for (; this.base < received; this.base++) {
            this.floor = this.credits.shift();
            this.bytes -= this.log.shift().size;
        }
        return true;
    }
    /** Takes out waiting messages that are larger than the peer takes. */
    dropLarger(max) {
        const waiting = this.log.splice(Math.max(0, this.sent - this.base), this.log.length);
        const dropped = [];
        this.credits.length = this.log.length;
        this.credited = this.log.length ? this.credits[this.log.length - 1] : this.floor;
        for (let i = 0; i < waiting.length; i++) {
            const message = waiting[i];
            this.bytes -= message.size;
            if (message.size > max) {
                dropped.push(message);
            }
            else {
                this.push(message);
            }
        }
        return dropped;
    }
}
class ReceiveHalf {
    constructor(window) {
        this.window = window;
        this.received = 0;
        /** The size of the credited messages that the application is done with. */
        this.consumed = 0;
        this.bytes = 0;
        this.saidBytes = 0;
        this.saidConsumed = 0;
    }
    /** Takes the message at a position if it is the next one: 0 then, below 0 if it was seen, above 0 if there is a gap. */
    accept(position, size) {
        const ahead = position - this.received - 1;
        if (ahead === 0) {
            this.received = position;
            this.bytes += size;
        }
        return ahead;
    }
    /** Have the counts grown enough that the peer should hear of it? */
    due() {
        return Math.max(this.bytes - this.saidBytes, this.consumed - this.saidConsumed) * 4 >= this.window;
    }
    said() {
        this.saidBytes = this.bytes;
        this.saidConsumed = this.consumed;
    }
}

// UTF-8 and base64 with the language's own means, so that they run in every engine.
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
function newBytes(length) {
    return typeof Uint8Array === "undefined" ? [] : new Uint8Array(length);
}
/** A part of some bytes, without a copy where that is possible. */
function part(bytes, start, end) {
    return "subarray" in bytes ? bytes.subarray(start, end) : bytes.slice(start, end);
}
/** How many bytes the text takes as UTF-8. */
function utf8Length(text) {
    let length = text.length;
    if (!/[^\x00-\x7f]/.test(text)) {
        return length;
    }
    for (let i = text.length; i--;) {
        const unit = text.charCodeAt(i);
        // Each half of a surrogate pair counts two of the four bytes.
        length += unit < 0x80 ? 0 : unit < 0x800 || (unit & 0xf800) === 0xd800 ? 1 : 2;
    }
    return length;
}
/** The UTF-8 of a text, one character for each byte. */
function toUtf8(text) {
    return unescape(encodeURIComponent(text));
}
/** Null if the bytes are not UTF-8. */
function fromUtf8(bytes) {
    let escaped = "";
    for (let i = 0; i < bytes.length; i++) {
        const octet = bytes[i];
        escaped += (octet < 16 ? "%0" : "%") + octet.toString(16);
    }
    try {
        return decodeURIComponent(escaped);
    }
    catch (_) {
        return null;
    }
}
function toBase64(bytes) {
    const out = [];
    for (let i = 0; i < bytes.length; i += 3) {
        const left = bytes.length - i;
        const bits = (bytes[i] << 16) | ((bytes[i + 1] || 0) << 8) | (bytes[i + 2] || 0);
        out.push(ALPHABET.charAt(bits >> 18) +
            ALPHABET.charAt((bits >> 12) & 63) +
            (left > 1 ? ALPHABET.charAt((bits >> 6) & 63) : "=") +
            (left > 2 ? ALPHABET.charAt(bits & 63) : "="));
    }
    return out.join("");
}
let sextets;
/** Null unless the text is base64 with its padding and nothing else. */
function fromBase64(text) {
    const digits = text.replace(/==?$/, "");
    if (text.length % 4 || digits.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(digits)) {
        return null;
    }
    if (!sextets) {
        sextets = [];
        for (let i = 64; i--;) {
            sextets[ALPHABET.charCodeAt(i)] = i;
        }
    }
    const length = (digits.length * 6) >> 3;
    const bytes = newBytes(length);
    let bits = 0;
    let held = 0;
    let at = 0;
    for (let i = 0; i < digits.length; i++) {
        bits = ((bits << 6) | sextets[digits.charCodeAt(i)]) & 0xfff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes[at++] = (bits >> held) & 255;
        }
    }
    // Bits that are not part of a byte must be zero, or two texts would mean the same bytes.
    return bits & ((1 << held) - 1) ? null : bytes;
}

/** A plain Error with a code: subclasses of Error lose their prototype in ES5. */
function failure(code, message, data) {
    const error = new Error(message || code);
    error.name = "EverwireError";
    error.code = code;
    if (data !== undefined) {
        error.data = data;
    }
    return error;
}

// Packets, in text and in binary form (protocol.md, section 2).
const MAX_DEPTH = 64;
const MAX_ATTACHMENTS = 1000;
const MAX_INTEGER = 9007199254740991;
/** type → may have a namespace (N); may (i), must (I) have an id; what its body is, `?` being any or none. */
const SHAPES = {
    A: "  {", W: "  {", P: "  {", h: "   ", n: "  n", r: "  {", z: "  {",
    v: "N [", e: "Ni[", a: "NI[", x: "Ni{", c: "N ?", o: "N {", d: "N {", l: "N {",
}; // prettier-ignore
/** Is it one of the messages that are counted? */
function isCounted(type) {
    return "eaxcodl".indexOf(type) >= 0;
}
/** Reads a packet in either form. A string as answer is the code of what is wrong with it. */
function parse(data) {
    return typeof data === "string" ? parseText(data) : parseBinary(data);
}
/** The size of a message as in section 6.1. */
function sizeOf(data) {
    return typeof data === "string" ? utf8Length(data) : data.length;
}
/** The line that carries a packet on a text transport. */
function toLine(data) {
    return typeof data === "string" ? data : "b" + toBase64(data);
}
/** What a line of a text transport stands for. What is not base64 becomes an empty packet, which is none. */
function fromLine(line) {
    return line.charAt(0) === "b" ? fromBase64(line.slice(1)) || "" : line;
}
/** Throws `bad_data` on what JSON, or this protocol, cannot carry. */
function encode(type, namespace, id, body) {
    const binary = survey(body, 1);
    if (binary === TOO_DEEP) {
        throw failure("bad_data", "nested deeper than " + MAX_DEPTH);
    }
    const attachments = [];
    const text = binary ? JSON.stringify(body, placeholders(attachments)) : JSON.stringify(body);
    if (attachments.length > MAX_ATTACHMENTS || hasLoneSurrogate(text || "")) {
        throw failure("bad_data", attachments.length ? "too many binary values" : "a lone surrogate in a string");
    }
    const head = type +
        (namespace === "/" ? "" : namespace + ",") +
        (id === null ? "" : id) +
        // A body that is a number would read as an id.
        (/^\d/.test(text) ? " " : "") +
        (text === undefined ? "" : text);
    return attachments.length ? frame(toUtf8(head), attachments) : head;
}
function parseText(text) {
    const type = text.charAt(0);
    const shape = SHAPES[type];
    if (!shape || /[\r\n]/.test(text)) {
        return "bad_packet";
    }
    if (type === "n") {
        const counts = /^n(0|[1-9]\d{0,15}),(0|[1-9]\d{0,15})$/.exec(text);
        const body = counts && [+counts[1], +counts[2]];
        return body && isInteger(body[0]) && isInteger(body[1]) ? { type, namespace: "/", id: null, body } : "bad_packet";
    }
    const head = /^.(?:(\/[^,\x00-\x1f\x7f]+),)?(0|[1-9]\d{0,15})?(?![\d/])/.exec(text);
    if (!head) {
        return "bad_packet";
    }
    const namespace = head[1] || "/";
    const id = head[2] ? +head[2] : null;
    if ((namespace !== "/" && (shape.charAt(0) !== "N" || utf8Length(namespace) > 128)) ||
        (id === null ? shape.charAt(1) === "I" : shape.charAt(1) === " " || !isInteger(id))) {
        return "bad_packet";
    }
    return parseBody({ type, namespace, id, body: undefined }, text.slice(head[0].length), shape.charAt(2));
}
function parseBody(packet, text, wanted) {
    if (text === "" || wanted === " ") {
        return text === "" && (wanted === " " || wanted === "?") ? packet : "bad_packet";
    }
    let body;
    try {
        body = JSON.parse(text);
    }
    catch (_) {
        return "bad_json";
    }
    // Nothing shorter can be nested too deep.
    if (hasLoneSurrogate(text) || (text.length > 2 * MAX_DEPTH && survey(body, 1) === TOO_DEEP)) {
        return "bad_json";
    }
    if (wanted !== "?" && wanted !== (isArray(body) ? "[" : isObject(body) ? "{" : "")) {
        return "bad_packet";
    }
    packet.body = body;
    return packet;
}
function parseBinary(bytes) {
    const parts = [];
    for (let at = 0; at < bytes.length;) {
        // A length cut short reads as NaN; more than 2^31 as negative.
        const length = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
        at += 4;
        if (at > bytes.length || length < 0 || length > bytes.length - at) {
            return parts.length ? "attachments" : "bad_packet";
        }
        parts.push(part(bytes, at, at + length));
        at += length;
    }
    const head = parts.shift();
    const text = head && fromUtf8(head);
    if (typeof text !== "string") {
        return head ? "utf8" : "bad_packet";
    }
    const packet = parseText(text);
    if (typeof packet === "string") {
        return packet;
    }
    if ("vea".indexOf(packet.type) < 0) {
        return "bad_packet";
    }
    if (!parts.length || parts.length > MAX_ATTACHMENTS || !placeholdersMatch(text, parts.length)) {
        return "attachments";
    }
    packet.body = restore(packet.body, parts);
    return packet;
}
/**
 * Whether the text refers to each attachment once and in order. It has to be the text: an object's keys do not
 * keep their order once they are parsed.
 */
function placeholdersMatch(text, count) {
    let next = 0;
    const strings = /"((?:[^"\\]+|\\.)*)"(\s*:)?/g;
    for (let found; (found = strings.exec(text));) {
        if (!found[2] && found[1].slice(0, 6) === "\\u0000") {
            const value = JSON.parse('"' + found[1] + '"');
            if (value.charAt(1) !== "\0" && value !== "\0" + next++) {
                return false;
            }
        }
    }
    return next === count;
}
function restore(value, attachments) {
    if (typeof value === "string") {
        return value.charAt(0) !== "\0" ? value : value.charAt(1) === "\0" ? value.slice(1) : attachments[+value.slice(1)];
    }
    if (isArray(value)) {
        for (let i = 0; i < value.length; i++) {
            value[i] = restore(value[i], attachments);
        }
    }
    else if (isObject(value)) {
        for (const key in value) {
            // Assigning to "__proto__" would set the prototype; JSON.parse made it a property, which defineProperty keeps.
            if (key !== "__proto__") {
                value[key] = restore(value[key], attachments);
            }
            else {
                Object.defineProperty(value, key, { value: restore(value[key], attachments), enumerable: true });
            }
        }
    }
    return value;
}
/** A replacer for JSON.stringify. It asks the holder for the value, since a Buffer's toJSON has already run. */
function placeholders(attachments) {
    return function (key, value) {
        const original = this[key];
        if (isBinary(original)) {
            return "\0" + (attachments.push(viewOf(original)) - 1);
        }
        return typeof value === "string" && value.charAt(0) === "\0" ? "\0" + value : value;
    };
}
function frame(head, attachments) {
    let length = 4 + head.length;
    for (let i = 0; i < attachments.length; i++) {
        length += 4 + attachments[i].length;
    }
    const out = newBytes(length);
    let at = writeLength(out, 0, head.length);
    for (let i = 0; i < head.length; i++) {
        out[at++] = head.charCodeAt(i);
    }
    for (let i = 0; i < attachments.length; i++) {
        const bytes = attachments[i];
        at = writeLength(out, at, bytes.length);
        out.set(bytes, at);
        at += bytes.length;
    }
    return out;
}
function writeLength(out, at, length) {
    for (let shift = 24; shift >= 0; shift -= 8) {
        out[at++] = length >>> shift;
    }
    return at;
}
const TOO_DEEP = 2;
/** 0: nothing special, 1: holds binary, TOO_DEEP. */
function survey(value, depth) {
    if (typeof value !== "object" || value === null) {
        return 0;
    }
    if (isBinary(value)) {
        return 1;
    }
    if (depth > MAX_DEPTH) {
        return TOO_DEEP;
    }
    const custom = value.toJSON;
    if (typeof custom === "function") {
        return survey(custom.call(value, ""), depth);
    }
    let found = 0;
    if (isArray(value)) {
        for (let i = 0; i < value.length && found < TOO_DEEP; i++) {
            found = Math.max(found, survey(value[i], depth + 1));
        }
    }
    else {
        for (const key in value) {
            found = Math.max(found, survey(value[key], depth + 1));
            if (found === TOO_DEEP) {
                break;
            }
        }
    }
    return found;
}
/** By what it looks like, not by instanceof: a buffer of another frame or realm is a buffer too. */
function isBinary(value) {
    if (typeof value !== "object" || value === null || typeof value.byteLength !== "number") {
        return false;
    }
    const buffer = value.buffer || value;
    return /ArrayBuffer\]$/.test(Object.prototype.toString.call(buffer));
}
function viewOf(binary) {
    return "buffer" in binary
        ? new Uint8Array(binary.buffer, binary.byteOffset, binary.byteLength)
        : new Uint8Array(binary);
}
/** Every engine of today writes a lone surrogate as an escape, and pairs as they are. */
function hasLoneSurrogate(text) {
    return (/\\ud[89a-f]/i.test(text) &&
        /\\ud[89a-f]/i.test(text.replace(/\\\\|\\ud[89ab][\da-f]{2}\\ud[c-f][\da-f]{2}/gi, "")));
}
function isArray(value) {
    return Object.prototype.toString.call(value) === "[object Array]";
}
function isObject(value) {
    return typeof value === "object" && value !== null && !isArray(value);
}
function isInteger(value) {
    return typeof value === "number" && value >= 0 && value <= MAX_INTEGER && Math.floor(value) === value;
}

// The client's session (protocol.md): no clock, no timer, no randomness, no I/O. Every input takes the time as its first
// argument if it matters; after each, drain `next(now)` until it says null, then come back at `nextTimeout()` at the latest.
const CLOSE_TIME = 5000;
const SCRIPT_RESEND = 5000;
const MAX_LINES = 1000;
/** Larger batches would only wait longer to be confirmed; a first body goes to a server whose limit is not known. */
const MAX_BODY = 65536;
const NEVER = Infinity;
class Session {
    /** `secret` draws 128 random bits as 22 characters of base64url. */
    constructor(window, secret) {
        this.secret = secret;
        this.state = "opening";
        /** The limits of the welcome. */
        this.max = NEVER;
        this.acks = 1000;
        /** The server's heartbeat interval. */
        this.ping = 10000;
        this.send = new SendHalf();
        this.id = "";
        this.token = "";
        this.timeoutMs = 0;
        this.attaches = 0;
        this.serial = 0;
        this.requests = 0;
        this.batch = null;
        this.carriers = [];
        this.current = null;
        this.fleeting = [];
        this.queue = [];
        this.owesCounts = false;
        this.poison = -1;
        this.closeCode = "";
        this.closeDeadline = NEVER;
        this.saidClose = false;
        /** The server's `z`, while messages before it are still missing. */
        this.farewell = null;
        this.receive = new ReceiveHalf(window);
        this.key = secret();
    }
    /** A new carrier, numbered by the caller. It is given up after `patience` if it has not carried anything by then. */
    attach(now, id, kind, patience) {
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
    packet(now, id, data) {
        const carrier = find(this.carriers, id);
        if (carrier) {
            this.take(now, carrier, carrier, data);
        }
    }
    /** A line of a stream that was opened by ticket. */
    line(now, id, line) {
        this.packet(now, id, fromLine(line));
    }
    /** A line of the answer to a request. */
    answer(now, id, line) {
        const carrier = this.carrierOf(id);
        if (carrier) {
            this.take(now, carrier, find(carrier.requests, id), fromLine(line));
        }
    }
    /** The answer to a request is over. */
    answered(id) {
        const carrier = this.carrierOf(id);
        if (!carrier) {
            return;
        }
        const request = remove(carrier.requests, id);
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
    failed(now, id, code) {
        const carrier = this.carrierOf(id);
        if (!carrier) {
            return;
        }
        const request = remove(carrier.requests, id);
        if (this.batch && this.batch.request === id) {
            this.batch.request = 0;
        }
        if (code) {
            this.refused(now, carrier, code);
        }
        else if (request.kind === "post" && !carrier.strikes++) {
            this.owesCounts = true;
        }
        else {
            this.lose(carrier, "");
        }
    }
    /** The carrier is gone, with a code if its end had one, else `""`. */
    lost(now, id, code) {
        const carrier = find(this.carriers, id);
        if (carrier && code) {
            this.refused(now, carrier, code);
        }
        else if (carrier) {
            this.lose(carrier, "");
        }
    }
    /** Sends in time, once and in order. */
    push(message) {
        this.send.push(message);
    }
    /** Sends now or not at all. */
    pushVolatile(data) {
        if (this.state === "open") {
            this.fleeting.push(data);
        }
    }
    /** The application is done with so many bytes of what was delivered. */
    consumed(bytes) {
        this.receive.consumed += bytes;
    }
    /** Sends what is there, then ends the session; in 5 s at the latest. */
    close(now, code) {
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
    beacon(limit) {
        if (!this.token || this.state === "ended") {
            return null;
        }
        const lines = [];
        const last = this.fill(lines, limit);
        lines.push("z" + JSON.stringify({ code: "client_disconnect", "final": Math.max(last, this.send.sent) }));
        return this.header("P", { serial: this.serial + 1, first: this.send.base + 1 }) + lines.join("\n");
    }
    /** Ends the session without a word to the server. */
    abort(code) {
        this.end(code, "", 0);
    }
    timeout(now) {
        for (let i = this.carriers.length; i--;) {
            const carrier = this.carriers[i];
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
    nextTimeout() {
        let next = this.closeDeadline;
        for (let i = 0; i < this.carriers.length; i++) {
            next = Math.min(next, deadlineOf(this.carriers[i]));
        }
        if (this.batch) {
            next = Math.min(next, this.batch.deadline);
        }
        return this.state === "ended" || next === NEVER ? null : next;
    }
    /** What is to be done next, or null. */
    next(now) {
        if (!this.queue.length && this.state !== "ended") {
            for (let i = 0; i < this.carriers.length; i++) {
                const carrier = this.carriers[i];
                if (carrier.kind === "duplex") {
                    this.write(carrier);
                }
                else {
                    this.post(now, carrier);
                }
            }
            // What no carrier could take at once is gone.
            this.fleeting = [];
        }
        return this.queue.shift() || null;
    }
    // ---- going up
    write(carrier) {
        const out = (data) => {
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
        for (let message; (message = this.send.ready(carrier.cursor + 1));) {
            out(message.data);
            this.send.markSent(++carrier.cursor);
        }
        if (carrier !== this.current) {
            return;
        }
        const done = carrier.cursor === this.send.last();
        for (let i = 0; done && i < this.fleeting.length; i++) {
            out(this.fleeting[i]);
        }
        if (this.owesCounts || this.receive.due()) {
            out("n" + this.receive.received + "," + this.receive.consumed);
            this.said();
        }
        if (done && this.state === "closing" && !this.saidClose) {
            out(this.closing());
        }
    }
    post(now, carrier) {
        if (!carrier.attached) {
            carrier.attached = true;
            this.request(now, carrier, "attach", true);
        }
        else if (carrier === this.current && carrier.welcomed) {
            const closing = this.state === "closing" && !this.saidClose;
            const free = !this.batch || !this.batch.request;
            const load = free && (this.send.ready(this.send.base + 1) !== null || this.fleeting.length > 0 || closing);
            const due = load || this.owesCounts || this.receive.due();
            const polls = count$1(carrier.requests, "poll");
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
    request(now, carrier, kind, load) {
        const id = ++this.requests;
        const lines = [];
        const fields = {};
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
    load(now, id, carrier, lines, fields) {
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
            lines.push(toLine(this.fleeting[i]));
        }
        this.fleeting = [];
        if (done && this.state === "closing" && carrier.welcomed && !this.saidClose) {
            lines.push(this.closing());
        }
        if (lines.length) {
            fields.serial = repeated ? repeated.serial : ++this.serial;
            const deadline = carrier.kind === "script" ? now + SCRIPT_RESEND : NEVER;
            this.batch = { serial: fields.serial, last: last >= first ? last : 0, request: id, deadline };
        }
        else if (repeated) {
            this.batch = null;
        }
    }
    /** Adds what may be sent, in lines of about `limit` characters in all; at least one. Says the number of the last. */
    fill(lines, limit) {
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
    header(type, fields) {
        const known = type === "P" || this.id;
        return (type +
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
            "\n");
    }
    closing() {
        this.saidClose = true;
        return "z" + JSON.stringify({ code: this.closeCode, "final": this.send.sent });
    }
    said() {
        this.owesCounts = false;
        this.receive.said();
    }
    // ---- coming down
    take(now, carrier, down, data) {
        if (this.state === "ended") {
            return;
        }
        // What keeps a stream alive is its own lines, not the answers to posts.
        const alive = carrier.kind !== "stream" || down === carrier || (!carrier.ticket && down.kind === "attach");
        if (carrier.welcomed && alive) {
            carrier.deadline = now + this.ping + this.timeoutMs;
        }
        const packet = parse(data);
        if (typeof packet === "string") {
            this.malformed(carrier, packet);
            return;
        }
        const body = (isObject(packet.body) ? packet.body : {});
        if (packet.type === "W") {
            this.welcome(now, carrier, down, body);
        }
        else if (packet.type === "r") {
            // After a welcome, what was refused in a body is a ticket: spent, perhaps, by a browser that asked twice. It is no proof.
            const ticket = carrier.welcomed && carrier.kind !== "duplex" && body["error"] === "unknown_session";
            this.refused(now, carrier, ticket ? "stale" : String(body["error"]));
        }
        else if (!down.position) {
            this.malformed(carrier, "bad_packet");
        }
        else if (isCounted(packet.type)) {
            this.counted(carrier, down, packet, sizeOf(data));
        }
        else if (packet.type === "v") {
            this.queue.push({ type: "deliver", packet, size: 0 });
        }
        else if (packet.type === "h") {
            this.owesCounts = true;
        }
        else if (packet.type === "n" && isArray(packet.body)) {
            this.counts(packet.body[0], packet.body[1]);
        }
        else if (packet.type === "z") {
            this.closed(now, body);
        }
        else {
            this.malformed(carrier, "bad_packet");
        }
    }
    counted(carrier, down, packet, size) {
        const ahead = this.receive.accept(down.position++, size);
        if (ahead === 0) {
            this.queue.push({ type: "deliver", packet, size: packet.type === "e" ? size : 0 });
            this.finish();
        }
        else if (ahead > 0 && (carrier.kind !== "poll" || carrier.requests.length < 2)) {
            // With two polls under way the later may be answered first: what it skips, the next one asks for.
            this.lose(carrier, "gap");
        }
    }
    welcome(now, carrier, down, body) {
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
    adopt(now, carrier, body) {
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
            this.queue.push({ type: "rejected", message: dropped[i] });
        }
        this.current = carrier;
        // Older ones have nothing more to say. Newer ones may still win.
        for (let i = this.carriers.length; i--;) {
            const other = this.carriers[i];
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
        }
        else {
            this.queue.push({ type: "opened", carrier: carrier.id, resumed: before === "suspended" });
        }
    }
    counts(received, consumed) {
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
    malformed(carrier, code) {
        if (carrier.welcomed && this.poison === this.receive.received) {
            this.end(code, "", 0);
        }
        else {
            this.poison = carrier.welcomed ? this.receive.received : -1;
            this.lose(carrier, code);
        }
    }
    refused(now, carrier, code) {
        // Said of a proof that has a successor by now, it is no news of the session.
        const outdated = code === "unknown_session" && !carrier.welcomed && carrier.token !== this.token;
        if (endsSession(code) && !outdated) {
            this.end(code, "", 0);
        }
        else if (code === "stale_poll" && carrier.kind === "poll" && !carrier.strikes++) {
            // The next poll has a higher number, and is made at once.
            carrier.deadline = now + this.ping + this.timeoutMs;
        }
        else if (code === "stale_token" && carrier.token === this.token) {
            this.end(code, "", 0);
        }
        else {
            this.lose(carrier, code);
        }
    }
    closed(now, body) {
        if (this.state === "closing") {
            if (this.saidClose && body["code"] === this.closeCode) {
                // An answer: everything has arrived.
                this.send.confirm(this.send.sent, 0);
            }
            this.end(this.closeCode, "", 0);
        }
        else {
            this.farewell = body;
            this.closeDeadline = now + CLOSE_TIME;
            this.finish();
        }
    }
    /** Answers the server's `z` once everything before it is here. */
    finish() {
        const z = this.farewell;
        if (!z || this.receive.received < numberOf(z["final"], 0)) {
            return;
        }
        this.closeCode = String(z["code"]);
        const current = this.current;
        const line = this.closing();
        if (current && current.kind === "duplex") {
            this.queue.push({ type: "write", carrier: current.id, data: line });
        }
        else {
            this.queue.push({ type: "farewell", body: this.header("P", { serial: ++this.serial }) + line });
        }
        this.end(this.closeCode, reasonOf(z), retryOf(z));
    }
    // ---- ends
    lose(carrier, code) {
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
    newer(carrier) {
        for (let i = 0; i < this.carriers.length; i++) {
            if (this.carriers[i].attach > carrier.attach) {
                return true;
            }
        }
        return false;
    }
    drop(carrier, code) {
        remove(this.carriers, carrier.id);
        const batch = this.batch;
        if (batch && find(carrier.requests, batch.request)) {
            batch.request = 0;
        }
        this.saidClose = false;
        this.queue.push({ type: "drop", carrier: carrier.id, code });
    }
    end(code, reason, retry) {
        if (this.state === "ended") {
            return;
        }
        if (this.state === "closing") {
            code = this.closeCode;
        }
        this.state = "ended";
        while (this.carriers.length) {
            this.drop(this.carriers[0], null);
        }
        this.current = null;
        this.queue.push({ type: "ended", code, reason, retry, unconfirmed: this.send.log });
    }
    carrierOf(request) {
        for (let i = 0; i < this.carriers.length; i++) {
            if (find(this.carriers[i].requests, request)) {
                return this.carriers[i];
            }
        }
        return null;
    }
}
/** When it is given up, over itself or one of its requests. */
function deadlineOf(carrier) {
    let deadline = carrier.deadline;
    for (let i = 0; i < carrier.requests.length; i++) {
        deadline = Math.min(deadline, carrier.requests[i].deadline);
    }
    return deadline;
}
function find(list, id) {
    for (let i = 0; i < list.length; i++) {
        if (list[i].id === id) {
            return list[i];
        }
    }
    return null;
}
function remove(list, id) {
    for (let i = 0; i < list.length; i++) {
        if (list[i].id === id) {
            return list.splice(i, 1)[0];
        }
    }
    return null;
}
function count$1(requests, kind) {
    let found = 0;
    for (let i = 0; i < requests.length; i++) {
        found += requests[i].kind === kind ? 1 : 0;
    }
    return found;
}
function numberOf(value, otherwise) {
    return isInteger(value) ? value : otherwise;
}
function reasonOf(z) {
    return typeof z["reason"] === "string" ? z["reason"] : "";
}
function retryOf(z) {
    return numberOf(z["retry"], 0);
}

/** A volatile event does not wait behind more bytes than this. */
const CONGESTED = 65536;
/** How often to look whether the machine has slept, and how late a heartbeat may be after that. */
const PULSE = 5000;
const LATE_HEARTBEAT = 1000;
class Driver {
    /** Without `probe` this is one, which keeps what it finds to itself. */
    constructor(io, usable, limits, listener, probe) {
        this.io = io;
        this.usable = usable;
        this.listener = listener;
        this.probe = probe;
        this.links = {};
        this.timer = null;
        this.timerAt = 0;
        this.pulse = null;
        /** Time of day of the last pulse, and when something came over the carrier. */
        this.pulseAt = 0;
        this.heardAt = 0;
        this.draining = false;
        this.soon = false;
        this.stopWatching = () => { };
        this.stopProbe = () => { };
        const env = io.env;
        this.session = new Session(io.options.window || 1048576, env.secret);
        this.memory = load(env, this.place());
        this.plan = new Negotiation(usable, limits, env.random, this.memory);
    }
    start() {
        const env = this.io.env;
        if (this.probe) {
            this.stopWatching = env.watchPage(env.root, () => this.leave(), (surely) => this.check(surely));
            this.beat();
        }
        this.plan.begin(env.now());
        this.drain();
    }
    /** Sends what this turn has given to the session once the turn is over, so that it goes in one piece. */
    flush() {
        if (!this.soon) {
            this.soon = true;
            this.io.env.soon(() => {
                this.soon = false;
                this.drain();
            });
        }
    }
    pushVolatile(data) {
        for (const id in this.links) {
            const { duplex, late } = this.links[id];
            if (duplex && !late && duplex.buffered() > CONGESTED) {
                return;
            }
        }
        this.session.pushVolatile(data);
        this.flush();
    }
    close(code) {
        this.plan.closing = true;
        this.session.close(this.io.env.now(), code);
        this.check(false);
    }
    /** Attaches at once if there is no carrier; if there is one, it has to show soon, or at once, that it lives. */
    check(surely) {
        const env = this.io.env;
        const now = env.now();
        const left = this.heardAt + this.session.ping + LATE_HEARTBEAT - env.wall();
        this.plan.check(now, surely ? now : now + Math.max(LATE_HEARTBEAT, left));
        this.drain();
    }
    /** Machines sleep without a word, and their clocks may stop. */
    beat() {
        const env = this.io.env;
        const wall = env.wall();
        if (this.pulseAt && wall - this.pulseAt > PULSE + this.session.ping) {
            this.check(false);
        }
        this.pulseAt = wall;
        this.pulse = env.later(() => this.beat(), PULSE);
    }
    /** The page is going away: the last words go by beacon. */
    leave() {
        const navigator = this.io.env.root.navigator;
        const body = this.session.beacon(32768);
        if (body && navigator && navigator.sendBeacon) {
            navigator.sendBeacon(this.io.url + "/send", body);
        }
    }
    // ---- what negotiation wants
    take(step) {
        if (step.type === "start") {
            this.attempt(step.id, step.name, step.patience);
        }
        else if (step.type === "cancel") {
            this.unlink(step.id);
        }
        else if (step.type === "learnt") {
            if (this.probe && this.usable.length > 1) {
                save(this.io.env, this.place(), this.memory);
            }
        }
        else if (step.type === "failing") {
            this.listener.failing(step.code, step.why);
        }
        else if (step.type === "give_up") {
            this.session.abort("no_transport");
        }
        else if (this.probe) {
            this.stopProbe = this.probe(this.io, this.named(step.name), (why) => {
                this.plan.probed(this.io.env.now(), step.name, why);
                this.drain();
            });
        }
    }
    /** What is learnt counts for this origin, and among these transports. */
    place() {
        const names = this.io.options.transports;
        return "everwire " + this.io.url.replace(/^(\w+:\/\/[^/]+).*/, "$1") + (names ? " " + names.join() : "");
    }
    named(name) {
        let i = 0;
        while (this.usable[i].name !== name) {
            i++;
        }
        return this.usable[i];
    }
    attempt(id, name, patience) {
        const transport = this.named(name);
        const link = { transport, duplex: null, late: false, silent: false, aborts: {} };
        this.links[id] = link;
        if (transport.open) {
            this.connect(id, link, patience);
        }
        else {
            this.session.attach(this.io.env.now(), id, transport.kind, patience);
        }
    }
    connect(id, link, patience) {
        const env = this.io.env;
        const session = this.session;
        let attached = false;
        const gone = (code) => {
            if (attached && !link.late) {
                session.lost(env.now(), id, code);
            }
            else {
                this.unlink(id);
                this.plan.failed(env.now(), id, code);
            }
            this.drain();
        };
        const opened = () => {
            attached = true;
            session.attach(env.now(), id, "duplex", patience);
            this.plan.opened(env.now(), id);
            this.drain();
        };
        const packet = (data) => {
            if (link.late) {
                this.plan.alive(env.now(), id);
            }
            else {
                this.heard(id);
                session.packet(env.now(), id, data);
            }
            this.drain();
        };
        try {
            link.duplex = link.transport.open(this.io, opened, packet, gone);
        }
        catch (_) {
            // As a WebSocket without TLS on a page with it.
            gone("");
        }
    }
    // ---- between session and transports
    drain() {
        if (this.draining) {
            return;
        }
        this.draining = true;
        try {
            for (let step; step !== null;) {
                if (step) {
                    this.take(step);
                }
                for (let output; (output = this.session.next(this.io.env.now()));) {
                    this.perform(output);
                }
                step = this.session.state === "ended" ? null : this.plan.next(this.io.env.now());
            }
        }
        finally {
            this.draining = false;
        }
        this.schedule();
    }
    perform(output) {
        const listener = this.listener;
        if (output.type === "deliver") {
            listener.deliver(output.packet);
            this.session.consumed(output.size);
        }
        else if (output.type === "write") {
            const link = this.links[output.carrier];
            if (link && link.duplex) {
                link.duplex.send(output.data);
            }
        }
        else if (output.type === "request") {
            this.request(output.request);
        }
        else if (output.type === "stream") {
            this.stream(output.carrier, output.ticket);
        }
        else if (output.type === "drop") {
            this.dropped(output.carrier, output.code);
        }
        else if (output.type === "opened" || output.type === "moved") {
            const link = this.links[output.carrier];
            if (link) {
                listener.carried(link.transport.name, output.type === "opened" && output.resumed);
                if (link.transport.stream) {
                    link.silent = true;
                }
                else {
                    this.proven(output.carrier);
                }
            }
        }
        else if (output.type === "suspended") {
            listener.suspended();
        }
        else if (output.type === "rejected") {
            listener.rejected(output.message);
        }
        else if (output.type === "farewell") {
            this.farewell(output.body);
        }
        else if (output.type === "ended") {
            this.end();
            listener.ended(output.code, output.reason, output.retry, output.unconfirmed);
        }
    }
    dropped(id, code) {
        const link = this.links[id];
        const now = this.io.env.now();
        if (code !== null) {
            this.unlink(id);
            this.plan.failed(now, id, code);
        }
        else if (link && this.plan.overtaken(now, id)) {
            link.late = true;
        }
        else {
            this.unlink(id);
        }
    }
    proven(id) {
        this.plan.carried(this.io.env.now(), id);
        this.heard(id);
        if (this.listener.proven) {
            this.listener.proven();
        }
    }
    heard(id) {
        this.heardAt = this.io.env.wall();
        this.plan.heard(id);
    }
    request(request) {
        const { env } = this.io;
        const link = this.links[request.carrier];
        const run = link && link.transport.request;
        if (!link || !run) {
            return;
        }
        let over = false;
        const line = (text) => {
            // What keeps a stream alive is its own lines.
            if (link.transport.kind !== "stream" || (request.kind === "attach" && !link.transport.stream)) {
                this.heard(request.carrier);
            }
            this.session.answer(env.now(), request.id, text);
            this.drain();
        };
        const done = (failure) => {
            over = true;
            delete link.aborts[request.id];
            if (failure === null) {
                this.session.answered(request.id);
            }
            else {
                this.session.failed(env.now(), request.id, failure);
            }
            this.drain();
        };
        const abort = run(this.io, request, line, done);
        if (!over) {
            link.aborts[request.id] = abort;
        }
    }
    stream(carrier, ticket) {
        const { env } = this.io;
        const link = this.links[carrier];
        const open = link && link.transport.stream;
        if (!link || !open) {
            return;
        }
        const line = (text) => {
            this.heard(carrier);
            this.session.line(env.now(), carrier, text);
            if (link.silent && this.links[carrier]) {
                link.silent = false;
                this.proven(carrier);
            }
            this.drain();
        };
        const closed = () => {
            this.session.lost(env.now(), carrier, "");
            this.drain();
        };
        link.aborts["stream"] = open(this.io, ticket, line, closed);
    }
    farewell(body) {
        const { env, url, options } = this.io;
        if (env.post) {
            env.post(url + "/send", body, options, null, () => { });
        }
    }
    unlink(carrier) {
        const link = this.links[carrier];
        delete this.links[carrier];
        if (link) {
            for (const id in link.aborts) {
                link.aborts[id]();
            }
            if (link.duplex) {
                link.duplex.close();
            }
        }
    }
    schedule() {
        const env = this.io.env;
        const next = this.session.state === "ended" ? Infinity : Math.min(this.session.nextTimeout() || Infinity, this.plan.nextTimeout());
        // One that is too early does no harm: it sets the next.
        if (next === Infinity || (this.timer !== null && this.timerAt <= next)) {
            return;
        }
        env.cancel(this.timer);
        this.timerAt = next;
        this.timer = env.later(() => {
            this.timer = null;
            this.session.timeout(env.now());
            this.drain();
        }, Math.max(0, next - env.now()));
    }
    end() {
        const env = this.io.env;
        env.cancel(this.timer);
        env.cancel(this.pulse);
        this.stopProbe();
        this.stopWatching();
        for (const id in this.links) {
            this.unlink(+id);
        }
    }
}

/** Handlers by name. The lists are never changed in place, so a handler may add and remove any while it runs. */
class Emitter {
    constructor() {
        this.lists = {};
        this.every = [];
    }
    on(event, run, once) {
        const key = keyOf(event);
        this.lists[key] = (this.lists[key] || []).concat({ run, once: !!once });
    }
    /** Without `run`: all of that name; without a name: all. */
    off(event, run) {
        if (event === undefined) {
            this.lists = {};
            return;
        }
        const key = keyOf(event);
        this.lists[key] = run ? without(this.lists[key] || [], (entry) => entry.run === run) : [];
    }
    onAny(run) {
        this.every = this.every.concat(run);
    }
    offAny(run) {
        this.every = run ? without(this.every, (one) => one === run) : [];
    }
    /** Calls them all, whatever any of them throws; `thrown` is told. Says whether the event had a handler. */
    fire(event, args, thrown, any) {
        const list = this.lists[keyOf(event)] || [];
        const every = any ? this.every : [];
        for (let i = 0; i < every.length; i++) {
            attempt(every[i], [event].concat(args), thrown);
        }
        for (let i = 0; i < list.length; i++) {
            const entry = list[i];
            if (entry.once) {
                this.lists[keyOf(event)] = without(this.lists[keyOf(event)] || [], (one) => one === entry);
            }
            attempt(entry.run, args, thrown);
        }
        return list.length > 0;
    }
}
/** A name like `__proto__` is a name like others. */
function keyOf(event) {
    return "$" + event;
}
function attempt(run, args, thrown) {
    try {
        run.apply(undefined, args);
    }
    catch (error) {
        thrown(error);
    }
}
/** The list without the first that matches. */
function without(list, matches) {
    for (let i = 0; i < list.length; i++) {
        if (matches(list[i])) {
            return list.slice(0, i).concat(list.slice(i + 1));
        }
    }
    return list;
}

/** Posts by fetch. */
function fetchPost(run, root) {
    return (url, body, options, progress, done) => {
        const abort = root.AbortController && new root.AbortController();
        let over = false;
        const finish = (status, text) => {
            if (!over) {
                over = true;
                done(status, text);
            }
        };
        const fail = () => finish(0, "");
        const init = { method: "POST", body, credentials: options.withCredentials ? "include" : "same-origin" };
        if (options.extraHeaders) {
            init.headers = options.extraHeaders;
        }
        if (abort) {
            init.signal = abort.signal;
        }
        const follow = (reader, decoder) => {
            reader.read().then((chunk) => {
                if (chunk.done) {
                    finish(200, "");
                }
                else if (!over && progress) {
                    progress(decoder.decode(chunk.value, { stream: true }));
                    follow(reader, decoder);
                }
            }, fail);
        };
        // Not as a method of something: browsers refuse that.
        const answer = run.call(undefined, url, init);
        answer.then((response) => {
            if (progress && response.status === 200 && response.body && root.TextDecoder) {
                follow(response.body.getReader(), new root.TextDecoder());
            }
            else {
                response.text().then((text) => finish(response.status, text), fail);
            }
        }, fail);
        return () => {
            over = true;
            if (abort) {
                abort.abort();
            }
        };
    };
}

/** Tells when the page is left for good, and when to look after the connection at once: `surely` if it has most likely gone. */
function watchPage(root, leave, wake) {
    const add = root.addEventListener;
    if (!add || !root.document) {
        return () => { };
    }
    const document = root.document;
    const hide = (event) => {
        // A page that is only stored away may come back, and resume.
        if (!event.persisted) {
            leave();
        }
    };
    const seen = () => {
        if (!document.hidden) {
            wake(false);
        }
    };
    const back = (event) => {
        if (event.persisted) {
            wake(true);
        }
    };
    const online = () => wake(true);
    add.call(root, "pagehide", hide);
    add.call(root, "pageshow", back);
    add.call(root, "online", online);
    document.addEventListener("visibilitychange", seen);
    return () => {
        const remove = root.removeEventListener;
        remove.call(root, "pagehide", hide);
        remove.call(root, "pageshow", back);
        remove.call(root, "online", online);
        document.removeEventListener("visibilitychange", seen);
    };
}
/** A page's storage, which may be full or forbidden; elsewhere, and then, what lasts as long as the process. */
function storage(root) {
    return {
        get(key) {
            try {
                return (root.document && root.localStorage.getItem(key)) || kept[key];
            }
            catch (_) {
                return kept[key];
            }
        },
        set(key, value) {
            kept[key] = value;
            try {
                if (root.document) {
                    root.localStorage.setItem(key, value);
                }
            }
            catch (_) { }
        },
    };
}
const kept = {};

/** Posts by XMLHttpRequest, or what Internet Explorer 6 has for it. Null if there is neither. */
function xhrPost(root) {
    const Native = root.XMLHttpRequest;
    const ActiveX = root.ActiveXObject;
    if (!Native && !ActiveX) {
        return null;
    }
    return (url, body, options, progress, done) => {
        const xhr = Native ? new Native() : new ActiveX("Microsoft.XMLHTTP");
        let seen = 0;
        let over = false;
        const finish = (status, text) => {
            if (!over) {
                over = true;
                done(status, text);
            }
        };
        xhr.onreadystatechange = () => {
            if (over || xhr.readyState < 3) {
                return;
            }
            let status = 0;
            let text = "";
            try {
                // Internet Explorer throws on both before the end.
                status = xhr.status;
                text = xhr.responseText;
            }
            catch (_) { }
            if (progress && status === 200 && text.length > seen) {
                const from = seen;
                seen = text.length;
                progress(text.slice(from));
            }
            if (xhr.readyState === 4) {
                finish(status, text.slice(seen));
            }
        };
        try {
            xhr.open("POST", url, true);
            xhr.withCredentials = !!options.withCredentials;
            for (const name in options.extraHeaders) {
                xhr.setRequestHeader(name, options.extraHeaders[name]);
            }
            xhr.setRequestHeader("Content-Type", "text/plain;charset=UTF-8");
            xhr.send(body);
        }
        catch (_) {
            // Another origin, where that is not allowed.
            setTimeout(() => finish(0, ""), 0);
        }
        return () => {
            over = true;
            xhr.abort();
        };
    };
}

// The only folder that touches globals, and only when a client connects: so the module loads anywhere.
const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
function environment(options) {
    const root = (typeof globalThis !== "undefined" ? globalThis : typeof window !== "undefined" ? window : {});
    const clock = root.performance;
    const given = options.fetch;
    // A fetch that cannot be aborted (Chrome before 66) is worse than XMLHttpRequest; its streams are held back, too.
    const usable = given || (root.fetch && (root.AbortController || !root.XMLHttpRequest) ? root.fetch : undefined);
    return {
        root,
        now: clock && clock.now ? () => Math.floor(clock.now()) : () => new Date().getTime(),
        wall: () => new Date().getTime(),
        random: Math.random,
        secret: () => secret(root),
        later: (run, ms) => setTimeout(run, ms),
        cancel: (timer) => clearTimeout(timer),
        soon(run) {
            if (root.Promise) {
                root.Promise.resolve().then(run);
            }
            else {
                setTimeout(run, 0);
            }
        },
        post: usable ? fetchPost(usable, root) : xhrPost(root),
        // XMLHttpRequest shows a growing answer since it knows other origins.
        streams: usable ? !!(root.ReadableStream && root.TextDecoder) : !!root.XMLHttpRequest && "withCredentials" in new root.XMLHttpRequest(),
        watchPage,
        store: options.memory || storage(root),
    };
}
function secret(root) {
    const source = root.crypto;
    const random = newBytes(22);
    if (source && source.getRandomValues) {
        // PhantomJS 1.9 fills the array and returns nothing.
        source.getRandomValues(random);
    }
    else {
        // Engines before 2012 and node 18 have nothing better. What is drawn here is good for seconds only.
        for (let i = 0; i < 22; i++) {
            random[i] = Math.floor(Math.random() * 256);
        }
    }
    let text = "";
    for (let i = 0; i < 22; i++) {
        // The last of 22 characters stands for two bits.
        text += BASE64URL.charAt(random[i] & (i < 21 ? 63 : 48));
    }
    return text;
}

// Tries one transport alone, with a session of its own that belongs to nobody: it opens, asks, and closes.
/** In all. */
const TIME = 8000;
function trial(io, transport, done) {
    const env = io.env;
    const began = env.now();
    const report = { ok: false, code: "no_transport", why: "silent", openMs: null, rttMs: null };
    let asked = 0;
    const finish = () => {
        env.cancel(timer);
        driver.close("client_disconnect");
        done(report);
        done = () => { };
    };
    const driver = new Driver(io, [transport], { attempts: 0, delay: 0, maxDelay: 0 }, {
        deliver() {
            // That nobody knows the event.
            if (report.openMs !== null && report.rttMs === null) {
                report.rttMs = env.now() - asked;
                report.ok = true;
                report.code = report.why = "";
                finish();
            }
        },
        proven() {
            if (report.openMs === null) {
                const data = encode("e", "/", 0, ["trial"]);
                asked = env.now();
                report.openMs = asked - began;
                driver.session.push({ namespace: "/", data, size: sizeOf(data), credited: true, id: 0 });
                driver.flush();
            }
        },
        carried() { },
        suspended() {
            // A stream that comes with its end was held back.
            report.why = transport.kind === "stream" ? "buffered" : "died";
            finish();
        },
        rejected() { },
        failing(code, why) {
            report.code = code;
            report.why = why;
        },
        ended(code) {
            report.code = report.code === "no_transport" ? code : report.code;
            finish();
        },
    });
    const timer = env.later(finish, TIME);
    driver.start();
    return () => {
        done = () => { };
        finish();
    };
}
/** For those who only want to know whether it works. */
const probe = (io, transport, done) => trial(io, transport, (report) => done(report.ok ? null : report.why));

// One namespace of a session, as its user sees it.
const RESERVED = " connect connect_error disconnect disconnecting suspended resumed transport error ";
const MAX_QUEUED = 4194304;
/** `const socket = connect("/everwire"); socket.on("said", text => show(text)); socket.emit("say", "hello");` */
class Socket {
    constructor(host, namespace, auth) {
        this.host = host;
        this.namespace = namespace;
        this.auth = auth;
        /** From `connect` to `disconnect`: a session that is suspended is still connected. */
        this.connected = false;
        /** The server's name for this socket. */
        this.id = null;
        /** The transport in use, or null. */
        this.transport = null;
        this.recovered = false;
        /** @internal Does the user want it connected? */
        this.wanted = false;
        /** @internal Has this session been asked for the namespace? */
        this.joined = false;
        /** @internal What was emitted before that. */
        this.waiting = [];
        this.waitingBytes = 0;
        this.events = new Emitter();
        this.pending = {};
        this.pendingCount = 0;
        this.lastId = 0;
        // In brackets: a reserved word of ES3.
        this["volatile"] = {
            emit: (event, ...args) => {
                const data = encodeEvent("v", namespace, null, event, args);
                if (sizeOf(data) > host.max()) {
                    throw failure("too_large");
                }
                if (this.connected) {
                    host.pushVolatile(data);
                }
            },
        };
    }
    on(event, handler) {
        this.events.on(event, handler);
        return this;
    }
    once(event, handler) {
        this.events.on(event, handler, true);
        return this;
    }
    off(event, handler) {
        this.events.off(event, handler);
        return this;
    }
    /** Every event from the server, its name first. */
    onAny(handler) {
        this.events.onAny(handler);
        return this;
    }
    offAny(handler) {
        this.events.offAny(handler);
        return this;
    }
    /**
     * Sends an event, once and in order, now or as soon as there is a connection. A function as last argument is the ack:
     * `(err, ...values)`. Throws an EverwireError if it cannot be sent at all.
     */
    emit(event, ...args) {
        this.send(event, args, 0);
        return this;
    }
    /** Resolves to the first value of the answer. */
    emitWithAck(event, ...args) {
        return this.ask(event, args, 0);
    }
    /** `socket.timeout(2000).emitWithAck("add", 1, 2)`: fails with `timeout` if there is no answer within so many milliseconds. */
    timeout(ms) {
        return {
            emit: (event, ...args) => {
                this.send(event, args, ms);
            },
            emitWithAck: (event, ...args) => this.ask(event, args, ms),
        };
    }
    /** Connects again after the end. */
    connect() {
        this.host.open(this);
        return this;
    }
    /** Leaves the namespace, after what was emitted. The last one closes the session. */
    close() {
        this.host.close(this);
        return this;
    }
    // ---- for the host
    /** @internal */
    fire(event, ...args) {
        this.events.fire(event, args, (error) => this.rethrow(error));
    }
    /** @internal A packet of this namespace. */
    take(packet) {
        const body = packet.body;
        if (packet.type === "a" || packet.type === "x") {
            this.answered(packet);
        }
        else if (isArray(body)) {
            const name = body[0];
            const bad = nameError(name);
            if (bad) {
                this.refuse(packet, bad, "");
            }
            else {
                this.handle(packet, String(name), body.slice(1));
            }
        }
    }
    /** @internal */
    refuse(packet, code, message) {
        if (packet.type === "e") {
            const body = packet.body;
            const event = typeof body[0] === "string" ? body[0].slice(0, 128) : undefined;
            this.post("x", packet.id, { code, event, message: message || undefined });
        }
    }
    /** @internal The namespace, or the whole session, is over. */
    end(code, reason, unconfirmed) {
        const was = this.connected;
        this.connected = this.recovered = this.joined = false;
        this.id = this.transport = null;
        const pending = this.pending;
        this.pending = {};
        this.pendingCount = 0;
        for (const id in pending) {
            const one = pending[id];
            this.host.cancel(one.timer);
            this.call(one.done, failure("session_ended"), []);
        }
        if (was) {
            this.fire("disconnect", { code, reason, unconfirmed });
        }
    }
    /** @internal The namespace has been asked for: what has waited goes behind. */
    release() {
        const waiting = this.waiting;
        this.joined = true;
        this.waiting = [];
        this.waitingBytes = 0;
        for (let i = 0; i < waiting.length; i++) {
            this.host.push(waiting[i]);
        }
    }
    /** @internal The server would not take this message. */
    rejected(message) {
        const pending = message.id === null ? null : this.settle(message.id);
        if (pending) {
            this.call(pending.done, failure("too_large"), []);
        }
        else {
            this.fire("error", { code: "too_large", event: null, message: "" });
        }
    }
    // ---- going out
    ask(event, args, ms) {
        return new Promise((resolve, reject) => {
            const done = (error, value) => (error ? reject(error) : resolve(value));
            this.send(event, args.concat(done), ms);
        });
    }
    send(event, args, ms) {
        const done = args[args.length - 1];
        if (typeof done !== "function") {
            this.post("e", null, undefined, event, args);
            return;
        }
        if (this.pendingCount >= this.host.acks()) {
            throw failure("pending_acks");
        }
        const id = ++this.lastId;
        this.post("e", id, undefined, event, args.slice(0, -1));
        this.pendingCount++;
        this.pending[id] = {
            done: done,
            timer: ms
                ? this.host.later(() => {
                    this.settle(id);
                    this.call(done, failure("timeout"), []);
                }, ms)
                : null,
        };
    }
    post(type, id, body, event, args) {
        const data = args ? encodeEvent(type, this.namespace, id, event, args) : encode(type, this.namespace, id, body);
        const size = sizeOf(data);
        const queued = size + this.waitingBytes + this.host.queued();
        // An error report comes from no call that could fail.
        if (type !== "x" && size > this.host.max()) {
            throw failure("too_large");
        }
        if (type === "e" && queued > MAX_QUEUED) {
            throw failure("buffer_full");
        }
        if (queued > 2 * MAX_QUEUED) {
            // Answers do not wait for room; a server that asks on and on without confirming any is not served for ever.
            this.host.abort("buffer_full");
            return;
        }
        const message = { namespace: this.namespace, data, size, credited: type === "e", id };
        if (this.joined) {
            this.host.push(message);
        }
        else if (type === "e") {
            this.waiting.push(message);
            this.waitingBytes += size;
        }
    }
    // ---- coming in
    handle(packet, event, args) {
        const id = packet.type === "e" ? packet.id : null;
        let open = id !== null;
        if (open) {
            args.push((...values) => {
                if (open) {
                    this.post("a", id, values);
                    open = false;
                }
            });
        }
        const thrown = (error) => {
            if (open) {
                open = false;
                this.post("x", id, { code: "handler_error", event });
            }
            this.rethrow(error);
        };
        if (!this.events.fire(event, args, thrown, true) && open) {
            open = false;
            this.post("x", id, { code: "no_handler", event });
        }
    }
    answered(packet) {
        const body = packet.body;
        const pending = packet.id === null ? null : this.settle(packet.id);
        if (packet.type === "a") {
            if (pending) {
                this.call(pending.done, null, body);
            }
        }
        else if (isObject(body)) {
            const code = String(body["code"]);
            const message = typeof body["message"] === "string" ? body["message"] : "";
            if (pending) {
                this.call(pending.done, failure(code, message), []);
            }
            else if (packet.id === null) {
                this.fire("error", { code, event: typeof body["event"] === "string" ? body["event"] : null, message });
            }
        }
    }
    settle(id) {
        const pending = this.pending[id];
        if (!pending) {
            return null;
        }
        delete this.pending[id];
        this.pendingCount--;
        this.host.cancel(pending.timer);
        return pending;
    }
    call(done, error, values) {
        try {
            done.apply(undefined, [error, ...values]);
        }
        catch (thrown) {
            this.rethrow(thrown);
        }
    }
    /** An error of the user's code is the user's: it appears as uncaught, and hurts nothing here. */
    rethrow(error) {
        this.host.later(() => {
            throw error;
        }, 0);
    }
}
function encodeEvent(type, namespace, id, event, args) {
    const bad = nameError(event);
    if (bad) {
        throw failure(bad, String(event));
    }
    return encode(type, namespace, id, [event].concat(args));
}
function nameError(name) {
    return typeof name !== "string" || !name || utf8Length(name) > 128
        ? "bad_event"
        : RESERVED.indexOf(" " + name + " ") >= 0
            ? "reserved_event"
            : null;
}

/** Cuts what arrives into lines. A line without its end was cut off, padding says nothing: neither is told (protocol.md, 2.3). */
function lineReader(line) {
    let rest = "";
    return (text) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop();
        for (let i = 0; i < lines.length; i++) {
            const one = lines[i];
            if (one && one.charAt(0) !== " ") {
                line(one);
            }
        }
    };
}
/** One request whose answer is a body of lines. */
function postLines(io, path, body, progressive, line, done) {
    const read = lineReader(line);
    const post = io.env.post;
    if (!post) {
        throw new Error("no way to make requests");
    }
    return post(io.url + path, body, io.options, progressive ? read : null, (status, text) => {
        if (status === 200) {
            read(text);
            done(null);
        }
        else {
            done(status ? refusal(text) : "");
        }
    });
}
/** The code of a refusal; `""` if it is anything else, as what a proxy says. */
function refusal(text) {
    try {
        const code = JSON.parse(text).error;
        return typeof code === "string" && actionOf(code) ? code : "";
    }
    catch (_) {
        return "";
    }
}

const eventSource = {
    name: "event_source",
    kind: "stream",
    enabled: (io) => !!io.env.post && !!classOf$1(io),
    request: (io, request, line, done) => postLines(io, request.kind === "attach" ? "/event_source" : "/send", request.body, false, line, done),
    stream(io, ticket, line, closed) {
        let source = null;
        const close = () => {
            if (source) {
                source.close();
                source.onmessage = source.onerror = null;
                source = null;
            }
        };
        try {
            source = new (classOf$1(io))(io.url + "/event_source?ticket=" + ticket, {
                withCredentials: !!io.options.withCredentials,
            });
        }
        catch (_) {
            // PhantomJS 1.9 and its like, for another origin.
            io.env.soon(closed);
            return close;
        }
        source.onmessage = (event) => line(event.data);
        source.onerror = () => {
            // It would come back by itself, with a ticket that is spent.
            close();
            closed();
        };
        return close;
    },
};
function classOf$1(io) {
    return (io.options.EventSource || io.env.root.EventSource);
}

/** A frame that nobody sees. `loaded` is told when its document is at its end, however that came. */
function hiddenFrame(io, url, loaded, name) {
    const document = io.env.root.document;
    const place = document.createElement("div");
    place.style.display = "none";
    // As HTML, because Internet Explorer before 8 gives no name to a frame made otherwise.
    place.innerHTML = "<iframe" + (name ? ' name="' + name + '"' : "") + "></iframe>";
    const element = place.firstChild;
    if (url) {
        element.src = url;
    }
    document.body.appendChild(place);
    const fire = () => {
        if (place.parentNode) {
            loaded();
        }
    };
    if (element.addEventListener) {
        element.addEventListener("load", fire);
    }
    else {
        element.attachEvent("onload", fire);
    }
    return {
        element,
        remove() {
            if (place.parentNode) {
                place.parentNode.removeChild(place);
            }
        },
    };
}

/** How long what a frame has posted may be under way when its document is at its end. */
const LAST_MESSAGES = 100;
const foreverIframe = {
    name: "forever_iframe",
    kind: "stream",
    enabled: (io) => !!io.env.post && !!io.env.root.document && !!io.env.root.postMessage && !!io.env.root.addEventListener,
    request: (io, request, line, done) => postLines(io, request.kind === "attach" ? "/forever_iframe" : "/send", request.body, false, line, done),
    stream(io, ticket, line, closed) {
        const root = io.env.root;
        const page = root.location;
        const read = lineReader(line);
        const server = /^https?:\/\/[^/]+/.exec(io.url)[0].toLowerCase();
        const listen = (event) => {
            const data = event.data;
            if (event.source !== frame.element.contentWindow || event.origin !== server || !data || data.everwire !== ticket) {
                return;
            }
            if (typeof data.data === "string") {
                read(data.data + "\n");
            }
            else {
                end();
            }
        };
        const close = () => {
            root.removeEventListener.call(root, "message", listen);
            frame.remove();
            closed = () => { };
        };
        const end = () => {
            const tell = closed;
            close();
            tell();
        };
        const origin = encodeURIComponent(page.protocol + "//" + page.host);
        root.addEventListener.call(root, "message", listen);
        const frame = hiddenFrame(io, io.url + "/forever_iframe?ticket=" + ticket + "&origin=" + origin, () => {
            io.env.later(end, LAST_MESSAGES);
        });
        return close;
    },
};

let count = 0;
/** For pages that can do nothing else: scripts down, forms up. Only used when it is named. */
const jsonp = {
    name: "jsonp",
    kind: "script",
    enabled: (io) => !!io.env.root.document,
    request(io, request, line, done) {
        if (request.kind === "post") {
            return postForm(io, request.body, () => done(null));
        }
        const stopForm = request.kind === "attach" ? postForm(io, request.body, () => { }) : () => { };
        const query = "ticket=" +
            request.ticket +
            (request.kind === "poll" ? "&poll=" + request.poll + "&received=" + request.received + "&consumed=" + request.consumed : "");
        const stopScript = loadScript(io, query, line, done);
        return () => {
            stopForm();
            stopScript();
        };
    },
};
/** The answer to a form is nothing that a page could read: only that it has come. */
function postForm(io, body, done) {
    const document = io.env.root.document;
    const name = "everwire_form_" + ++count;
    let sent = false;
    const frame = hiddenFrame(io, "", () => {
        // A frame loads once when it is made, too.
        if (sent) {
            stop();
            done();
        }
    }, name);
    const form = document.createElement("form");
    const field = document.createElement("textarea");
    form.method = "POST";
    form.action = io.url + "/jsonp";
    form.target = name;
    form.acceptCharset = "utf-8";
    field.name = "d";
    field.value = body;
    form.appendChild(field);
    frame.element.parentNode.appendChild(form);
    const stop = () => {
        // Taking a frame out while it tells that it has loaded upsets some engines.
        io.env.later(frame.remove, 0);
        done = () => { };
    };
    io.env.later(() => {
        sent = true;
        form.submit();
    }, 0);
    return stop;
}
function loadScript(io, query, line, done) {
    var _a;
    const root = io.env.root;
    const document = io.env.root.document;
    const name = "everwire_" + ++count;
    const script = document.createElement("script");
    const read = lineReader(line);
    let answered = false;
    const stop = () => {
        // It may still come, when its element is long gone.
        root[name] = () => { };
        script.onload = script.onerror = null;
        script.onreadystatechange = null;
        if (script.parentNode) {
            script.parentNode.removeChild(script);
        }
    };
    const end = () => {
        stop();
        done(answered ? null : "");
    };
    root[name] = (text) => {
        answered = true;
        read(text);
    };
    script.onload = script.onerror = end;
    script.onreadystatechange = () => {
        if (/loaded|complete/.test(script.readyState)) {
            end();
        }
    };
    script.src = io.url + "/jsonp?c=" + name + "&" + query;
    (_a = document.getElementsByTagName("head")[0]) === null || _a === void 0 ? void 0 : _a.appendChild(script);
    return stop;
}

const longPolling = {
    name: "long_polling",
    kind: "poll",
    enabled: (io) => !!io.env.post,
    request: (io, request, line, done) => postLines(io, "/long_polling", request.body, false, line, done),
};

const streaming = {
    name: "streaming",
    kind: "stream",
    enabled: (io) => !!io.env.post && io.env.streams,
    request(io, request, line, done) {
        const attach = request.kind === "attach";
        return postLines(io, attach ? "/streaming" : "/send", request.body, attach, line, done);
    },
};

const websocket = {
    name: "websocket",
    kind: "duplex",
    // What speaks only the draft of 2010 (Safari 5, PhantomJS 1) has no binaryType.
    enabled(io) {
        const Class = classOf(io);
        return !!Class && (!!io.options.WebSocket || !Class.prototype || "binaryType" in Class.prototype);
    },
    open(io, opened, packet, closed) {
        const Class = classOf(io);
        let socket = null;
        const end = (code) => {
            if (socket) {
                socket.onopen = socket.onmessage = socket.onclose = null;
                // The `ws` package throws errors that nobody listens to.
                socket.onerror = () => { };
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
        made.onmessage = (event) => packet(typeof event.data === "string" ? event.data : new Uint8Array(event.data));
        // Some engines tell of a failure by `close` alone, some by `error` first: `close` always comes.
        made.onerror = () => { };
        made.onclose = (event) => end(event && actionOf(event.reason) ? event.reason : "");
        return {
            send(data) {
                if (socket && socket.readyState === 1) {
                    socket.send(data);
                }
            },
            close() {
                if (socket) {
                    closed = () => { };
                    end("");
                    made.close();
                }
            },
            buffered: () => made.bufferedAmount,
        };
    },
};
function classOf(io) {
    return (io.options.WebSocket || io.env.root.WebSocket);
}

/** In order of preference. */
const transports = [websocket, streaming, eventSource, longPolling, foreverIframe, jsonp];

// connect(), and what the namespaces of one URL share: a session, and a new one when that has ended.
/**
 * Connects to a namespace of a server. Several namespaces of one URL share a session.
 *
 * ```js
 * const socket = connect("https://example.com/everwire");
 * socket.on("said", text => show(text));
 * socket.emit("say", "hello");
 * ```
 */
function connect(url, options) {
    const given = options || {};
    const env = environment(given);
    const io = { env, url: resolve(url || "", given.path || "/everwire", env), options: given };
    const namespace = given.namespace || "/";
    let client = given.multiplex === false ? null : shared(io, namespace);
    if (!client) {
        client = new Client(io);
    }
    const socket = new Socket(client, namespace, given.auth);
    client.open(socket);
    return socket;
}
/** Those that have a session, or want one. */
let clients = [];
/** A session's second socket of the same namespace would be the first one: that one gets a session of its own. */
function shared(io, namespace) {
    for (let i = 0; i < clients.length; i++) {
        const client = clients[i];
        if (client.suits(io) && !client.socketOf(namespace)) {
            return client;
        }
    }
    return null;
}
class Client {
    constructor(io) {
        this.io = io;
        this.sockets = [];
        this.driver = null;
        this.starting = false;
        this.timer = null;
        this.tries = 0;
        this.openedAt = 0;
        this.name = null;
        const wanted = io.options.reconnection;
        const limits = wanted || {};
        this.env = io.env;
        this.limits = {
            attempts: wanted === false ? 0 : limits.attempts === undefined ? Infinity : limits.attempts,
            delay: limits.delay || 500,
            maxDelay: limits.maxDelay || 10000,
        };
    }
    suits(io) {
        const mine = this.io.options;
        const other = io.options;
        return (mine.multiplex !== false &&
            this.io.url === io.url &&
            String(mine.transports) === String(other.transports) &&
            !mine.withCredentials === !other.withCredentials &&
            JSON.stringify(mine.extraHeaders) === JSON.stringify(other.extraHeaders) &&
            mine.WebSocket === other.WebSocket &&
            mine.fetch === other.fetch &&
            mine.EventSource === other.EventSource &&
            mine.memory === other.memory);
    }
    socketOf(namespace) {
        for (let i = 0; i < this.sockets.length; i++) {
            if (this.sockets[i].namespace === namespace) {
                return this.sockets[i];
            }
        }
        return null;
    }
    // ---- what sockets ask for
    open(socket) {
        if (socket.wanted) {
            return;
        }
        const other = this.socketOf(socket.namespace);
        if (other && other !== socket) {
            throw failure("bad_data", "another socket has this namespace");
        }
        if (!other) {
            this.sockets.push(socket);
        }
        clients = without(clients, (one) => one === this).concat(this);
        socket.wanted = true;
        if (this.driver) {
            this.join(this.driver, socket, () => { });
        }
        else if (this.timer === null) {
            this.start();
        }
    }
    close(socket) {
        const driver = this.driver;
        if (!socket.wanted) {
            return;
        }
        if (driver && socket.joined) {
            this.push(control("l", socket.namespace, { code: "client_disconnect" }));
        }
        this.forget(socket);
        socket.end("client_disconnect", "", driver ? countEvents(driver.session.send.log, socket.namespace) : 0);
    }
    push(message) {
        if (this.driver) {
            this.driver.session.push(message);
            this.driver.flush();
        }
    }
    pushVolatile(data) {
        if (this.driver) {
            this.driver.pushVolatile(data);
        }
    }
    max() {
        return this.driver ? this.driver.session.max : Infinity;
    }
    acks() {
        return this.driver ? this.driver.session.acks : 1000;
    }
    queued() {
        return this.driver ? this.driver.session.send.bytes : 0;
    }
    abort(code) {
        if (this.driver) {
            this.driver.session.abort(code);
            this.driver.flush();
        }
    }
    later(run, ms) {
        return this.env.later(run, ms);
    }
    cancel(timer) {
        this.env.cancel(timer);
    }
    // ---- sessions
    /** Opens a session once this turn is over, so that handlers and events of the same turn are part of it. */
    start() {
        if (!this.starting) {
            this.starting = true;
            this.env.soon(() => {
                this.starting = false;
                if (this.sockets.length && !this.driver) {
                    this.openSession();
                }
            });
        }
    }
    openSession() {
        const current = () => this.driver === driver;
        const driver = new Driver(this.io, usable(this.io), this.limits, this.listener(current), probe);
        this.driver = driver;
        this.name = null;
        const sockets = this.sockets.slice();
        // One flight opens the session and its namespaces, so all auths have to be there.
        let missing = sockets.length;
        for (let i = 0; i < sockets.length; i++) {
            this.join(driver, sockets[i], () => {
                if (!--missing && this.driver === driver) {
                    driver.start();
                }
            });
        }
    }
    /** Asks for the socket's auth, then for its namespace. */
    join(driver, socket, then) {
        const answer = (auth) => {
            if (this.driver === driver && socket.wanted && !socket.joined) {
                this.push(control("c", socket.namespace, auth));
                socket.transport = this.name;
                socket.release();
            }
            then();
        };
        const fail = (error) => {
            this.refuse(socket, "auth", error instanceof Error ? error.message : String(error), undefined);
            then();
        };
        ask(socket.auth, answer, fail);
    }
    refuse(socket, code, message, data) {
        this.forget(socket);
        socket.end(code, "", 0);
        socket.fire("connect_error", failure(code, message, data));
    }
    /** The socket is not wanted any more; without any, the session is not. */
    forget(socket) {
        socket.wanted = false;
        this.sockets = without(this.sockets, (one) => one === socket);
        if (!this.sockets.length) {
            const driver = this.driver;
            this.driver = null;
            this.env.cancel(this.timer);
            this.timer = null;
            clients = without(clients, (one) => one === this);
            if (driver) {
                driver.close("client_disconnect");
            }
        }
    }
    /** `current` says whether this is still the session of its sockets, or one that only ends in peace. */
    listener(current) {
        const each = (tell) => {
            const sockets = current() ? this.sockets.slice() : [];
            for (let i = 0; i < sockets.length; i++) {
                const socket = sockets[i];
                if (socket.joined) {
                    tell(socket);
                }
            }
        };
        return {
            deliver: (packet) => {
                if (current()) {
                    this.deliver(packet);
                }
            },
            carried: (name, resumed) => {
                const changed = this.name !== name;
                this.name = name;
                this.openedAt = this.openedAt || this.env.now();
                each((socket) => {
                    socket.transport = name;
                    if (resumed) {
                        socket.fire("resumed");
                    }
                    if (changed) {
                        socket.fire("transport", name);
                    }
                });
            },
            suspended: () => each((socket) => {
                socket.transport = null;
                socket.fire("suspended");
            }),
            rejected: (message) => {
                const socket = current() ? this.socketOf(message.namespace) : null;
                if (socket) {
                    socket.rejected(message);
                }
            },
            failing: (code) => each((socket) => {
                if (!socket.connected) {
                    socket.fire("connect_error", failure(code, "no transport works"));
                }
            }),
            ended: (code, reason, retry, unconfirmed) => {
                if (current()) {
                    this.ended(code, reason, retry, unconfirmed);
                }
            },
        };
    }
    deliver(packet) {
        const socket = this.socketOf(packet.namespace);
        const body = isObject(packet.body) ? packet.body : {};
        if (!socket || !socket.joined) {
            if (packet.type === "e") {
                this.push(control("x", packet.namespace, { code: "unknown_namespace" }, packet.id));
            }
        }
        else if (packet.type === "o") {
            socket.id = String(body["id"]);
            socket.connected = true;
            socket.fire("connect", { recovered: false });
        }
        else if (packet.type === "d") {
            this.refuse(socket, "denied", String(body["message"]), body["data"]);
        }
        else if (packet.type === "l") {
            this.forget(socket);
            socket.end(String(body["code"]), String(body["reason"] || ""), 0);
        }
        else {
            socket.take(packet);
        }
    }
    ended(code, reason, retry, unconfirmed) {
        const action = actionOf(code);
        const over = action === "never" || code === "no_transport" || this.limits.attempts === 0;
        const sockets = this.sockets.slice();
        const stood = this.openedAt && this.env.now() - this.openedAt > 1000;
        const opened = this.openedAt;
        this.driver = null;
        this.openedAt = 0;
        for (let i = 0; i < sockets.length; i++) {
            const socket = sockets[i];
            const connected = socket.connected;
            if (over) {
                this.forget(socket);
            }
            socket.end(code, reason, countEvents(unconfirmed, socket.namespace));
            if (!connected && (over || !opened)) {
                socket.fire("connect_error", failure(code, reason));
            }
        }
        if (over || !this.sockets.length || this.driver || this.timer !== null) {
            return;
        }
        this.tries = stood ? 0 : this.tries + 1;
        if (action === "open" && stood) {
            this.start();
        }
        else {
            const pause = backoff(this.tries, this.limits.delay, this.limits.maxDelay, this.env.random);
            this.timer = this.env.later(() => {
                this.timer = null;
                this.start();
            }, Math.max(retry, pause));
        }
    }
}
function control(type, namespace, body, id = null) {
    const data = encode(type, namespace, id, body);
    return { namespace, data, size: sizeOf(data), credited: false, id: null };
}
function countEvents(log, namespace) {
    let events = 0;
    for (let i = 0; i < log.length; i++) {
        const message = log[i];
        events += message.credited && message.namespace === namespace ? 1 : 0;
    }
    return events;
}
/** An auth may be a value, a function that gives one or a promise, or one that calls back. */
function ask(auth, answer, fail) {
    if (typeof auth !== "function") {
        answer(auth);
        return;
    }
    let open = true;
    const once = (run) => (value) => {
        if (open) {
            open = false;
            run(value);
        }
    };
    try {
        const value = auth(once(answer));
        if (isObject(value) && typeof value["then"] === "function") {
            value.then(once(answer), once(fail));
        }
        else if (value !== undefined || !auth.length) {
            once(answer)(value);
        }
    }
    catch (error) {
        once(fail)(error);
    }
}
function usable(io) {
    const names = io.options.transports;
    const chosen = [];
    const wanted = names || [];
    for (let n = 0; n < (names ? wanted.length : 1); n++) {
        for (let i = 0; i < transports.length; i++) {
            const transport = transports[i];
            if ((names ? wanted[n] === transport.name : transport.name !== "jsonp") && transport.enabled(io)) {
                chosen.push(transport);
            }
        }
    }
    return chosen;
}
/** The mount as an absolute HTTP URL without a slash at the end. */
function resolve(url, path, env) {
    const parts = /^(?:(?:http|ws)(s?):)?(?:\/\/([^/?#]+))?([^?#]*)/i.exec(url);
    const here = env.root.location;
    const secure = /^\w+:/.test(url) ? parts[1] : here && here.protocol === "https:" ? "s" : "";
    const host = parts[2] || (here && here.host);
    if (!host) {
        throw failure("bad_data", "the URL needs a host here: " + url);
    }
    const mount = parts[3].replace(/\/+$/, "") || path;
    return "http" + secure + "://" + host + (mount.charAt(0) === "/" ? "" : "/") + mount.replace(/\/+$/, "");
}

// What works from here, transport by transport: apart from `connect`, so that who does not use it does not load it.
/**
 * Tries each transport alone, those of `options.transports` or all, one after the other.
 *
 * ```js
 * console.table(await diagnose("https://example.com/everwire"));
 * ```
 */
function diagnose(url, options) {
    const given = options || {};
    const env = environment(given);
    const io = { env, url: resolve(url || "", given.path || "/everwire", env), options: given };
    const rows = [];
    return new Promise((done) => {
        const next = (at) => {
            const transport = transports[at];
            const names = given.transports;
            if (!transport) {
                done(rows);
            }
            else if (names && names.indexOf(transport.name) < 0) {
                next(at + 1);
            }
            else {
                examine(io, transport, (report) => {
                    rows.push({ transport: transport.name, ...report });
                    next(at + 1);
                });
            }
        };
        next(0);
    });
}
function examine(io, transport, done) {
    if (transport.enabled(io)) {
        trial(io, transport, done);
    }
    else {
        done({ ok: false, code: "no_transport", why: "unavailable", openMs: null, rttMs: null });
    }
}

export { connect, diagnose };
//# sourceMappingURL=everwire.mjs.map
