/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

var _random = require('#random');

// UTF-8 and base64 with the language's own means. Bytes become text as one character for each.
function newBytes(length) {
    return typeof Uint8Array === "undefined" ? [] : new Uint8Array(length);
}
/** How many bytes the text takes as UTF-8. Each half of a surrogate pair counts two of the four. */
function utf8Length(text) {
    return text.replace(/[\x80-\u07ff\ud800-\udfff]/g, "..").replace(/[\u0800-\uffff]/g, "...").length;
}
function toUtf8(text) {
    return fromChars(unescape(encodeURIComponent(text)));
}
/** Throws if the bytes are not UTF-8. */
function fromUtf8(bytes) {
    return decodeURIComponent(escape(toChars(bytes)));
}
function fromChars(chars) {
    const bytes = newBytes(chars.length);
    for (let i = 0; i < chars.length; i++) {
        bytes[i] = chars.charCodeAt(i);
    }
    return bytes;
}
function toChars(bytes) {
    let chars = "";
    for (let i = 0; i < bytes.length; i++) {
        chars += String.fromCharCode(bytes[i]);
    }
    return chars;
}

/** Workers have no `window`, engines before 2018 no `globalThis`. */
const root = (typeof globalThis === "undefined" ? self : globalThis);

/** What every environment of today has, in one way or another. `everwire/legacy` puts its own in the place of what is missing. */
const platform = {
    t: (chars) => btoa(chars),
    n: (text) => atob(text),
    /** 128 of them. */
    a: () => _random.randomBytes(),
    /** What a URL says, and what it lacks the page. */
    r: (url) => new URL(url, root.location && root.location.href),
    /** Milliseconds that never go back. */
    e: () => performance.now(),
    c: (run) => void Promise.resolve().then(run),
    /** What `run` gives, now or later, goes to `done`; what goes wrong, in `done` too, to `fail`. */
    o: (run, done, fail, then) => void new Promise(run).then(done).then(null, fail).then(then),
};

// Base64 by the platform's own, which every environment with binary WebSockets has.
function toBase64(bytes) {
    return platform.t(toChars(bytes));
}
/** Null unless the text is base64 with its padding and nothing else: then it reads the same when it is written again. */
function fromBase64(text) {
    try {
        const chars = platform.n(text);
        return platform.t(chars) === text ? fromChars(chars) : null;
    }
    catch (_) {
        return null;
    }
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
/** Who connects says whether there is one: the smallest client has none. */
let binary;
function withBinary(given) {
    binary = given || binary;
}
/** Type, namespace, id, body. Two counts are no id. */
const PARTS = /^([a-zA-Z])(?:(\/[^,]+),)?(\d+(?![\d,]))? ?([^\r\n]*)$/;
/** Is it one of the messages that are counted? */
function isCounted(type) {
    return "eaxcodlq".indexOf(type) >= 0;
}
/** Reads a packet in either form. A string as answer is the code of what is wrong with it. */
function parse(data) {
    return typeof data === "string" ? parseText(data) : binary ? binary.e(data) : "attachments";
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
/**
 * Takes what it can read: to refuse the rest of what is malformed is the server's part (protocol.md, section 2.1). `revive` puts
 * something else in the place of some values.
 */
function parseText(text, revive) {
    const parts = PARTS.exec(text);
    if (!parts) {
        return "bad_packet";
    }
    const type = parts[1];
    const id = parts[3];
    const body = type === "n" ? "[" + parts[4] + "]" : parts[4];
    try {
        return { e: type, t: parts[2] || "/", s: id ? +id : null, n: body ? JSON.parse(body, revive) : undefined };
    }
    catch (_) {
        return "bad_json";
    }
}
/** Throws `bad_data` on what JSON, or this protocol, cannot carry. */
function encode(type, namespace, id, body) {
    const attachments = [];
    let text = "";
    let why = "too deep, or half a character";
    try {
        text = (binary ? binary.t(body, attachments) : JSON.stringify(body, refuseBinary)) || "";
        why = !isSound(text) && why;
    }
    catch (error) {
        why = error;
    }
    if (why) {
        throw failure("bad_data", String(why));
    }
    // A body that is a number would read as an id.
    const head = type + (namespace === "/" ? "" : namespace + ",") + (id === null ? "" : id) + (/^\d/.test(text) ? " " : "") + text;
    return binary && attachments.length ? binary.i(head, attachments) : head;
}
/** Else it would arrive as an object without anything in it. */
function refuseBinary(_key, value) {
    if (value && value.byteLength >= 0) {
        throw "binary needs everwire/binary";
    }
    return value;
}
/** Is the JSON nested as deep as may be at most (64), and without a lone surrogate? Engines of today write those as escapes. */
function isSound(text) {
    return (!/\\ud[89a-f]/.test(text.replace(/\\\\/g, "")) &&
        // Few texts hold as many brackets as may be nested.
        // Depth is what lines are indented by; what is empty has no line inside.
        !(/^([^[{]*[[{]){65}/.test(text) && /\n {65}/.test(JSON.stringify(JSON.parse(text.replace(/\[]|{}/g, "[0]")), null, 1))));
}

// The binary form of a packet (protocol.md, section 2.2): a head in text form, and the bytes that it refers to.
const binaryForm = { t: textOf, i: write$1, e: read };
function textOf(body, attachments) {
    // Holder and key say what the value was before a toJSON, as that of node's Buffer.
    const text = JSON.stringify(body, function (key, value) {
        return isBinary(this[key])
            ? "\0" + (attachments.push(this[key]) - 1)
            : typeof value === "string" && value.charAt(0) === "\0"
                ? "\0" + value
                : value;
    });
    return attachments.length || !/\\u0000/.test(text) ? text : JSON.stringify(body);
}
/** By what it looks like, not by instanceof: a buffer of another frame or realm is a buffer too. */
function isBinary(value) {
    const given = value;
    return !!given && given.byteLength >= 0 && /Buffer\]$/.test({}.toString.call(given.buffer || given));
}
function write$1(head, attachments) {
    const parts = [toUtf8(head)];
    let length = 0;
    let at = 0;
    for (const one of attachments) {
        parts.push(new Uint8Array(one.buffer || one, one.byteOffset || 0, one.byteLength));
    }
    for (const part of parts) {
        length += 4 + part.length;
    }
    const out = new Uint8Array(length);
    for (const part of parts) {
        for (let shift = 32; shift;) {
            out[at++] = part.length >>> (shift -= 8);
        }
        out.set(part, at);
        at += part.length;
    }
    return out;
}
function read(bytes) {
    const parts = [];
    for (let at = 0; at < bytes.length;) {
        // A length cut short reads as NaN.
        let length = 0;
        for (const end = at + 4; at < end;) {
            length = length * 256 + bytes[at++];
        }
        if (!(at + length <= bytes.length)) {
            return "attachments";
        }
        parts.push("subarray" in bytes ? bytes.subarray(at, at + length) : bytes.slice(at, at + length));
        at += length;
    }
    let text = "";
    try {
        text = fromUtf8(parts.shift() || []);
    }
    catch (_) {
        return "utf8";
    }
    return parseText(text, (_key, value) => typeof value !== "string" || value.charAt(0) !== "\0" ? value : value.charAt(1) === "\0" ? value.slice(1) : parts[+value.slice(1)]);
}

/** A pause before try number `tries` (from 0): anything up to a bound that doubles. Full jitter spreads a crowd best. */
function backoff(tries, delay, maxDelay, random) {
    return Math.floor(random() * Math.min(maxDelay, delay * Math.pow(2, tries)));
}

// What a client does about a code (protocol.md, section 10). The server says it with the code: so no table of them is needed here.
/** Its answer to what cannot be done now. */
const BACKOFF = "backoff";
/** A new session at once, or after a pause. */
const OPEN = "open";
const LATER = "later";
/** Report and stop. */
const NEVER$1 = "never";
/** Attach anew, over the same transport. */
const ATTACH = "attach";
/** Of those that the client gives itself. */
const then = { heartbeat: ATTACH, stale: ATTACH, undeliverable: OPEN, unknown_session: OPEN };
/** They stay what they are. */
const OWN = "heartbeat stale undeliverable unknown_session";
/** More than a server has; so a table that all sessions of a page share stays small, whatever one of them is told. */
let room = 99;
/** Takes what is said of a code, and gives it: `""` if that is none. */
function learn(code, said) {
    if (typeof code !== "string" || !/^[a-z]\w{0,40}$/.test(code)) {
        return "";
    }
    if (typeof said === "string" && OWN.indexOf(code) < 0 && (then[code] || room-- > 0)) {
        then[code] = said;
    }
    return code;
}
/** Undefined if nobody has said it. */
function thenOf(code) {
    return then[code];
}
/** The others end a request or a carrier. */
function endsSession(code) {
    return then[code] === OPEN || then[code] === LATER || then[code] === NEVER$1;
}
/** What a server says need not be what it should be: text. */
function textOr(otherwise, said) {
    return typeof said === "string" ? said : otherwise;
}

// The only folder that touches globals, and only when a client connects: so the module loads anywhere.
/** Milliseconds, never going back where the platform has such a clock. */
function now() {
    return Math.floor(platform.e());
}
/** The time of day, which goes on while the machine sleeps. */
function wall() {
    return new Date().getTime();
}
/** Too early, should that be later than a timer can say: in 24 days. */
function later(run, ms) {
    return setTimeout(run, Math.min(ms, 2147483647));
}
/** Runs when the code that runs now is done. */
function soon(run) {
    platform.c(run);
}
/** 128 random bits, as protocol.md wants them (section 4.1): numbers with dashes between. */
function secret() {
    return [].join.call(platform.a(), "-");
}

// What ES3 has no methods for. Lists are never changed in place, so one may be gone through while it changes.
function filter(list, fits) {
    const found = [];
    for (const item of list) {
        if (fits(item)) {
            found.push(item);
        }
    }
    return found;
}
function find(list, fits) {
    return filter(list, fits)[0];
}
function without(list, item) {
    return filter(list, (one) => one !== item);
}

const OPENING = 0;
const OPENED = 1;
const SUSPENDED = 2;
const CLOSING = 3;
const ENDED = 4;
/**
 * How a carrier works. `DUPLEX`: a WebSocket. `STREAM`: one answer down, posts up. `POLL`: a loop of requests, both ways.
 * `SCRIPT`: polls by URL, posts up whose answer cannot be read.
 */
const DUPLEX = 0;
const STREAM = 1;
const POLL = 2;
const SCRIPT = 3;
/** What holds before the first welcome (protocol.md, sections 6.2 and 13). */
const LIMITS = { "ping": 10000, "timeout": 8000, "window": 65536, "max": 1000000, "acks": 1000 };
/** Larger batches would only wait longer to be confirmed; a first body goes to a server whose limit is not known. */
const MAX_BODY = 64512;
/** So long a client waits before it asks again for nothing, or answers another heartbeat. */
const QUIET = 100;
const ATTACHING = 0;
const POLLING = 1;
const POSTING = 2;
/** `secret` draws 128 random bits, as a key of the protocol. */
function createSession(window, secret, host) {
    return {
        c: host,
        z: secret,
        e: OPENING,
        n: LIMITS,
        W: 1000,
        N: secret(),
        O: 0,
        y: 0,
        x: MAX_BODY,
        q: 0,
        o: [],
        b: [],
        a: [],
        v: Infinity,
        k: Infinity,
        i: [],
        t: 0,
        r: 0,
        w: 0,
        T: 0,
        m: 0,
        J: window,
        d: 0,
        g: 0,
        A: 0,
        C: 0,
    };
}
/** So long a carrier that has answered may be mute. */
function patienceOf(session) {
    return session.n["ping"] + session.n["timeout"];
}
/** Is it a count, a size or a time (protocol.md, section 2.1)? */
function isCount(value) {
    return typeof value === "number" && value >= 0 && value < 9007199254740992 && value % 1 === 0;
}
/** Something has come: who asks for more is not asking for nothing. */
function brought(session, now, carrier) {
    if (carrier.e.e >= POLL && !(session.M > now)) {
        carrier.i = now;
    }
}
/** What is to be done next, if anything. */
function next(session, now) {
    if (!session.a.length && session.e !== ENDED) {
        session.v = Infinity;
        for (const carrier of session.o) {
            carrier.e.s(session, now, carrier);
        }
        // What no carrier could take at once is gone.
        session.b = [];
    }
    return session.a.shift();
}

// How carriers are given up.
/** A carrier is gone, or given up. */
function lose(session, carrier, code) {
    // The server may tell the old carrier sooner than the new one: the session has one.
    const moving = code === "taken_over" && carrier !== session.o[session.o.length - 1];
    drop(session, carrier, code);
    if (carrier === session.f) {
        session.f = null;
    }
    if (!session.f && !moving && session.e === OPENED) {
        session.e = SUSPENDED;
        session.a.push(() => session.c.s());
    }
}
function drop(session, carrier, code) {
    carrier.g = true;
    session.o = without(session.o, carrier);
    session.S = false;
    session.a.push(() => session.c.h(carrier, code));
}

// The two directions of a session (protocol.md, sections 3 and 6). They meet only in an attach and in the counts.
/** Sends in time, once and in order. */
function push(session, message) {
    session.i.push(message);
    session.w += message.e;
    message.r = session.m += message.m ? message.e : 0;
}
/** The number of the last message, sent or not. */
function lastOf(session) {
    return session.t + session.i.length;
}
/** Message `number`, if it exists and credit allows it (and so all before it). */
function ready(session, number) {
    const message = session.i[number - session.t - 1];
    return message && message.r <= session.T + session.n["window"] ? message : undefined;
}
function markSent(session, number) {
    session.r = Math.max(session.r, number);
}
/** The peer's counts. False if it confirms what was never sent. */
function confirm(session, received, consumed) {
    if (received > session.r) {
        return false;
    }
    if (consumed > session.T) {
        session.T = consumed;
    }
    for (; session.t < received; session.t++) {
        session.w -= session.i.shift().e;
    }
    return true;
}
/** Have the counts grown enough that the server should hear of it? Or does it wait for them? */
function isDue(session) {
    return (session.j ||
        Math.max(session.A, session.g - session.C) * 4 >= session.J);
}
function said(session) {
    session.j = false;
    session.A = 0;
    session.C = session.g;
}
/** What an encoded packet is to the session. */
function messageOf(namespace, data, credited) {
    return { t: namespace, n: data, e: sizeOf(data), m: credited };
}

// A session closes, or is closed (protocol.md, section 9).
const CLOSE_TIME = 5000;
/** Sends what is there, then ends the session; in 5 s at the latest. */
function close(session, now, code) {
    if (session.e < CLOSING) {
        session.h = code;
        session.k = now + CLOSE_TIME;
        session.e = CLOSING;
        if (!session.O && !session.m) {
            // Nothing was said, and nothing is there that is worth it.
            end(session, code);
        }
    }
}
/** The server's `z`. */
function closed(session, now, body) {
    if (session.e === CLOSING) {
        if (session.S && body["code"] === session.h) {
            // An answer: everything has arrived.
            confirm(session, session.r, 0);
        }
        end(session, session.h);
    }
    else {
        session.l = body;
        session.k = Math.min(session.k, now + CLOSE_TIME);
        finish(session);
    }
}
/** Answers the server's `z` once everything before it is here. */
function finish(session) {
    const z = session.l;
    if (z && session.d >= z["final"]) {
        farewell(session, z["code"]);
        giveUp(session);
    }
}
/** The last word, on whatever carries it. */
function farewell(session, code) {
    const current = session.f;
    session.h = code;
    const line = closing(session);
    session.a.push(() => {
        if (current && !current.e.e) {
            session.c.i(current, line);
        }
        else {
            session.c.l(line);
        }
    });
}
/** The client's `z`. */
function closing(session) {
    session.S = true;
    return "z" + JSON.stringify({ code: session.h, "final": session.r });
}
/** The server has closed, or a close has taken too long. */
function giveUp(session) {
    const z = session.l || {};
    end(session, (z["code"] || session.h), textOr("", z["reason"]), z["retry"]);
}
/** The session is over, without another word to the server. */
function end(session, code, reason = "", retry = 0) {
    if (session.e !== ENDED) {
        if (session.e === CLOSING) {
            code = session.h;
        }
        session.e = ENDED;
        while (session.o.length) {
            drop(session, session.o[0], null);
        }
        session.f = null;
        session.a.push(() => session.c.c(code, reason, retry, session.i));
    }
}

// A carrier attaches, and is welcomed (protocol.md, section 4).
const COUNTS = ["first", "received", "consumed"];
const GRANT = COUNTS.concat(["ping", "timeout", "window", "max", "acks"]);
/** No carrier is given up for a silence shorter than this, whatever the server says. */
const LEAST = 500;
/** What is sent with it goes at once: a volatile event that it takes along is gone for the current carrier. */
function attach(session, now, carrier) {
    carrier.c = ++session.O;
    carrier.p = session.p;
    carrier.t = now + carrier.S;
    // Only an opening client knows where the server stands: at nothing.
    carrier.u = session.s ? -1 : session.t;
    carrier.o = carrier.e.e === SCRIPT ? session.z() : "";
    session.o = session.o.concat(carrier);
    carrier.e.c(session, now, carrier);
}
/** The first packet, or line, of what attaches or posts. */
function header(session, type, fields) {
    fields["received"] = session.d;
    fields["consumed"] = session.g;
    if (session.s) {
        fields["session"] = session.s;
        fields["token"] = session.p;
    }
    else {
        fields["key"] = session.N;
    }
    return type + JSON.stringify(fields);
}
/** What begins a body or carrier going down. False if it cannot be read. */
function welcome(session, now, carrier, down, body) {
    const full = !!body["session"];
    const base = session.t;
    if (!(full || carrier.n) || !body["first"] || (full && (typeof body["session"] !== "string" || typeof body["token"] !== "string"))) {
        return false;
    }
    for (const key of full ? GRANT : COUNTS) {
        if (!isCount(body[key])) {
            return false;
        }
    }
    down.h = body["first"];
    if ((!full || carrier.n || adopt(session, now, carrier, body)) &&
        counts(session, body["received"], body["consumed"])) {
        if (session.t > base) {
            brought(session, now, carrier);
        }
        if (carrier.e.n) {
            carrier.e.n(session, now, carrier, body, full);
        }
    }
    return true;
}
/** The carrier is the current one from now on. False if it cannot be. */
function adopt(session, now, carrier, body) {
    const state = session.e;
    if (session.s && body["session"] !== session.s) {
        // The key has opened another session: the server knows nothing of this one.
        end(session, "unknown_session");
        return false;
    }
    if (carrier.u < 0) {
        carrier.u = body["received"];
    }
    if (!carrier.e.e && carrier.u < session.t) {
        // Counts that came another way were faster: what must come first on this WebSocket is gone.
        lose(session, carrier, "stale");
        return false;
    }
    carrier.n = true;
    session.s = body["session"];
    session.p = body["token"];
    session.n = body;
    session.n["timeout"] = Math.max(session.n["timeout"], LEAST);
    carrier.t = now + patienceOf(session);
    session.f = carrier;
    // Older ones have nothing more to say. Newer ones may still win.
    while (session.o[0] !== carrier) {
        drop(session, session.o[0], null);
    }
    if (state !== CLOSING) {
        session.e = OPENED;
    }
    session.a.push(() => session.c.u(carrier, state === SUSPENDED, state === OPENED));
    if (!carrier.e.e) {
        // What is confirmed from now on has its place here too, since what follows is numbered by it: it is written while it is still kept.
        carrier.e.s(session, now, carrier);
    }
    // What was emitted before this server's limit was known must not be tried for ever.
    if (find(session.i, (message) => message.e > session.n["max"])) {
        end(session, "too_large");
    }
    return session.e !== ENDED;
}
/** The server's counts. False if they end the session. */
function counts(session, received, consumed) {
    const fine = confirm(session, received, consumed);
    if (!fine) {
        end(session, "bad_ack");
    }
    return fine;
}

// What comes down.
/** A packet of a WebSocket, or of a stream that was opened by ticket. */
function heard(session, now, carrier, data) {
    take(session, now, carrier, carrier, data, true);
}
/** `alive`: what keeps a stream alive is its own lines, not the answers to posts. */
function take(session, now, carrier, down, data, alive) {
    if (carrier.g) {
        return;
    }
    if (carrier.n && alive) {
        carrier.t = now + patienceOf(session);
    }
    const packet = parse(data);
    if (typeof packet === "string") {
        malformed(session, carrier, packet);
        return;
    }
    const type = packet.e;
    const body = (packet.n || {});
    if (type === "r") {
        // After a welcome, what was refused in a body is a ticket: spent, perhaps, by a browser that asked twice. It is no proof.
        const code = learn(body["error"], body["then"]);
        refused(session, carrier, carrier.n && carrier.e.e && code === "unknown_session" ? "stale" : code);
    }
    else if (type === "W" ? !welcome(session, now, carrier, down, body) : !down.h) {
        malformed(session, carrier, "bad_packet");
    }
    else if (isCounted(type)) {
        counted(session, carrier, down, packet, sizeOf(data));
        brought(session, now, carrier);
    }
    else if (type === "v") {
        brought(session, now, carrier);
        session.a.push(() => session.c.a(packet, 0));
    }
    else if (type === "h") {
        // The next poll answers it anyway. A flood of them for nothing is not followed.
        if (carrier.e.e !== POLL && (session.A || carrier.i <= now)) {
            session.j = true;
            carrier.i = now + QUIET;
        }
    }
    else if (type === "n") {
        counts(session, body[0], body[1]);
    }
    else if (type === "z" && typeof body["code"] === "string" && isCount(body["final"]) && (!body["retry"] || isCount(body["retry"]))) {
        learn(body["code"], body["then"]);
        closed(session, now, body);
    }
    else if (type !== "W") {
        malformed(session, carrier, "bad_packet");
    }
}
function counted(session, carrier, down, packet, size) {
    const ahead = down.h++ - session.d - 1;
    if (!ahead) {
        session.d++;
        session.A += size;
        session.a.push(() => session.c.a(packet, packet.e === "e" ? size : 0));
        finish(session);
    }
    else if (ahead > 0 && (carrier.e.e !== POLL || carrier.s.length < 2)) {
        // With two polls under way the later may be answered first: what it skips, the next one asks for.
        lose(session, carrier, "gap");
    }
}
/** A carrier is given up for a packet that cannot be read; the session, if the same one cannot be read twice. */
function malformed(session, carrier, code) {
    if (carrier.n && session.E === session.d) {
        end(session, code);
    }
    else {
        session.E = carrier.n ? session.d : null;
        lose(session, carrier, code);
    }
}
/** The server will not have the carrier, or it is gone without a code (`""`). */
function refused(session, carrier, code) {
    const newest = carrier.p === session.p;
    // Said of a proof that has a successor by now, it is no news of the session.
    const outdated = code === "unknown_session" && !carrier.n && !newest;
    if (carrier.g) {
        return;
    }
    if ((endsSession(code) && !outdated) || (code === "stale_token" && newest)) {
        if (code === session.h) {
            // The answer to our close was overtaken or is lost: everything has arrived.
            confirm(session, session.r, 0);
        }
        end(session, code);
    }
    else {
        lose(session, carrier, code);
    }
}

// Time: when to look again, and what is given up then.
/** Infinity if never. */
function nextTimeout(session) {
    let next = Math.min(session.k, session.v);
    for (const carrier of session.o) {
        next = Math.min(next, deadlineOf(carrier));
    }
    return session.e === ENDED ? Infinity : next;
}
/** What is given up now is lost with this code. */
function timeout(session, now, code) {
    for (const carrier of session.o) {
        if (deadlineOf(carrier) <= now) {
            lose(session, carrier, code);
        }
    }
    if (session.k <= now) {
        giveUp(session);
    }
}
/** When it is given up, over itself or one of its requests. */
function deadlineOf(carrier) {
    let deadline = carrier.t;
    for (const request of carrier.s) {
        deadline = Math.min(deadline, request.t);
    }
    return deadline;
}

/** Who has closed a session is not told anything any more. */
const DEAF = {
    a() { },
    t() { },
    s() { },
    r() { },
    e() { },
    c() { },
};
/** A volatile event does not wait behind more bytes than this. */
const CONGESTED = 65536;
/** Bytes: twice what a user may have waiting. */
const MAX_UNCONFIRMED = 8388608;
/** A timer that is later than this says that the machine has slept. */
const SLEPT = 1000;
function createDriver(io, ways, limits, listener, own) {
    const kit = io.n;
    let draining = false;
    let scheduled = false;
    let timer;
    let timerAt = Infinity;
    let lostBy = "";
    let live = [];
    let stopWatching = () => { };
    const unlink = (attempt) => {
        const aborts = attempt.d;
        live = without(live, attempt);
        attempt.b = true;
        attempt.d = [];
        for (const abort of aborts) {
            abort();
        }
    };
    const fail = (attempt, code) => {
        unlink(attempt);
        plan.s(now(), attempt, code);
    };
    const session = createSession(io.e.window || 1048576, secret, {
        i({ x: duplex }, data) {
            if (duplex) {
                duplex.n(data);
            }
        },
        r(request) {
            const attempt = request.r;
            if (!attempt.b) {
                attempt.e.r(hub, attempt, request);
            }
        },
        t(attempt, ticket) {
            if (!attempt.b && attempt.e.t) {
                attempt.e.t(hub, attempt, ticket);
            }
        },
        h(attempt, code) {
            if (code !== null) {
                lostBy = code;
                fail(attempt, code);
            }
            else {
                plan.f(now(), attempt);
                unlink(attempt);
            }
        },
        a(packet, size) {
            listener.a(packet);
            session.g += size;
        },
        u(attempt, resumed) {
            if (!attempt.b) {
                listener.t(attempt.e.name, resumed);
                if (!attempt.e.t) {
                    hub.o(attempt);
                }
            }
        },
        s: () => listener.s(lostBy),
        l(line) {
            if (kit.l) {
                kit.l(hub, line);
            }
        },
        c(code, reason, retry, unconfirmed) {
            clearTimeout(timer);
            plan.n();
            stopWatching();
            hub.u();
            listener.c(code, reason, retry, unconfirmed);
        },
    });
    const connect = (attempt) => {
        const gone = () => {
            if (attempt.c) {
                refused(session, attempt, "");
            }
            else {
                fail(attempt, "");
            }
            hub.e();
        };
        try {
            const duplex = attempt.e.o(io, () => {
                attach(session, now(), attempt);
                plan.u(now(), attempt);
                hub.e();
            }, (data) => {
                hub.a(attempt);
                heard(session, now(), attempt, data);
                hub.e();
            }, gone);
            attempt.x = duplex;
            attempt.d.push(duplex.e);
        }
        catch (_) {
            // As a WebSocket without TLS on a page with it.
            gone();
        }
    };
    const flush = () => {
        if (!scheduled) {
            scheduled = true;
            soon(() => {
                scheduled = false;
                hub.e();
            });
        }
    };
    const hub = {
        n: io,
        i: ways,
        t: session,
        l: own,
        e() {
            if (!draining) {
                draining = true;
                try {
                    for (let run; (run = next(session, now()) || (session.e === ENDED ? undefined : plan.i(now())));) {
                        run();
                    }
                }
                finally {
                    draining = false;
                }
                listener.r();
                let due = session.e === ENDED ? Infinity : Math.min(nextTimeout(session), plan.l());
                for (const attempt of live) {
                    // Of a connection that does not stand yet only this keeps the time.
                    due = Math.min(due, attempt.t);
                }
                // One that is too early does no harm: it sets the next.
                if (due < timerAt) {
                    clearTimeout(timer);
                    timerAt = due;
                    timer = later(() => {
                        // Who has slept has missed heartbeats: that says nothing of the transport, which is to be tried again.
                        const code = now() > timerAt + SLEPT ? "heartbeat" : "timeout";
                        timerAt = Infinity;
                        timeout(session, now(), code);
                        for (const attempt of live) {
                            if (!attempt.c && attempt.t <= now()) {
                                fail(attempt, code);
                            }
                        }
                        hub.e();
                    }, Math.max(0, due - now()));
                }
            }
        },
        u() {
            for (const attempt of live) {
                unlink(attempt);
            }
        },
        o(attempt) {
            plan.t(now(), attempt);
            hub.a(attempt);
            if (listener.o) {
                listener.o();
            }
        },
        a() { },
        r() { },
        c() { },
    };
    const plan = kit.t(hub, limits, {
        n(attempt) {
            live = live.concat(attempt);
            if (attempt.e.o) {
                connect(attempt);
            }
            else {
                attach(session, now(), attempt);
            }
        },
        e: (code) => listener.e(code),
        t: () => end(session, "no_transport"),
    });
    return {
        t: session,
        n() {
            if (own && kit.n) {
                stopWatching = kit.n(hub);
            }
            if (ways.length) {
                plan.o(now());
            }
            else {
                listener.e("");
                end(session, "no_transport");
            }
            hub.e();
        },
        r(message) {
            // Answers do not wait for room; a server that asks on and on without confirming any is not served for ever.
            if (session.w > MAX_UNCONFIRMED) {
                end(session, "buffer_full");
            }
            else {
                push(session, message);
            }
            flush();
        },
        o(data) {
            const current = session.f;
            const duplex = current && current.x;
            if (session.e === OPENED && !(duplex && duplex.t() > CONGESTED)) {
                session.b.push(data);
                flush();
            }
        },
        e(code) {
            listener = DEAF;
            plan.e(now());
            close(session, now(), code);
            hub.e();
        },
    };
}

/** The place of handlers for any event: no event has this name. */
const ANY = null;
/** Handlers in their order. The list is never changed in place, so a handler may add and remove any while it runs. */
function createEmitter() {
    let entries = [];
    return {
        n(place, run, once) {
            entries = entries.concat({ e: place, t: run, n: once });
        },
        e(place, run) {
            for (const entry of entries) {
                if ((place === undefined ? entry.e !== ANY : entry.e === place) && (!run || entry.t === run)) {
                    entries = without(entries, entry);
                }
            }
        },
        t(place, args, thrown) {
            let count = 0;
            for (const entry of entries) {
                if (entry.e === place) {
                    count++;
                    if (entry.n) {
                        entries = without(entries, entry);
                    }
                    try {
                        entry.t.apply(undefined, args);
                    }
                    catch (error) {
                        thrown(error);
                    }
                }
            }
            return count;
        },
    };
}

// One namespace of a session, as its user sees it.
/** What holds before there is a session. */
const UNKNOWN = { n: LIMITS, w: 0, i: [], r: 0, t: 0 };
const MAX_QUEUED = 4194304;
function createSocket(host, namespace, auth) {
    const driverOf = host.d;
    const events = createEmitter();
    let pending = {};
    let lastId = 0;
    /** What was emitted before the namespace was asked for. */
    let waiting = [];
    let waitingBytes = 0;
    const draining = [];
    // ---- going out
    const sessionOf = () => (driverOf() || { t: UNKNOWN }).t;
    const post = (type, id, body) => {
        const event = type === "e";
        const driver = driverOf();
        const session = sessionOf();
        const message = messageOf(namespace, encode(type, namespace, id, body), event);
        const size = message.e;
        const queued = size + socket.bufferedBytes();
        // An error report comes from no call that could fail.
        if (type !== "x" && size > session.n["max"]) {
            throw failure("too_large");
        }
        if (type === "v") {
            if (driver && socket.connected) {
                driver.o(message.n);
            }
        }
        else if (event && queued > MAX_QUEUED) {
            throw failure("buffer_full");
        }
        else if (!driver || !socket.r) {
            if (event) {
                waiting.push(message);
                waitingBytes += size;
            }
        }
        else {
            driver.r(message);
        }
    };
    const send = (event, args, ms, type = "e") => {
        const done = args[args.length - 1];
        if (type === "v" || typeof done !== "function") {
            post(type, null, [event].concat(args));
            return;
        }
        if (host.f >= sessionOf().n["acks"]) {
            throw failure("pending_acks");
        }
        const id = ++lastId;
        post("e", id, [event].concat(args.slice(0, -1)));
        host.f++;
        const timer = ms && setTimeout(() => settle(id, failure("timeout")), ms);
        pending[id] = (...answer) => {
            host.f--;
            clearTimeout(timer);
            try {
                done.apply(undefined, answer);
            }
            catch (thrown) {
                rethrow(thrown);
            }
        };
    };
    const ask = (event, args, ms) => new Promise((resolve, reject) => {
        const done = (error, value) => (error ? reject(error) : resolve(value));
        send(event, args.concat(done), ms);
    });
    // ---- coming in
    /** False if nobody waits for this answer. */
    const settle = (id, error, values = []) => {
        const done = pending[id];
        delete pending[id];
        if (done) {
            done.apply(undefined, [error].concat(values));
        }
        return !!done;
    };
    const handle = (packet, event, args) => {
        const { e: type, s: id } = packet;
        let open = type === "e" && id !== null;
        const fail = (code) => {
            if (open) {
                open = false;
                // Which event is known by its id; a name from a server may be one that cannot be said.
                post("x", id, { code });
            }
        };
        const thrown = (error) => {
            fail("handler_error");
            rethrow(error);
        };
        if (open) {
            args.push((...values) => {
                if (open) {
                    post("a", id, values);
                    open = false;
                }
            });
        }
        if (typeof event !== "string") {
            fail("bad_event");
            return;
        }
        events.t(ANY, [event].concat(args), thrown);
        if (!events.t(event, args, thrown)) {
            fail("no_handler");
        }
    };
    const on = (place, handler, once) => {
        events.n(place, handler, once);
        return socket;
    };
    const off = (place, handler) => {
        events.e(place, handler);
        return socket;
    };
    const socket = {
        namespace,
        auth,
        connected: false,
        id: null,
        transport: null,
        recovered: false,
        // In quotes: a reserved word of ES3.
        "volatile": {
            emit: (event, ...args) => send(event, args, 0, "v"),
        },
        on,
        once: (event, handler) => on(event, handler, true),
        off,
        onAny: (handler) => on(ANY, handler),
        offAny: (handler) => off(ANY, handler),
        emit(event, ...args) {
            send(event, args);
            return socket;
        },
        emitWithAck: (event, ...args) => ask(event, args),
        bufferedBytes: () => waitingBytes + sessionOf().w,
        drained: () => new Promise((resolve) => {
            draining.push(resolve);
            socket.e();
        }),
        timeout: (ms) => ({
            emit: (event, ...args) => send(event, args, ms),
            emitWithAck: (event, ...args) => ask(event, args, ms),
        }),
        connect() {
            host.o(socket);
            return socket;
        },
        close() {
            host.e(socket);
            return socket;
        },
        o: false,
        r: false,
        t: (event, ...args) => void events.t(event, args, rethrow),
        c(packet) {
            const { e: type, s: id } = packet;
            const body = packet.n || {};
            if (type === "a") {
                settle(id, null, body);
            }
            else if (type === "x") {
                const { event = null } = body;
                const code = textOr("bad_data", body.code);
                const message = textOr("", body.message);
                if (!settle(id, failure(code, message)) && id === null) {
                    socket.t("error", { code, event, message });
                }
            }
            else {
                const args = [].concat(body);
                handle(packet, args.shift(), args);
            }
        },
        n(code, reason, unconfirmed) {
            const was = socket.connected;
            const failed = pending;
            socket.connected = socket.recovered = socket.r = false;
            socket.id = socket.transport = null;
            pending = {};
            for (const id in failed) {
                failed[id](failure("session_ended"));
            }
            // One that was never connected may have lost events, too.
            if (was || unconfirmed) {
                socket.t("disconnect", { code, reason, unconfirmed });
            }
            socket.e();
        },
        e() {
            const { i: log, r: sent, t: base } = sessionOf();
            if (!waitingBytes && !log[sent - base]) {
                for (const done of draining.splice(0)) {
                    done();
                }
            }
        },
        a() {
            socket.r = true;
            for (const message of waiting) {
                driverOf().r(message);
            }
            waiting = [];
            waitingBytes = 0;
        },
    };
    return socket;
}
/** An error of the user's code is the user's: it appears as uncaught, and hurts nothing here. */
function rethrow(error) {
    setTimeout(() => {
        throw error;
    }, 0);
}

// What the namespaces of one URL share: a session, and a new one when that has ended.
/** Those that have a session, or want one. */
let clients = [];
/** A session's second socket of the same namespace would be the first one: that one gets a session of its own. */
function open(kit, url, options) {
    const given = options || {};
    const namespace = given.namespace || "/";
    const io = createIo(kit, url, given);
    withBinary(kit.r || given.binary);
    const client = find(clients, (one) => suits(one.n, io) && !one.b(namespace)) || createClient(io);
    const socket = createSocket(client, namespace, given.auth);
    client.o(socket);
    return socket;
}
/** Where it connects to, and by what. Throws if that is no URL, as one without a host where there is no page. */
function createIo(kit, url = "", options = {}) {
    const path = options.path || "/everwire";
    const place = url || path;
    const { protocol, host, pathname } = platform.r(place);
    const mount = pathname.replace(/\/+$/, "") || path;
    return { n: kit, t: protocol.replace("ws", "http") + "//" + host + mount, e: options };
}
/** Options of one session are those of its first socket: who wants others says that it is not to be shared. */
function suits(mine, other) {
    return mine.e.multiplex !== false && other.e.multiplex !== false && mine.n === other.n && mine.t === other.t;
}
function createClient(io) {
    const { reconnection } = io.e;
    const { attempts = Infinity, delay = 500, maxDelay = 10000 } = reconnection === false ? { attempts: 0 } : reconnection || {};
    const limits = { t: attempts, e: (tries) => backoff(tries, delay, maxDelay, Math.random) };
    let sockets = [];
    let driver = null;
    let timer = null;
    let tries = 0;
    let openedAt = 0;
    let name = null;
    const socketOf = (namespace) => find(sockets, (one) => one.namespace === namespace);
    const driverOf = () => driver;
    const control = (type, namespace, body, id = null) => {
        if (driver) {
            driver.r(messageOf(namespace, encode(type, namespace, id, body), false));
        }
    };
    /** Opens a session, unless there is one by then. */
    const start = () => {
        timer = null;
        if (sockets.length && !driver) {
            openSession();
        }
    };
    const openSession = () => {
        const each = (tell) => {
            for (const socket of sockets) {
                if (socket.r) {
                    tell(socket);
                }
            }
        };
        const mine = createDriver(io, filter(io.n.e(io.e.transports), (way) => way.a(io)), limits, {
            a: deliver,
            t(carrier, resumed) {
                const changed = name !== carrier;
                name = carrier;
                openedAt = openedAt || now();
                each((socket) => {
                    socket.transport = carrier;
                    if (resumed) {
                        socket.t("resumed");
                    }
                    if (changed) {
                        socket.t("transport", carrier);
                    }
                });
            },
            s: () => each((socket) => {
                socket.transport = null;
                socket.t("suspended");
            }),
            r: () => each((socket) => socket.e()),
            e: (code) => each((socket) => {
                if (!socket.connected) {
                    socket.t("connect_error", failure(code || "no_transport", "no transport works"));
                }
            }),
            c: ended,
        }, true);
        const joining = sockets;
        // One flight opens the session and its namespaces, so all auths have to be there.
        let missing = joining.length;
        driver = mine;
        name = null;
        for (const socket of joining) {
            join(socket, () => {
                if (!--missing && driver === mine) {
                    mine.n();
                }
            });
        }
    };
    /** Asks for the socket's auth, then for its namespace; or says it again with fresh auth. */
    const join = (socket, then) => {
        const mine = driver;
        platform.o((done) => ask$1(socket.auth, done), (auth) => {
            if (driver === mine && socket.o) {
                control("c", socket.namespace, auth);
                if (!socket.r) {
                    socket.transport = name;
                    socket.a();
                }
            }
        }, (error) => {
            // What there is holds until the server ends it: then it is asked for again.
            if (!socket.r) {
                refuse(socket, "auth", String((error && error.message) || error));
            }
        }, then);
    };
    const refuse = (socket, code, message, data) => {
        forget(socket);
        socket.n(code, message, 0);
        socket.t("connect_error", failure(code, message, data));
    };
    /** The socket is not wanted any more; without any, the session is not. */
    const forget = (socket) => {
        socket.o = false;
        sockets = without(sockets, socket);
        if (!sockets.length) {
            const last = driver;
            driver = null;
            clearTimeout(timer);
            timer = null;
            clients = without(clients, client);
            if (last) {
                last.e("client_disconnect");
            }
        }
    };
    const deliver = (packet) => {
        const { e: type, t: namespace } = packet;
        const socket = socketOf(namespace);
        const body = (packet.n || {});
        if (!socket || !socket.r) {
            if (type === "e") {
                control("x", namespace, { code: "unknown_namespace" }, packet.s);
            }
        }
        else if (type === "o") {
            socket.id = body["id"];
            if (!socket.connected) {
                socket.connected = true;
                socket.t("connect", { recovered: false });
            }
        }
        else if (type === "q") {
            join(socket);
        }
        else if (type === "d") {
            refuse(socket, "denied", textOr("", body["message"]), body["data"]);
        }
        else if (type === "l") {
            forget(socket);
            socket.n(textOr("server_disconnect", body["code"]), textOr("", body["reason"]), 0);
        }
        else {
            socket.c(packet);
        }
    };
    const ended = (code, reason, retry, unconfirmed) => {
        const then = thenOf(code);
        const over = then === NEVER$1 || code === "no_transport" || !attempts;
        const opened = openedAt;
        const stood = opened && now() - opened > 1000;
        driver = null;
        openedAt = 0;
        for (const socket of sockets) {
            const { connected } = socket;
            if (over) {
                forget(socket);
            }
            socket.n(code, reason, countEvents(unconfirmed, socket.namespace));
            // That no transport works has been told when the last of them failed.
            if (!connected && (over || !opened) && code !== "no_transport") {
                socket.t("connect_error", failure(code, reason));
            }
        }
        if (!over && sockets.length) {
            tries = stood ? 0 : tries + 1;
            if (then === OPEN && stood) {
                soon(start);
            }
            else {
                timer = later(start, Math.max(retry, limits.e(tries)));
            }
        }
    };
    const client = {
        n: io,
        f: 0,
        b: socketOf,
        d: driverOf,
        o(socket) {
            if (!socket.o) {
                const other = socketOf(socket.namespace);
                if (other && other !== socket) {
                    throw failure("bad_data", "another socket has this namespace");
                }
                sockets = without(sockets, socket).concat(socket);
                clients = without(clients, client).concat(client);
                socket.o = true;
                if (driver) {
                    join(socket);
                }
                else if (timer === null) {
                    // Once this turn is over: handlers and events of the same turn are part of it.
                    soon(start);
                }
            }
        },
        e(socket) {
            if (socket.o) {
                const log = driver ? driver.t.i : [];
                if (socket.r) {
                    control("l", socket.namespace, { code: "client_disconnect" });
                }
                forget(socket);
                socket.n("client_disconnect", "", countEvents(log, socket.namespace));
            }
        },
    };
    return client;
}
function countEvents(log, namespace) {
    return filter(log, (message) => message.m && message.t === namespace).length;
}
/** An auth may be a value, a function that gives one or a promise, or one that calls back. */
function ask$1(auth, answer) {
    const value = typeof auth === "function" ? auth(answer) : auth;
    if (value !== undefined || !auth || !auth.length) {
        answer(value);
    }
}

function createAttempt(way, rank, now, patience) {
    return {
        e: way,
        r: rank,
        S: patience,
        t: now + patience,
        k: now,
        l: 0,
        d: [],
        m: 0,
        s: [],
        y: 0,
        i: now,
        v: 0,
    };
}

const PATIENCE$1 = 10000;
/** A carrier that held this long was no failure. */
const STOOD$1 = 1000;
function retry({ i: ways }, limits, host) {
    const steps = [];
    let current;
    let carriedAt = Infinity;
    let rank = 0;
    let rounds = 0;
    let due = Infinity;
    const failed = (now, attempt, code) => {
        if (attempt === current) {
            current = undefined;
            due = now;
            if (now - carriedAt >= STOOD$1) {
                rank = rounds = 0;
            }
            else if (++rank >= ways.length) {
                rank = 0;
                steps.push(() => host.e(code));
                if (rounds < limits.t) {
                    due += limits.e(rounds++);
                }
                else {
                    due = Infinity;
                    steps.push(host.t);
                }
            }
        }
    };
    return {
        o(now) {
            due = now;
        },
        e(now) {
            due = Math.min(due, current ? Infinity : now);
        },
        u() { },
        t(now) {
            carriedAt = now;
        },
        f() { },
        s: failed,
        i(now) {
            if (due <= now) {
                const attempt = (current = createAttempt(ways[rank], rank, now, PATIENCE$1));
                carriedAt = due = Infinity;
                steps.push(() => host.n(attempt));
            }
            return steps.shift();
        },
        l: () => due,
        n() { },
    };
}

// Which transport is tried when: no clock, no timer, no I/O. Every input takes the time; after each, run what `_next` gives until
// that is nothing, then come back at `_nextTimeout`. A transport counts as working when it has carried data, never when it has opened.
/** Before the next transport is started beside one that has not carried anything: this, or three round trips. */
const HEAD_START = 250;
const MAX_RTT = 1000;
/** Time for a new carrier to show that it carries; more after each round without success. */
const PATIENCE = 5000;
const MAX_PATIENCE = 20000;
/** A carrier that held this long was no failure; one that dies sooner than `QUICK` so many times in a row is left. */
const STOOD = 1000;
const QUICK = 10000;
const QUICK_DEATHS = 3;
/** So many refusals that only ask for another attach are followed at once. */
const HASTY = 3;
/** How long what was learnt counts. */
const KEPT = 3600000;
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
/** Said of what works at first, time and again. */
const DIED = "died";
/** The code of a carrier beside which nothing is answered. */
const CROWDED = "crowded";
/** `ways` stand in order of preference. A way is known by its place among them, its rank. */
function createNegotiation(ways, limits, random, memory, host, upward) {
    /** The session is about to end: nothing better is looked for. */
    let closing = false;
    let attempts = [];
    let current = null;
    let carriedAt = 0;
    /** When a carrier was let go because there may be no connection left beside it. */
    let crowdedAt = -NEVER;
    /** Untried ways of this race, and when the next is due. */
    let left = [];
    let due = NEVER;
    /** Racing though there is a carrier, which may be dead. */
    let renewing = false;
    let rounds = 0;
    let hasty = 0;
    let lifeBy = NEVER;
    let deaths = {};
    /** What failed and how; evidence only once something else has worked. */
    let suspects = {};
    let code = "";
    let probeAt = NEVER;
    let probes = 0;
    let probing = false;
    /** One may only have been slow: it is looked at anew soon. */
    let doubtful = false;
    let steps = [];
    /** The time of what is happening. */
    let now = 0;
    // ---- the lists
    /** Those that may still win. */
    const racers = () => filter(attempts, (attempt) => attempt !== current);
    /** Is it being tried? */
    const isUnder = (rank) => find(racers(), (attempt) => attempt.r === rank);
    const remove = (attempt) => {
        attempt.f = true;
        attempts = without(attempts, attempt);
    };
    const demote = (rank, reason) => {
        memory.failed[ways[rank].name] = reason;
        upward.e();
    };
    /** Not for the same time in all pages, lest they all come back together. */
    const tighten = () => {
        memory.tight = now + TIGHT * (1 + random());
        upward.e();
    };
    // ---- racing
    const pauseOf = () => limits.e(Math.max(0, rounds - 1));
    const unlessBusy = (time) => (time < now - BUSY ? now + headStart() : time);
    const headStart = () => Math.max(HEAD_START, 3 * memory.rtt);
    const calm = () => {
        renewing = false;
        left = [];
        due = lifeBy = NEVER;
    };
    /** What worked last, then what is not known to fail here, then what worked for a while, then the rest. */
    const groupOf = (rank) => {
        const { name, e: kind } = ways[rank];
        const reason = suspects[rank] || memory.failed[name];
        return reason === DIED ? 2 : reason || (kind === STREAM && Math.max(memory.tight, crowdedAt + PATIENCE) > now) ? 3 : name === memory.best ? 0 : 1;
    };
    const race = (pause) => {
        if (memory.until <= now) {
            memory.until = now + KEPT;
            memory.best = "";
            memory.failed = {};
        }
        left = [];
        while (left.length < ways.length) {
            left.push(left.length);
        }
        left.sort((a, b) => groupOf(a) - groupOf(b) || a - b);
        due = now + pause;
    };
    const start = (rank) => {
        const attempt = createAttempt(ways[rank], rank, now, Math.min(MAX_PATIENCE, PATIENCE * (rounds + 1)));
        attempt.l = now + headStart() * Math.pow(2, racers().length);
        attempts = attempts.concat(attempt);
        if (!current || renewing) {
            due = attempt.l;
        }
        steps.push(() => host.n(attempt));
    };
    /** The next of the race is due. */
    const step = () => {
        while (left.length && isUnder(left[0])) {
            left.shift();
        }
        if (left.length) {
            start(left.shift());
        }
        else if (racers().length) {
            due = NEVER;
        }
        else if (renewing) {
            calm();
        }
        else {
            // All have failed. That says more of the network than of any of them.
            rounds++;
            suspects = {};
            steps.push(() => host.e(code));
            retry(pauseOf());
        }
    };
    const retry = (pause) => {
        if (rounds > limits.t) {
            due = NEVER;
            steps.push(() => host.t());
        }
        else {
            race(pause);
        }
    };
    /** At once, before all others. */
    const first = (rank) => {
        left.unshift(rank);
        due = now;
    };
    /** No carrier, and none under way: no more pause. */
    const hurry = () => {
        if (!current && !racers().length) {
            due = now;
        }
    };
    const died = (attempt, reason) => {
        const rank = attempt.r;
        const lived = now - carriedAt;
        const clean = reason === "end" || reason === "taken_over" || reason === CROWDED;
        current = null;
        // Even one that may end is left if it does so as soon as it has begun, again and again.
        deaths[rank] = lived >= (clean ? STOOD : QUICK) ? 0 : (deaths[rank] || 0) + 1;
        const stood = lived >= STOOD || (clean && deaths[rank] < QUICK_DEATHS);
        if (lived >= PROBE_RESET) {
            probes = 0;
        }
        if (reason === "timeout") {
            suspects[rank] = reason;
        }
        else if (deaths[rank] >= QUICK_DEATHS) {
            suspects[rank] = DIED;
        }
        rounds = stood ? 0 : rounds + 1;
        probeAt = lifeBy = NEVER;
        if (!renewing) {
            const pause = thenOf(reason) === BACKOFF || !stood ? pauseOf() : 0;
            retry(racers().length ? Math.max(pause, headStart()) : pause);
        }
        renewing = false;
    };
    // ---- upward
    const planProbe = () => {
        const pause = doubtful ? 0 : backoff(probes, PROBE_FIRST, PROBE_MAX, random);
        probeAt = current && current.r && !probing ? now + PROBE_LEAST + pause : NEVER;
    };
    /** Looks at this one, or the next that is better than what there is. */
    const probe = (rank) => {
        const way = ways[rank];
        if (closing || !current || rank >= current.r) {
            probes++;
            planProbe();
        }
        else if (isUnder(rank) || (way.e === STREAM && memory.tight > now)) {
            probe(rank + 1);
        }
        else {
            probing = true;
            steps.push(() => upward.t(way, (at, failed) => {
                now = at;
                probing = false;
                // It is evidence only beside something that works.
                if (closing || !current || rank >= current.r) {
                    planProbe();
                }
                else if (failed === null) {
                    probes++;
                    start(rank);
                }
                else {
                    if (failed === CROWDED) {
                        tighten();
                    }
                    else {
                        demote(rank, failed);
                    }
                    probe(rank + 1);
                }
            }));
        }
    };
    const failed = (attempt, reason) => {
        const rank = attempt.r;
        const then = thenOf(reason);
        const again = then === ATTACH && reason !== "timeout";
        if (attempt.f) {
            return;
        }
        remove(attempt);
        if (reason === CROWDED) {
            crowdedAt = now;
        }
        else if (attempt === current && attempt.e.e === STREAM && carriedAt >= attempt.l && now - carriedAt < BUSY) {
            // What a proxy holds back comes late, and together with the end: as when the next attach makes the server end this stream.
            suspects[rank] = "timeout";
            doubtful = true;
        }
        if (attempt === current) {
            died(attempt, reason);
        }
        else if (current && !renewing) {
            if (current.r !== rank && then !== BACKOFF && !again) {
                demote(rank, reason || "failed");
            }
            planProbe();
        }
        else if (then === BACKOFF) {
            rounds++;
            retry(pauseOf());
        }
        else if (again && hasty++ < HASTY) {
            // A refusal is data, too.
            first(rank);
        }
        else {
            suspects[rank] = reason || "failed";
            code = reason;
            // One that was started later still has its time.
            if (attempt.l >= due || !racers().length) {
                due = now;
            }
        }
    };
    return {
        o(at) {
            now = at;
            race(0);
        },
        e(at) {
            now = at;
            closing = true;
            hurry();
        },
        u(at, attempt) {
            attempt.j = now = at;
            // It makes progress: the answer takes no longer than the handshake did.
            if (attempt.l === due) {
                due = attempt.l = Math.max(due, now + now - attempt.k);
            }
        },
        t(at, attempt) {
            const rank = attempt.r;
            const { name, e: kind } = attempt.e;
            now = at;
            if (attempt.f || attempt === current) {
                return;
            }
            current = attempt;
            carriedAt = now;
            hasty = 0;
            calm();
            delete suspects[rank];
            for (const other in suspects) {
                demote(+other, suspects[other]);
            }
            suspects = {};
            delete memory.failed[name];
            if (kind === POLL && now - crowdedAt < PATIENCE) {
                // That was it: as soon as one was free, there was an answer.
                tighten();
            }
            if (memory.best && memory.best !== name && !memory.failed[memory.best]) {
                // It has won over one that works.
                doubtful = true;
            }
            if (memory.tight <= now) {
                memory.best = name;
            }
            memory.rtt = Math.min(memory.rtt || MAX_RTT, Math.max(1, now - (attempt.j || attempt.k)));
            upward.e();
            planProbe();
        },
        f(at, attempt) {
            now = at;
            if (attempt.f) {
                return;
            }
            remove(attempt);
            if (attempt === current) {
                died(attempt, "taken_over");
            }
            else if (now >= attempt.l) {
                suspects[attempt.r] = "timeout";
                doubtful = true;
            }
        },
        a(attempt, by) {
            if (attempt === current) {
                calm();
                lifeBy = by;
            }
        },
        c(at, attempt) {
            now = at;
            if (attempt === current && !racers().length && !closing) {
                start(attempt.r);
            }
        },
        s(at, attempt, reason) {
            now = at;
            failed(attempt, reason);
        },
        r(at, by) {
            now = at;
            if (current) {
                lifeBy = Math.min(lifeBy, by);
            }
            hurry();
        },
        i(at) {
            now = at;
            if (!steps.length) {
                lifeBy = unlessBusy(lifeBy);
                if (lifeBy <= now) {
                    lifeBy = NEVER;
                    if (current && !renewing && !closing) {
                        race(0);
                        left.unshift(current.r);
                        renewing = true;
                    }
                }
                if (racers().length) {
                    due = unlessBusy(due);
                }
                if (due <= now) {
                    step();
                }
                else if (probeAt <= now && current && !closing) {
                    probeAt = NEVER;
                    doubtful = false;
                    probe(0);
                }
            }
            return steps.shift();
        },
        n: upward.n,
        l: () => Math.min(due, lifeBy, closing ? NEVER : probeAt),
    };
}

// Tries one transport alone, with a session of its own that belongs to nobody: it opens, asks, and closes.
/** In all. */
const TIME$1 = 8000;
/** `done` is told null when an event and its answer have gone over it, else the code of what has failed; `opened`, when the session is open. */
function trial(io, transport, done, opened) {
    let asked = false;
    const stop = () => {
        clearTimeout(timer);
        driver.e("client_disconnect");
    };
    const finish = (failed) => {
        stop();
        done(failed, driver.t);
    };
    const driver = createDriver(io, [transport], { t: 0, e: () => 0 }, {
        a() {
            // That nobody knows the event.
            if (asked) {
                finish(null);
            }
        },
        o() {
            if (!asked) {
                asked = true;
                if (opened) {
                    opened();
                }
                driver.r(messageOf("/", encode("e", "/", 0, ["trial"]), true));
            }
        },
        t() { },
        r() { },
        s: finish,
        e: finish,
        c: finish,
    }, false);
    const timer = later(() => finish("timeout"), TIME$1);
    driver.n();
    return stop;
}

// What works from here, transport by transport: apart from `connect`, so that who does not use it does not load it.
function diagnoseBy(kit, all, url, options) {
    const io = createIo(kit, url, options);
    const wanted = kit.e(io.e.transports || all);
    const rows = [];
    return new Promise((done) => {
        const next = () => {
            const transport = wanted[rows.length];
            if (!transport) {
                done(rows);
                return;
            }
            const row = { transport: transport.name, ok: false, code: "no_transport", why: "unavailable", openMs: null, rttMs: null };
            const began = now();
            const end = () => {
                rows.push(row);
                next();
            };
            if (transport.a(io)) {
                trial(io, transport, (failed, session) => {
                    if (failed === null) {
                        row.ok = true;
                        row.code = row.why = "";
                        row.rttMs = now() - began - row.openMs;
                    }
                    else {
                        const opened = row.openMs !== null;
                        row.why = causeOf(transport.e, failed, opened, session.O > 0);
                        row.code = !opened && row.why === failed ? failed : "no_transport";
                    }
                    end();
                }, () => {
                    row.openMs = now() - began;
                });
            }
            else {
                end();
            }
        };
        next();
    });
}
function causeOf(kind, code, opened, attached) {
    if (code === CROWDED) {
        return code;
    }
    // A stream that comes with its end was held back.
    if (kind === STREAM && (opened || code === "timeout")) {
        return "buffered";
    }
    if (opened) {
        return "died";
    }
    if (code === "timeout") {
        return kind === DUPLEX && attached ? "mute" : "silent";
    }
    return code || "failed";
}

/** The transports that are wanted, by name or as they are. */
function named(known, wanted) {
    const chosen = [];
    for (const one of wanted) {
        const transport = typeof one === "string" ? find(known, (other) => other.name === one) : one;
        if (!transport) {
            throw failure("bad_data", "no such transport in this bundle: " + String(one));
        }
        chosen.push(transport);
    }
    return chosen;
}

/** The longest answer or line that is read: far more than a server may have waiting. */
const MAX_ANSWER = 67108864;

/** Posts by fetch. */
const fetchPost = (url, body, options, progress, done) => {
    // Not as a method of something: browsers refuse that.
    const run = (options.fetch || root.fetch);
    const abort = root.AbortController && new root.AbortController();
    let over = false;
    const finish = (status, text) => {
        if (!over) {
            over = true;
            done(status, text);
        }
    };
    const fail = () => finish(0, "");
    const stop = () => {
        over = true;
        if (abort) {
            abort.abort();
        }
    };
    run(url, {
        method: "POST",
        body,
        credentials: options.withCredentials ? "include" : "same-origin",
        headers: options.extraHeaders || {},
        signal: abort ? abort.signal : null,
    }).then((response) => {
        const { status, body: stream } = response;
        // Where streams are known: what never ends must not be kept for ever.
        if (stream && stream.getReader && root.TextDecoder) {
            const reader = stream.getReader();
            const decoder = new root.TextDecoder();
            let text = "";
            const follow = () => {
                reader.read().then(({ done: last, value }) => {
                    if (last) {
                        finish(status, text);
                    }
                    else if (!over) {
                        const more = decoder.decode(value, { stream: true });
                        if (progress && status === 200) {
                            progress(more);
                        }
                        else if ((text += more).length > MAX_ANSWER) {
                            fail();
                            stop();
                        }
                        follow();
                    }
                }, fail);
            };
            follow();
        }
        else {
            response.text().then((text) => finish(status, text), fail);
        }
    }, fail);
    return stop;
};

// What a carrier over HTTP has beside a WebSocket: requests, and batches that are repeated until they are confirmed
// (protocol.md, section 4.4).
const SCRIPT_RESEND = 5000;
const MAX_LINES = 1000;
/** For the head. */
const HEAD = 1024;
/** A body that has passed lets the next be so many bytes larger. */
const GROWTH = 1024;
/** A batch of so many bytes passes wherever anything does. */
const SMALL$1 = 1024;
/** So often a message is tried alone, while other requests pass. */
const TRIES = 8;
/** Attaches, and takes along what there is to send. */
function ask(session, now, carrier) {
    request(session, now, carrier, ATTACHING, true);
}
/** Makes the requests that the current carrier needs. */
function post(session, now, carrier) {
    const kind = carrier.e.e;
    let batch = session.u;
    if (carrier === session.f) {
        if (batch && batch.e && batch.e <= session.t) {
            session.u = batch = null;
        }
        if (batch && batch.t <= now) {
            batch.r = null;
            batch.t = Infinity;
        }
        const free = !batch || !batch.r || isOver(batch.r);
        // Behind messages that wait for credit the close waits too.
        const load = free && (ready(session, session.t + 1) || session.b.length || (mayClose(session) && session.r === lastOf(session)));
        const due = load || isDue(session);
        let polls = 0;
        for (const one of carrier.s) {
            polls += one.e === POLLING ? 1 : 0;
        }
        if (kind === POLL) {
            if ((!polls && carrier.i <= now) || (polls < 2 && due)) {
                request(session, now, carrier, POLLING, free);
            }
            else if (!polls) {
                session.v = carrier.i;
            }
        }
        else {
            if (kind === SCRIPT && !polls && carrier.o) {
                if (carrier.i <= now) {
                    request(session, now, carrier, POLLING, false);
                }
                else {
                    session.v = carrier.i;
                }
            }
            if (due) {
                request(session, now, carrier, POSTING, free);
            }
            if (session.u) {
                session.v = Math.min(session.v, session.u.t);
            }
        }
    }
}
function mayClose(session) {
    return session.e === CLOSING && !session.S;
}
function isOver(request) {
    return request.f || request.r.g;
}
/** Makes a request; with `loaded` it takes along what there is to send. */
function request(session, now, carrier, kind, loaded) {
    const attaching = kind === ATTACHING;
    const scripted = carrier.e.e === SCRIPT;
    const lines = [];
    const fields = kind === POSTING ? {} : { attach: carrier.c };
    const made = {
        r: carrier,
        e: kind,
        n: "",
        o: carrier.o,
        f: false,
        h: 0,
        t: attaching || scripted ? Infinity : now + patienceOf(session),
    };
    if (attaching) {
        fields["v"] = 1;
        fields["window"] = session.J;
        fields["ticket"] = carrier.o || undefined;
    }
    else if (kind === POLLING) {
        fields["poll"] = ++carrier.y;
        carrier.i = now + QUIET;
        if (session.M > now) {
            fields["wait"] = 0;
            carrier.i = now + session.W;
        }
        carrier.o = "";
    }
    // What may not pass must not keep a carrier from attaching.
    const message = session.i[0];
    if (loaded && (!attaching || !message || message.e <= session.x)) {
        load$1(session, made, lines, fields, scripted ? now + SCRIPT_RESEND : Infinity);
    }
    if (lines.length) {
        brought(session, now, carrier);
    }
    made.n = header(session, attaching ? "A" : "P", fields) + "\n" + lines.join("\n");
    carrier.s = carrier.s.concat(made);
    session.a.push(() => session.c.r(made));
    said(session);
}
function load$1(session, made, lines, fields, deadline) {
    const repeated = session.u;
    const first = session.t + 1;
    if (repeated) {
        // And so what it ended with.
        session.S = false;
    }
    else {
        session.x = Math.min(session.x + GROWTH, MAX_BODY);
    }
    const last = fill(session, lines, Math.min(session.n["max"] - HEAD, session.x));
    if (lines.length) {
        fields["first"] = first;
        markSent(session, last);
    }
    if (last === lastOf(session)) {
        // Volatile events of a repeated serial would be dropped.
        for (const data of repeated ? [] : session.b) {
            lines.push(toLine(data));
        }
        if (made.r.n && mayClose(session)) {
            lines.push(closing(session));
        }
    }
    session.b = [];
    session.u = null;
    if (lines.length) {
        const serial = repeated ? repeated.y : ++session.y;
        fields["serial"] = serial;
        session.u = { y: serial, e: last < first ? 0 : last, r: made, t: deadline };
    }
}
/** A body with this batch has not passed, perhaps for its size: the next one is smaller. True if it cannot be. */
function narrow(session, batch, welcomed) {
    const count = batch.e - session.t;
    let size = 0;
    for (let i = 0; i < count; i++) {
        size += session.i[i].e;
    }
    if (size > SMALL$1) {
        session.x = size >> 1;
        if (count < 2 && welcomed) {
            session.q = session.L === batch.e ? session.q + 1 : 1;
            session.L = batch.e;
            return session.q >= TRIES;
        }
    }
    return false;
}
/** Adds what may be sent, in lines of about `limit` characters in all; at least one. Says the number of the last. */
function fill(session, lines, limit) {
    let last = session.t;
    for (let message; lines.length < MAX_LINES && (message = ready(session, last + 1)); last++) {
        const line = toLine(message.n);
        // Of what is not ASCII each character is counted with its bytes.
        limit -= Math.max(line.length, message.e) + 1;
        if (limit < 0 && lines.length) {
            break;
        }
        lines.push(line);
    }
    return last;
}
/** A last body for a page that goes away, or `""` if there is no session to close. It changes nothing here. */
function beacon(session, limit) {
    const lines = [];
    if (!session.p || session.e === ENDED) {
        return "";
    }
    const last = fill(session, lines, limit - HEAD);
    lines.push("z" + JSON.stringify({ code: "client_disconnect", "final": Math.max(last, session.r) }));
    return header(session, "P", { serial: session.y + 1, first: session.t + 1 }) + "\n" + lines.join("\n");
}
/** The last word, where no WebSocket can carry it. */
function lastWord(session, line) {
    return header(session, "P", { serial: ++session.y }) + "\n" + line;
}
/** Its welcome may name a ticket: of its stream, or of the next script. */
function welcomed(session, now, carrier, body, full) {
    const ticket = body["ticket"];
    const first = !carrier.o;
    if (typeof ticket === "string") {
        carrier.o = ticket;
        if (full && first && carrier.e.e === STREAM) {
            carrier.t = now + carrier.S;
            session.a.push(() => session.c.t(carrier, ticket));
        }
    }
}
/** A line of the answer to a request. */
function answer(session, now, request, line) {
    const carrier = request.r;
    const batch = session.u;
    const kind = carrier.e.e;
    if (!isOver(request)) {
        take(session, now, carrier, request, fromLine(line), kind !== STREAM || (!carrier.o && request.e === ATTACHING));
        if (kind !== SCRIPT && request.h && batch && batch.r === request) {
            // The answer has begun, so the whole request has arrived.
            session.u = null;
        }
    }
}
/** The answer to a request is over: with `null`, with the code of a refusal, or not at all (`""`). */
function answered(session, now, request, code) {
    const carrier = request.r;
    const batch = session.u;
    const kind = carrier.e.e;
    if (isOver(request)) {
        return;
    }
    request.f = true;
    carrier.s = without(carrier.s, request);
    if (code === null) {
        carrier.v = 0;
        if (batch && batch.r === request && (kind !== SCRIPT || batch.e <= session.t)) {
            session.u = null;
        }
        // A stream without ticket is the answer to its attach. An answer without welcome is no answer, only scripts have one elsewhere.
        const over = request.e === ATTACHING && kind === STREAM && !carrier.o;
        if (over || (!request.h && (kind !== SCRIPT || request.e !== POSTING))) {
            lose(session, carrier, carrier.n && over ? "end" : "");
        }
    }
    else if (batch &&
        batch.r === request &&
        (!code || code === "too_large" || code === "too_many_packets") &&
        narrow(session, batch, carrier.n)) {
        farewell(session, "undeliverable");
        end(session, "undeliverable");
    }
    else if (!code && request.e === POSTING && !carrier.v++) {
        session.j = true;
    }
    else if (code === "stale_poll" && kind === POLL && !carrier.v++) {
        // The next poll has a higher number, and is made at once.
        carrier.t = now + patienceOf(session);
        brought(session, now, carrier);
    }
    else {
        refused(session, carrier, code);
    }
}

// What transports over HTTP have in common.
/** How requests are made here; null if they cannot be. */
function posterOf(io) {
    return io.n.o ? io.n.o(io.e) : io.e.fetch || root.fetch ? fetchPost : null;
}
/** Can an answer be read as it grows? */
function streams(io) {
    return io.n.a ? io.n.a(io.e) : !!root.ReadableStream && !!root.TextDecoder;
}
/** A transport of one request down, or a stream by ticket, and posts up. */
function httpTransport(name, kind, enabled, progressive, open) {
    const transport = {
        name,
        e: kind,
        c: ask,
        s: post,
        n: welcomed,
        a: (io) => !!posterOf(io) && !!enabled(io),
        r(hub, attempt, request) {
            const first = request.e === ATTACHING;
            track(hub, attempt, request, (line, done) => {
                const io = hub.n;
                const read = lineReader(line);
                return posterOf(io)(io.t + "/" + (first || kind === POLL ? name : "send"), request.n, io.e, first && progressive ? read : null, (status, text) => {
                    if (status === 200) {
                        read(text);
                        done(null);
                    }
                    else {
                        done(status ? refusal(text) : "");
                    }
                });
            });
        },
    };
    if (open) {
        transport.t = (hub, attempt, ticket) => {
            const session = hub.t;
            attempt.d.push(open(hub.n, ticket, (line) => {
                measure(hub, attempt, line);
                heard(session, now(), attempt, fromLine(line));
                if (!attempt.a && !attempt.b) {
                    attempt.a = true;
                    hub.o(attempt);
                }
                hub.e();
            }, () => {
                refused(session, attempt, "");
                hub.e();
            }));
        };
    }
    return transport;
}
/** Makes a request, and tells the session what becomes of it. */
function track(hub, attempt, request, make) {
    const { e: transport } = attempt;
    const session = hub.t;
    const crowd = hub.s;
    if (request.e === ATTACHING) {
        attempt.d.push(() => {
            for (const made of attempt.s) {
                // One of them may still be about to be made.
                if (made.a) {
                    made.a();
                }
            }
        });
    }
    if (crowd) {
        crowd.t(attempt, request);
    }
    request.a = make((line) => {
        if (crowd && request.e !== ATTACHING) {
            crowd.e(attempt);
        }
        // What keeps a stream alive is its own lines.
        if (transport.e !== STREAM || (request.e === ATTACHING && !transport.t)) {
            measure(hub, attempt, line);
        }
        answer(session, now(), request, line);
        hub.e();
    }, (code) => {
        if (crowd) {
            crowd.e(attempt);
        }
        answered(session, now(), request, code);
        hub.e();
    });
}
/** The answer to the server's `z`. */
function sayFarewell(hub, line) {
    const { n: io } = hub;
    const poster = posterOf(io);
    if (poster) {
        poster(io.t + "/send", lastWord(hub.t, line), io.e, null, () => { });
    }
}
/** Something has come over it. A stream of which much has come is replaced, before the server ends it. */
function measure(hub, attempt, line) {
    hub.a(attempt);
    attempt.m += line.length;
    // A character is three bytes at most.
    if (attempt.m * 4 > hub.t.n["stream"]) {
        attempt.m = 0;
        hub.c(attempt);
    }
}
/** Cuts what arrives into lines. A line without its end was cut off, padding says nothing: neither is told (protocol.md, 2.3). */
function lineReader(line) {
    let rest = "";
    return (text) => {
        // To cut what has been looked at again with each piece would take its time with long lines.
        const lines = text.indexOf("\n") < 0 ? [] : (rest + text).split("\n");
        rest = lines.length ? lines.pop() : rest + text;
        if (rest.length > MAX_ANSWER) {
            rest = "";
            // No packet, and so the end of its carrier.
            lines.push("!");
        }
        for (const one of lines) {
            if (one && one.charAt(0) !== " ") {
                line(one);
            }
        }
    };
}
/** The code of a refusal; `""` if it is anything else, as what a proxy says, or only says that this path is none. */
function refusal(text) {
    try {
        const { error, then } = JSON.parse(text);
        return then ? learn(error, then) : "";
    }
    catch (_) {
        return "";
    }
}

const event_source = /* @__PURE__ */ httpTransport("event_source", STREAM, classOf$1, false, (io, ticket, line, closed) => {
    const Class = classOf$1(io);
    let source;
    const close = () => {
        if (source) {
            source.close();
        }
    };
    try {
        source = new Class(io.t + "/event_source?ticket=" + ticket, { withCredentials: !!io.e.withCredentials });
        source.onmessage = (event) => line(event.data);
        source.onerror = () => {
            // It would come back by itself, with a ticket that is spent.
            close();
            closed();
        };
    }
    catch (_) {
        // PhantomJS 1.9 and its like, for another origin.
        soon(closed);
    }
    return close;
});
function classOf$1(io) {
    return (io.e.EventSource || root.EventSource);
}

const long_polling = /* @__PURE__ */ httpTransport("long_polling", POLL, () => true);

const streaming = /* @__PURE__ */ httpTransport("streaming", STREAM, streams, true);

// What goes up on a WebSocket.
function hello(session, _now, carrier) {
    const data = header(session, "A", {
        v: 1,
        attach: carrier.c,
        window: session.J,
        first: session.s ? undefined : session.t + 1,
    });
    session.a.push(() => session.c.i(carrier, data));
}
function write(session, _now, carrier) {
    const out = (data) => {
        session.a.push(() => session.c.i(carrier, data));
    };
    const current = carrier === session.f;
    // Once another carrier has opened, only its own welcome tells what this one opened: after a restart of the server it is another session.
    if (carrier.u >= 0 && (current || !session.s)) {
        for (let message; (message = ready(session, carrier.u + 1));) {
            out(message.n);
            markSent(session, ++carrier.u);
        }
    }
    if (current) {
        const done = carrier.u === lastOf(session);
        if (done) {
            const fleeting = session.b;
            // Once: when a welcome comes, this is run before all carriers have their turn.
            session.b = [];
            for (const data of fleeting) {
                out(data);
            }
        }
        if (isDue(session)) {
            out("n" + session.d + "," + session.g);
            said(session);
        }
        if (done && session.e === CLOSING && !session.S) {
            out(closing(session));
        }
    }
}

const websocket = {
    name: "websocket",
    e: DUPLEX,
    c: hello,
    s: write,
    // What speaks only the draft of 2010 (Safari 5, PhantomJS 1) does not know CLOSING. PhantomJS 2 has no binaryType before there is an instance.
    a(io) {
        const Class = classOf(io);
        return !!Class && (!!io.e.WebSocket || "CLOSING" in Class);
    },
    o(io, opened, packet, closed) {
        const Class = classOf(io);
        const headers = io.e.extraHeaders;
        const url = io.t.replace(/^http/, "ws") + "/websocket";
        // Only implementations for node take headers.
        const socket = headers ? new Class(url, [], { headers }) : new Class(url);
        const end = () => {
            socket.onopen = socket.onmessage = socket.onclose = null;
        };
        socket.binaryType = "arraybuffer";
        socket.onopen = opened;
        socket.onmessage = (event) => packet(typeof event.data === "string" ? event.data : new Uint8Array(event.data));
        // Some engines tell of a failure by `close` alone, some by `error` first: `close` always comes. The `ws` package throws errors
        // that nobody listens to.
        socket.onerror = () => { };
        socket.onclose = () => {
            end();
            closed();
        };
        return {
            n(data) {
                if (socket.readyState === 1) {
                    socket.send(data);
                }
            },
            e() {
                end();
                socket.close();
            },
            t: () => socket.bufferedAmount,
        };
    },
};
function classOf(io) {
    return (io.e.WebSocket || root.WebSocket);
}

/** An answer takes less than this and four round trips. */
const TIME = 1500;
/** More takes its time to be sent. */
const SMALL = 4096;
/** Later than that, it was this machine that slept. */
const LATE = 1000;
/** Pages and workers have a location, and a browser's few connections: elsewhere there is nothing to watch. */
function watchCrowd(hub, memory, isTight) {
    const session = hub.t;
    /** Lets go of the connections of this carrier: polls that do not hang do with what is left to them. */
    const yieldTo = (attempt) => {
        if (!hub.l || find(hub.i, (way) => way.e === POLL)) {
            refused(session, attempt, CROWDED);
            hub.e();
        }
    };
    const wait = (attempt, time) => {
        const due = now() + time;
        attempt.w = later(() => (now() > due + LATE ? wait(attempt, time) : yieldTo(attempt)), time);
    };
    const answered = (attempt) => {
        clearTimeout(attempt.w);
        attempt.w = 0;
    };
    const owe = () => {
        session.j = true;
        hub.e();
    };
    return root.location
        ? {
            t(attempt, request) {
                if (request.e !== ATTACHING && memory.tight <= now()) {
                    if (attempt.e.e !== POLL || request.r.s.length > 1) {
                        if (!attempt.w && request.n.length < SMALL) {
                            attempt.d.push(() => answered(attempt));
                            wait(attempt, TIME + 4 * memory.rtt);
                        }
                    }
                    else if (request.e === POLLING && request.r.y === 1) {
                        // Is there a connection left for another?
                        soon(owe);
                    }
                }
            },
            e: answered,
            o(attempt) {
                // A poll asks for the memory's sake: another page may have found out.
                const tight = attempt.e.e !== DUPLEX && isTight();
                if (attempt.e.e === STREAM) {
                    if (tight) {
                        yieldTo(attempt);
                    }
                    else {
                        // Is there a connection left for this?
                        owe();
                    }
                }
            },
        }
        : undefined;
}

/** Tells when the page is left, for good or `stored` by the browser, and when to look after the connection at once: `surely` if it has most likely gone. */
function watchPage(leave, wake) {
    const { document } = root;
    const hear = ({ type, persisted }) => {
        if (type === "pagehide") {
            leave(persisted);
        }
        else if (type === "visibilitychange" ? !document.hidden : type !== "pageshow" || persisted) {
            wake(type !== "visibilitychange");
        }
    };
    const each = (method) => {
        if (document && root.addEventListener) {
            for (const type of ["pagehide", "pageshow", "online"]) {
                root[method](type, hear);
            }
            // Chromium freezes pages that are hidden.
            for (const type of ["visibilitychange", "resume"]) {
                document[method](type, hear);
            }
        }
    };
    each("addEventListener");
    return () => each("removeEventListener");
}
const kept = {};
/** A page's storage, which may be full or forbidden; elsewhere, and then, what lasts as long as the process. */
const storage = {
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

/** `ahead`: by how much the time of day is ahead of the clock. */
function load(store, key, now, ahead) {
    try {
        const kept = JSON.parse(store.get(key));
        // However wrong the time of day was or is.
        kept.until = Math.min(now + KEPT, kept.until - ahead);
        kept.tight = Math.min(now + KEPT, kept.tight - ahead);
        if (kept.until > now) {
            return kept;
        }
    }
    catch (_) {
        // What cannot be read is not known.
    }
    return { until: 0, best: "", rtt: 0, tight: 0, failed: {} };
}
function save(store, key, memory, ahead) {
    const { best, rtt, failed } = memory;
    try {
        store.set(key, JSON.stringify({ until: memory.until + ahead, best, rtt, tight: memory.tight + ahead, failed }));
    }
    catch (_) {
        // The user's store is the user's.
    }
}

// The plan of all but the smallest client: negotiation, what it remembers, and what it tries.
/** How late a heartbeat may be. */
const LATE_HEARTBEAT = 1000;
function negotiate(hub, limits, host) {
    const { n: io, i: ways, t: session } = hub;
    const store = io.e.memory || storage;
    const ahead = () => wall() - now();
    // What is learnt counts for this origin, and among these transports.
    let place = "everwire " + io.t.replace(/^(\w+:\/\/[^/]+).*/, "$1");
    let stop = () => { };
    /** When something came over the carrier, by the time of day. */
    let heardAt = 0;
    if (io.e.transports) {
        for (const way of ways) {
            place += " " + way.name;
        }
    }
    const memory = load(store, place, now(), ahead());
    /** Another page may have found out. */
    const isTight = () => {
        session.M = memory.tight = Math.max(memory.tight, load(store, place, now(), ahead()).tight);
        return memory.tight > now();
    };
    session.M = memory.tight;
    hub.s = watchCrowd(hub, memory, isTight);
    const plan = createNegotiation(ways, limits, Math.random, memory, host, {
        t(transport, done) {
            if (transport.e === STREAM && isTight()) {
                done(now(), CROWDED);
            }
            else {
                stop = trial(io, transport, (failed) => {
                    done(now(), failed);
                    hub.e();
                });
            }
        },
        e() {
            session.M = memory.tight;
            if (ways.length > 1) {
                save(store, place, memory, ahead());
            }
        },
        n: () => stop(),
    });
    const proven = hub.o;
    hub.a = (attempt) => {
        heardAt = wall();
        // The other half of the time-out is for finding another way before this one is given up.
        plan.a(attempt, now() + session.n["ping"] + session.n["timeout"] / 2);
    };
    hub.c = (attempt) => plan.c(now(), attempt);
    hub.r = (surely) => {
        const left = heardAt + session.n["ping"] + LATE_HEARTBEAT - wall();
        plan.r(now(), surely ? now() : now() + Math.max(LATE_HEARTBEAT, left));
        hub.e();
    };
    hub.o = (attempt) => {
        proven(attempt);
        if (hub.s) {
            hub.s.o(attempt);
        }
    };
    return plan;
}

/** How often to look whether the machine has slept. */
const PULSE = 5000;
/** Browsers refuse more than 64 KiB. */
const MAX_BEACON = 32768;
function watch(hub) {
    const session = hub.t;
    let pulse;
    let pulseAt = 0;
    /** Machines sleep without a word, and their clocks may stop. */
    const beat = () => {
        if (pulseAt && wall() - pulseAt > PULSE + session.n["ping"]) {
            hub.r(false);
        }
        pulseAt = wall();
        pulse = later(beat, PULSE);
    };
    const stop = watchPage((stored) => {
        const { navigator } = root;
        if (stored) {
            // It may come back and resume: only what it holds is let go.
            hub.u();
            return;
        }
        // The page is going away: the last words go by beacon.
        const body = beacon(session, MAX_BEACON);
        if (body && navigator && navigator.sendBeacon) {
            navigator.sendBeacon(hub.n.t + "/send", body);
        }
    }, hub.r);
    beat();
    return () => {
        clearTimeout(pulse);
        stop();
    };
}

// What the default entry is made of.
/** In order of preference. */
const modernTransports = [websocket, streaming, event_source, long_polling];
const modern = {
    e: (wanted = modernTransports) => named(modernTransports, wanted),
    t: negotiate,
    r: binaryForm,
    n: watch,
    l: sayFarewell,
};

/** A frame that nobody sees. `loaded` is told when its document is at its end, however that came. */
function hiddenFrame(url, loaded, name) {
    const document = root.document;
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
        e: element,
        t() {
            if (place.parentNode) {
                place.parentNode.removeChild(place);
            }
        },
    };
}

/** How long what a frame has posted may be under way when its document is at its end. */
const LAST_MESSAGES = 100;
const forever_iframe = /* @__PURE__ */ httpTransport("forever_iframe", STREAM, () => root.document && root.postMessage && root.addEventListener, false, (io, ticket, line, closed) => {
    const page = root.location;
    const window = root;
    const read = lineReader(line);
    const server = /^https?:\/\/[^/]+/.exec(io.t)[0].toLowerCase();
    const listen = (event) => {
        const data = event.data;
        if (event.source !== frame.e.contentWindow || event.origin !== server || !data || data.everwire !== ticket) {
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
        window.removeEventListener("message", listen);
        frame.t();
        closed = () => { };
    };
    const end = () => {
        const tell = closed;
        close();
        tell();
    };
    const origin = encodeURIComponent(page.protocol + "//" + page.host);
    window.addEventListener("message", listen);
    const frame = hiddenFrame(io.t + "/forever_iframe?ticket=" + ticket + "&origin=" + origin, () => {
        setTimeout(end, LAST_MESSAGES);
    });
    return close;
});

let count = 0;
/** For pages that can do nothing else: scripts down, forms up. Only used when it is named. */
const jsonp = {
    name: "jsonp",
    e: SCRIPT,
    c: ask,
    s: post,
    n: welcomed,
    a: () => !!root.document,
    r(hub, attempt, request) {
        track(hub, attempt, request, (line, done) => {
            const { e: kind, n: body } = request;
            if (kind === POSTING) {
                return postForm(hub.n, body, () => done(null));
            }
            const stopForm = kind === ATTACHING ? postForm(hub.n, body, () => { }) : () => { };
            const { d: received, g: consumed } = hub.t;
            const counts = "&poll=" + request.r.y + "&received=" + received + "&consumed=" + consumed;
            const stopScript = loadScript(hub.n, "ticket=" + request.o + (kind === POLLING ? counts : ""), line, done);
            return () => {
                stopForm();
                stopScript();
            };
        });
    },
};
/** The answer to a form is nothing that a page could read: only that it has come. */
function postForm(io, body, done) {
    const document = root.document;
    const name = "everwire_form_" + ++count;
    let sent = false;
    const frame = hiddenFrame("", () => {
        // A frame loads once when it is made, too.
        if (sent) {
            stop();
            done();
        }
    }, name);
    const form = document.createElement("form");
    const field = document.createElement("textarea");
    form.method = "POST";
    form.action = io.t + "/jsonp";
    form.target = name;
    form.acceptCharset = "utf-8";
    field.name = "d";
    field.value = body;
    form.appendChild(field);
    frame.e.parentNode.appendChild(form);
    const stop = () => {
        // Taking a frame out while it tells that it has loaded upsets some engines.
        setTimeout(frame.t, 0);
        done = () => { };
    };
    setTimeout(() => {
        sent = true;
        form.submit();
    }, 0);
    return stop;
}
function loadScript(io, query, line, done) {
    const global = root;
    const document = root.document;
    const name = "everwire_" + ++count;
    const script = document.createElement("script");
    const read = lineReader(line);
    let answered = false;
    const stop = () => {
        // It may still come, when its element is long gone.
        global[name] = () => { };
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
    global[name] = (text) => {
        answered = true;
        read(text);
    };
    script.onload = script.onerror = end;
    script.onreadystatechange = () => {
        if (/loaded|complete/.test(script.readyState)) {
            end();
        }
    };
    if (io.e.nonce) {
        script.setAttribute("nonce", io.e.nonce);
    }
    script.src = io.t + "/jsonp?c=" + name + "&" + query;
    document.getElementsByTagName("head")[0].appendChild(script);
    return stop;
}

// What engines of the past have, and lack.
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** Internet Explorer before 10 has neither base64 nor random bits; before 2012 hardly anybody had those. */
function mend() {
    const old = root;
    if (typeof JSON === "undefined") {
        throw failure("bad_data", "JSON is missing here: load json2.js before Everwire");
    }
    platform.r = locate;
    if (!old.btoa) {
        platform.t = encodeBase64;
        platform.n = decodeBase64;
    }
    if (!old.crypto || !old.crypto.getRandomValues) {
        // What is drawn here is good for seconds only.
        platform.a = () => {
            const bytes = [];
            while (bytes.length < 16) {
                bytes.push(Math.floor(Math.random() * 256));
            }
            return bytes;
        };
    }
    if (!old.performance || !old.performance.now) {
        platform.e = wall;
    }
    if (!old.Promise) {
        platform.c = (run) => void setTimeout(run, 0);
        platform.o = (run, done, fail, then) => {
            let open = true;
            const once = (end) => (value) => {
                if (open) {
                    open = false;
                    try {
                        end(value);
                    }
                    catch (error) {
                        fail(error);
                    }
                    if (then) {
                        then();
                    }
                }
            };
            try {
                run(once(done));
            }
            catch (error) {
                once(fail)(error);
            }
        };
    }
}
/** The parts of a URL, what it lacks from the page. */
function locate(url) {
    const parts = /^(\w+:)?(?:\/\/([^/?#]+))?([^?#]*)/.exec(url);
    const page = root.location;
    const protocol = parts[1] || (page && page.protocol) || "http:";
    const host = parts[2] || (page && page.host);
    if (!host) {
        throw failure("bad_data", "the URL needs a host here: " + url);
    }
    return { protocol, host, pathname: parts[3].replace(/^([^/])/, "/$1") };
}
/** By fetch, XMLHttpRequest, or what Internet Explorer 6 has for it. Null if there is none of them. */
function legacyPost(options) {
    const old = root;
    if (usesFetch(options)) {
        return fetchPost;
    }
    return old.XMLHttpRequest || old.ActiveXObject ? xhrPost : null;
}
/** XMLHttpRequest shows a growing answer since it knows other origins. */
function legacyStreams(options) {
    return usesFetch(options)
        ? !!root.ReadableStream && !!root.TextDecoder
        : !!root.XMLHttpRequest && "withCredentials" in new root.XMLHttpRequest();
}
/** A fetch that cannot be aborted (Chrome before 66) is worse than XMLHttpRequest; its streams are held back, too. */
function usesFetch(options) {
    return !!options.fetch || (!!root.fetch && (!!root.AbortController || !root.XMLHttpRequest));
}
const xhrPost = (url, body, options, progress, done) => {
    const old = root;
    try {
        const Foreign = isOwn(url) ? undefined : old.XDomainRequest;
        if (Foreign) {
            return xdrPost(new Foreign(), url, body, done);
        }
        const ActiveX = old.ActiveXObject;
        return send(root.XMLHttpRequest ? new root.XMLHttpRequest() : new ActiveX("Microsoft.XMLHTTP"), url, body, options, progress, done);
    }
    catch (_) {
        // Another origin or scheme, where that is not allowed; or a class that is only there to be seen.
        setTimeout(() => done(0, ""), 0);
        return () => { };
    }
};
function send(xhr, url, body, options, progress, done) {
    let seen = 0;
    let over = false;
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
        if (text.length > MAX_ANSWER) {
            over = true;
            xhr.abort();
            done(0, "");
            return;
        }
        if (progress && status === 200 && text.length > seen) {
            const from = seen;
            seen = text.length;
            progress(text.slice(from));
        }
        if (xhr.readyState === 4) {
            over = true;
            done(status, text.slice(seen));
        }
    };
    xhr.open("POST", url, true);
    // What ActiveX makes takes no properties of ours.
    if (options.withCredentials) {
        xhr.withCredentials = true;
    }
    for (const name in options.extraHeaders) {
        xhr.setRequestHeader(name, options.extraHeaders[name]);
    }
    xhr.setRequestHeader("Content-Type", "text/plain;charset=UTF-8");
    xhr.send(body);
    return () => {
        over = true;
        xhr.abort();
    };
}
/** Internet Explorer 8 and 9 have a class of its own for other origins: no cookies, no headers, no status, and only to the page's own scheme. */
function xdrPost(xdr, url, body, done) {
    let over = false;
    const finish = (status, text) => {
        if (!over) {
            over = true;
            done(status, text);
        }
    };
    xdr.onload = () => {
        const text = xdr.responseText;
        // Without a status, a refusal comes as a packet.
        const refused = text.charAt(0) === "r";
        finish(refused ? 400 : 200, refused ? text.slice(1) : text);
    };
    xdr.onerror = xdr.ontimeout = () => finish(0, "");
    // Internet Explorer 9 gives up requests at will where this is not set.
    xdr.onprogress = () => { };
    xdr.open("POST", url + "?status=200");
    xdr.send(body);
    return () => {
        over = true;
        xdr.abort();
    };
}
function isOwn(url) {
    const page = root.location;
    return !page || url.indexOf(page.protocol + "//" + page.host + "/") === 0;
}
function encodeBase64(chars) {
    let out = "";
    for (let i = 0; i < chars.length; i += 3) {
        const left = chars.length - i;
        const bits = (chars.charCodeAt(i) << 16) | ((chars.charCodeAt(i + 1) || 0) << 8) | (chars.charCodeAt(i + 2) || 0);
        out +=
            ALPHABET.charAt(bits >> 18) +
                ALPHABET.charAt((bits >> 12) & 63) +
                (left > 1 ? ALPHABET.charAt((bits >> 6) & 63) : "=") +
                (left > 2 ? ALPHABET.charAt(bits & 63) : "=");
    }
    return out;
}
/** Of what is not base64 it makes something that is written otherwise, which shows. */
function decodeBase64(text) {
    let chars = "";
    let bits = 0;
    let held = 0;
    for (let i = 0; i < text.length; i++) {
        const digit = ALPHABET.indexOf(text.charAt(i));
        if (digit >= 0) {
            bits = ((bits << 6) | digit) & 0xfff;
            held += 6;
            if (held >= 8) {
                held -= 8;
                chars += String.fromCharCode((bits >> held) & 255);
            }
        }
    }
    return chars;
}

// What the entry for old browsers is made of: everything.
const usual = /* @__PURE__ */ modernTransports.concat(forever_iframe);
const legacyTransports = /* @__PURE__ */ usual.concat(jsonp);
const legacy = {
    e: (wanted = usual) => named(legacyTransports, wanted),
    t: negotiate,
    r: binaryForm,
    n: watch,
    l: sayFarewell,
    o: legacyPost,
    a: legacyStreams,
};

exports.binaryForm = binaryForm;
exports.diagnoseBy = diagnoseBy;
exports.event_source = event_source;
exports.forever_iframe = forever_iframe;
exports.jsonp = jsonp;
exports.legacy = legacy;
exports.legacyTransports = legacyTransports;
exports.long_polling = long_polling;
exports.mend = mend;
exports.modern = modern;
exports.modernTransports = modernTransports;
exports.open = open;
exports.retry = retry;
exports.streaming = streaming;
exports.websocket = websocket;
//# sourceMappingURL=shared.cjs.map
