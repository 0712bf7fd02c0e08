/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { fillRandom } from '#random';

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

/** What every environment of today has, in one way or another. `everwire/legacy` puts its own in the place of what is missing. */
const platform = {
    e: (chars) => btoa(chars),
    t: (text) => atob(text),
    n: (bytes) => fillRandom(bytes),
};

// Base64 by the platform's own, which every environment with binary WebSockets has.
function toBase64(bytes) {
    return platform.e(toChars(bytes));
}
/** Null unless the text is base64 with its padding and nothing else: then it reads the same when it is written again. */
function fromBase64(text) {
    try {
        const chars = platform.t(text);
        return platform.e(chars) === text ? fromChars(chars) : null;
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
const MAX_DEPTH = 64;
const MAX_INTEGER = 9007199254740991;
/** Type, namespace, id, body, first character of the body. */
const PARTS = /^(.)(?:(\/[^,\x00-\x1f\x7f]+),)?(0|[1-9]\d{0,15})?(?![\d/])(?:[ \t]*((\S)[^\r\n]*))?$/;
/** Which of these may, or must, go together: `/` stands for a namespace, a space for an id. Counts look like an id with more behind it. */
const SHAPES = /^([APWrz]\{|h|n ,(0|[1-9]\d{0,15})|v\/?\[|e\/? ?\[|a\/? \[|x\/? ?\{|c\/?\S?|[odl]\/?\{)$/;
/** Is it one of the messages that are counted? */
function isCounted(type) {
    return "eaxcodl".indexOf(type) >= 0;
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
/** `revive` puts something else in the place of some values. */
function parseText(text, revive) {
    const parts = PARTS.exec(text);
    if (!parts) {
        return "bad_packet";
    }
    const type = parts[1];
    const namespace = parts[2] || "/";
    const id = parts[3] ? +parts[3] : null;
    const body = parts[4] || "";
    const counts = type === "n";
    const shape = type + (parts[2] ? "/" : "") + (parts[3] ? " " : "") + (counts ? body : parts[5] || "");
    if (!SHAPES.test(shape) || +id > MAX_INTEGER || utf8Length(namespace) > 128) {
        return "bad_packet";
    }
    if (counts) {
        const pair = [id, +body.slice(1)];
        return isInteger(pair[1]) ? { e: type, r: namespace, t: null, n: pair } : "bad_packet";
    }
    try {
        return isSound(body) ? { e: type, r: namespace, t: id, n: body ? JSON.parse(body, revive) : undefined } : "bad_json";
    }
    catch (_) {
        return "bad_json";
    }
}
/** Throws `bad_data` on what JSON, or this protocol, cannot carry. */
function encode(type, namespace, id, body) {
    const attachments = [];
    let text = "";
    let why = "not JSON";
    try {
        // Holder and key say what the value was before a toJSON, as that of node's Buffer.
        text = JSON.stringify(body, function (key, value) {
            return isBinary(this[key])
                ? "\0" + (attachments.push(this[key]) - 1)
                : typeof value === "string" && value.charAt(0) === "\0"
                    ? "\0" + value
                    : value;
        }) || "";
        if (!attachments.length && /\\u0000/.test(text)) {
            text = JSON.stringify(body);
        }
        why =
            attachments.length < (binary ? 1001 : 1) && isSound(text) ? "" : "too deep, a lone surrogate, or binary that cannot be sent";
    }
    catch (error) {
        why = error;
    }
    if (why) {
        throw failure("bad_data", String(why));
    }
    // A body that is a number would read as an id.
    const head = type + (namespace === "/" ? "" : namespace + ",") + (id === null ? "" : id) + (/^\d/.test(text) ? " " : "") + text;
    return binary && attachments.length ? binary.u(head, attachments) : head;
}
/** Is the JSON nested as deep as may be at most, and without a lone surrogate? Engines of today write those as escapes. */
function isSound(text) {
    return (!/\\ud[89a-f]/i.test(text.replace(/\\\\|\\ud[89ab]..\\ud[c-f]../gi, "")) &&
        // Few texts hold as many brackets as may be nested.
        !(/^([^[{]*[[{]){65}/.test(text) && isDeeper(JSON.parse(text), MAX_DEPTH)));
}
function isDeeper(value, depth) {
    if (typeof value === "object" && value) {
        for (const key in value) {
            if (!depth || isDeeper(value[key], depth - 1)) {
                return true;
            }
        }
        return !depth;
    }
    return false;
}
/** By what it looks like, not by instanceof: a buffer of another frame or realm is a buffer too. */
function isBinary(value) {
    const given = value;
    return !!given && typeof given.byteLength === "number" && /Buffer\]$/.test(tag(given.buffer || given));
}
function isArray(value) {
    return tag(value) === "[object Array]";
}
function isObject(value) {
    return typeof value === "object" && value !== null && !isArray(value);
}
function isInteger(value) {
    return typeof value === "number" && value >= 0 && value <= MAX_INTEGER && Math.floor(value) === value;
}
function tag(value) {
    return Object.prototype.toString.call(value);
}

// The binary form of a packet (protocol.md, section 2.2): a head in text form, and the bytes that it refers to.
const binaryForm = { u: write$1, e: read };
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
    const out = newBytes(length);
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
            return parts.length ? "attachments" : "bad_packet";
        }
        parts.push("subarray" in bytes ? bytes.subarray(at, at + length) : bytes.slice(at, at + length));
        at += length;
    }
    const head = parts.shift();
    let text = "";
    try {
        text = head ? fromUtf8(head) : "";
    }
    catch (_) {
        return "utf8";
    }
    const packet = parseText(text, (_key, value) => typeof value !== "string" || value.charAt(0) !== "\0" ? value : value.charAt(1) === "\0" ? value.slice(1) : parts[+value.slice(1)]);
    if (typeof packet === "string") {
        return packet;
    }
    if (!/^[vea]/.test(text)) {
        return "bad_packet";
    }
    return parts.length && parts.length < 1001 && refersTo(text, parts.length) ? packet : "attachments";
}
/**
 * Whether the text refers to each attachment once and in order. It has to be the text: an object's keys do not
 * keep their order once they are parsed.
 */
function refersTo(text, count) {
    let next = 0;
    text.replace(/"((?:[^"\\]+|\\.)*)"(\s*:)?/g, (all, inner, key) => {
        if (!key && /^\\u0000(?!\\u0000)/.test(inner)) {
            next = inner.slice(6) === String(next) ? next + 1 : NaN;
        }
        return all;
    });
    return next === count;
}

/** A pause before try number `tries` (from 0): anything up to a bound that doubles. Full jitter spreads a crowd best. */
function backoff(tries, delay, maxDelay, random) {
    return Math.floor(random() * Math.min(maxDelay, delay * Math.pow(2, tries)));
}

// What a client does about a code (protocol.md, section 10.2).
/** Attach at once. */
const ATTACH = 1;
const BACKOFF = 3;
/** The same for those that end the session, as all that follow do. */
const BACKOFF_ENDED = 4;
/** A new session at once. */
const OPEN = 5;
/** Report and stop: the page cannot help a refused origin or callback either. */
const NEVER$1 = 6;
const CODES = [
    "",
    "attachments bad_json bad_packet empty gap heartbeat stale stale_poll stale_token taken_over timeout too_large too_many_packets utf8",
    "bad_handshake bad_request content_type encoding method not_found transport upgrade_required",
    "full rate",
    "bad_ack credit shutdown slow_consumer",
    "grace_over undeliverable unknown_session",
    "callback client_disconnect no_namespace origin server_disconnect version",
];
function groupOf(code) {
    let group = NEVER$1;
    while (group && (" " + CODES[group] + " ").indexOf(" " + code + " ") < 0) {
        group--;
    }
    return group;
}
/** 0 if the code is not one of the protocol's. */
function actionOf(code) {
    const group = groupOf(code);
    return group === BACKOFF_ENDED ? BACKOFF : group;
}
/** The others end a request or a carrier. */
function endsSession(code) {
    return groupOf(code) > BACKOFF;
}

// The only folder that touches globals, and only when a client connects: so the module loads anywhere.
/** Workers have no `window`, engines before 2018 no `globalThis`. */
const root = (typeof globalThis === "undefined" ? self : globalThis);
/** Milliseconds, never going back where the platform has such a clock. */
function now() {
    return root.performance && root.performance.now ? Math.floor(root.performance.now()) : wall();
}
/** The time of day, which goes on while the machine sleeps. */
function wall() {
    return new Date().getTime();
}
function later(run, ms) {
    return setTimeout(run, ms);
}
/** Runs when the code that runs now is done. */
function soon(run) {
    if (root.Promise) {
        root.Promise.resolve().then(run);
    }
    else {
        setTimeout(run, 0);
    }
}
/** 128 random bits, as 22 characters of base64url. */
function secret() {
    const random = newBytes(16);
    for (let i = 0; i < 16; i++) {
        random[i] = 0;
    }
    platform.n(random);
    return toBase64(random).slice(0, 22).replace(/\+/g, "-").replace(/\//g, "_");
}

// What ES3 has no methods for. Lists are never changed in place, so one may be gone through while it changes.
function find(list, fits) {
    for (const item of list) {
        if (fits(item)) {
            return item;
        }
    }
    return undefined;
}
function without(list, item) {
    const rest = [];
    for (const one of list) {
        if (one !== item) {
            rest.push(one);
        }
    }
    return rest;
}

// What the objects of packets say.
function numberOf(value, otherwise) {
    return isInteger(value) ? value : otherwise || 0;
}
function textOf(value) {
    return typeof value === "string" ? value : "";
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
/** Larger batches would only wait longer to be confirmed; a first body goes to a server whose limit is not known. */
const MAX_BODY = 64512;
const ATTACHING = 0;
const POLLING = 1;
const POSTING = 2;
/** `secret` draws 128 random bits as 22 characters of base64url. */
function createSession(window, secret, host) {
    return {
        a: host,
        H: secret,
        e: OPENING,
        m: Infinity,
        A: 1000,
        D: Infinity,
        j: 10000,
        y: 0,
        O: 0,
        G: 1000,
        t: "",
        h: "",
        L: secret(),
        z: 0,
        w: 0,
        i: null,
        x: MAX_BODY,
        F: 0,
        E: 0,
        o: [],
        u: null,
        p: [],
        r: [],
        N: Infinity,
        S: false,
        U: -1,
        f: "",
        M: Infinity,
        v: false,
        s: null,
        c: [],
        n: 0,
        l: 0,
        k: 0,
        // What may be sent before the welcome has named the server's window.
        J: 65536,
        q: 0,
        b: 0,
        T: 0,
        W: window,
        d: 0,
        g: 0,
        C: 0,
        B: 0,
    };
}
/** What is to be done next, if anything. */
function next(session, now) {
    if (!session.r.length && session.e !== ENDED) {
        session.N = Infinity;
        for (const carrier of session.o) {
            carrier.e.r(session, now, carrier);
        }
        // What no carrier could take at once is gone.
        session.p = [];
    }
    return session.r.shift();
}

// How carriers are given up.
/** A carrier is gone, or given up. */
function lose(session, carrier, code) {
    // The server may tell the old carrier sooner than the new one: the session has one.
    const moving = code === "taken_over" && carrier !== session.o[session.o.length - 1];
    drop(session, carrier, code);
    if (carrier === session.u) {
        session.u = null;
    }
    if (!session.u && !moving && session.e === OPENED) {
        session.e = SUSPENDED;
        session.r.push(() => session.a.d());
    }
}
function drop(session, carrier, code) {
    carrier.i = true;
    session.o = without(session.o, carrier);
    session.v = false;
    session.r.push(() => session.a.g(carrier, code));
}

// The two directions of a session (protocol.md, sections 3 and 6). They meet only in an attach and in the counts.
/** Sends in time, once and in order. */
function push(session, message) {
    session.c.push(message);
    session.k += message.e;
    message.n = session.b += message.b ? message.e : 0;
}
/** The number of the last message, sent or not. */
function lastOf(session) {
    return session.n + session.c.length;
}
/** Message `number`, if it exists and credit allows it (and so all before it). */
function ready(session, number) {
    const message = session.c[number - session.n - 1];
    return message && message.n <= session.q + session.J ? message : undefined;
}
function markSent(session, number) {
    session.l = Math.max(session.l, number);
}
/** The peer's counts. False if it confirms what was never sent. */
function confirm(session, received, consumed) {
    if (received > session.l) {
        return false;
    }
    session.q = Math.max(session.q, consumed);
    for (; session.n < received; session.n++) {
        const message = session.c.shift();
        session.T = message.n;
        session.k -= message.e;
    }
    return true;
}
/** Takes out waiting messages that are larger than the peer takes. */
function dropLarger(session) {
    const waiting = session.c.splice(Math.max(0, session.l - session.n), session.c.length);
    const last = session.c[session.c.length - 1];
    const dropped = [];
    session.b = last ? last.n : session.T;
    for (const message of waiting) {
        session.k -= message.e;
        if (message.e > session.m) {
            dropped.push(message);
        }
        else {
            push(session, message);
        }
    }
    return dropped;
}
/** Have the counts grown enough that the server should hear of it? Or does it wait for them? */
function isDue(session) {
    return (session.S ||
        Math.max(session.C, session.g - session.B) * 4 >= session.W);
}
function said(session) {
    session.S = false;
    session.C = 0;
    session.B = session.g;
}
/** What an encoded packet is to the session. */
function messageOf(namespace, data, credited, id) {
    return { r: namespace, o: data, e: sizeOf(data), b: credited, t: id };
}

// A session closes, or is closed (protocol.md, section 9).
const CLOSE_TIME = 5000;
/** Sends what is there, then ends the session; in 5 s at the latest. */
function close(session, now, code) {
    if (session.e < CLOSING) {
        session.f = code;
        session.M = now + CLOSE_TIME;
        session.e = CLOSING;
        if (!session.z && session.b === session.T) {
            end(session, code);
        }
    }
}
/** The server's `z`. */
function closed(session, now, body) {
    if (session.e === CLOSING) {
        if (session.v && body["code"] === session.f) {
            // An answer: everything has arrived.
            confirm(session, session.l, 0);
        }
        end(session, session.f);
    }
    else {
        session.s = body;
        session.M = now + CLOSE_TIME;
        finish(session);
    }
}
/** Answers the server's `z` once everything before it is here. */
function finish(session) {
    const z = session.s;
    if (z && session.d >= numberOf(z["final"])) {
        farewell(session, String(z["code"]));
        giveUp(session);
    }
}
/** The last word, on whatever carries it. */
function farewell(session, code) {
    const current = session.u;
    session.f = code;
    const line = closing(session);
    session.r.push(() => {
        if (current && !current.e.e) {
            session.a.u(current, line);
        }
        else {
            session.a.s(line);
        }
    });
}
/** The client's `z`. */
function closing(session) {
    session.v = true;
    return "z" + JSON.stringify({ code: session.f, "final": session.l });
}
/** The server has closed, or a close has taken too long. */
function giveUp(session) {
    const z = session.s || {};
    end(session, session.s ? String(z["code"]) : session.f, textOf(z["reason"]), numberOf(z["retry"]));
}
/** The session is over, without another word to the server. */
function end(session, code, reason = "", retry = 0) {
    if (session.e !== ENDED) {
        if (session.e === CLOSING) {
            code = session.f;
        }
        session.e = ENDED;
        while (session.o.length) {
            drop(session, session.o[0], null);
        }
        session.u = null;
        session.r.push(() => session.a.l(code, reason, retry, session.c));
    }
}

// A carrier attaches, and is welcomed (protocol.md, section 4).
/**
 * A new carrier. It is given up after `patience` if it has not carried anything by then. What is sent with it goes at once: a
 * volatile event that it takes along is gone for the current carrier.
 */
function attach(session, now, way, patience, owner) {
    const carrier = {
        e: way,
        b: owner,
        i: false,
        a: ++session.z,
        h: session.h,
        l: patience,
        t: false,
        o: now + patience,
        s: 0,
        // Only an opening client knows where the server stands: at nothing.
        r: session.t ? -1 : session.n,
        n: [],
        f: 0,
        u: now,
        c: way.e === SCRIPT ? session.H() : "",
        d: 0,
    };
    session.o = session.o.concat(carrier);
    way.a(session, now, carrier);
    return carrier;
}
/** The first packet, or line, of what attaches or posts. */
function header(session, type, fields) {
    fields["received"] = session.d;
    fields["consumed"] = session.g;
    if (session.t) {
        fields["session"] = session.t;
        fields["token"] = session.h;
    }
    else {
        fields["key"] = session.L;
    }
    return type + JSON.stringify(fields);
}
/** What begins a body or carrier going down. False if it cannot be read. */
function welcome(session, now, carrier, down, body) {
    const full = body["session"] !== undefined;
    const first = body["first"];
    if (!first || !isInteger(first) || (full ? typeof body["token"] !== "string" : !carrier.t)) {
        return false;
    }
    down.s = first;
    if ((!full || carrier.t || adopt(session, now, carrier, body)) &&
        counts(session, body["received"], body["consumed"]) &&
        carrier.e.t) {
        carrier.e.t(session, now, carrier, body, full);
    }
    return true;
}
/** The carrier is the current one from now on. False if it cannot be. */
function adopt(session, now, carrier, body) {
    const state = session.e;
    if (session.t && body["session"] !== session.t) {
        // The key has opened another session: the server knows nothing of this one.
        end(session, "unknown_session");
        return false;
    }
    if (carrier.r < 0) {
        carrier.r = numberOf(body["received"]);
    }
    if (!carrier.e.e && carrier.r < session.n) {
        // Counts that came another way were faster: what must come first on this WebSocket is gone.
        lose(session, carrier, "stale");
        return false;
    }
    carrier.t = true;
    session.t = String(body["session"]);
    session.h = String(body["token"]);
    session.j = numberOf(body["ping"], 10000);
    session.y = session.j + numberOf(body["timeout"], 8000);
    session.J = numberOf(body["window"], session.J);
    session.m = numberOf(body["max"], session.m);
    session.A = numberOf(body["acks"], session.A);
    session.D = numberOf(body["stream"], Infinity);
    carrier.o = now + session.y;
    const dropped = dropLarger(session);
    session.r.push(() => {
        for (const message of dropped) {
            session.a.o(message);
        }
    });
    session.u = carrier;
    // Older ones have nothing more to say. Newer ones may still win.
    while (session.o[0] !== carrier) {
        drop(session, session.o[0], null);
    }
    if (state !== CLOSING) {
        session.e = OPENED;
    }
    session.r.push(() => session.a.f(carrier, state === SUSPENDED, state === OPENED));
    if (!carrier.e.e) {
        // What is confirmed from now on has its place here too, since what follows is numbered by it: it is written while it is still kept.
        carrier.e.r(session, now, carrier);
    }
    return true;
}
/** The server's counts. False if they end the session. */
function counts(session, received, consumed) {
    const fine = confirm(session, numberOf(received), numberOf(consumed));
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
    if (carrier.i) {
        return;
    }
    if (carrier.t && alive) {
        carrier.o = now + session.y;
    }
    const packet = parse(data);
    if (typeof packet === "string") {
        malformed(session, carrier, packet);
        return;
    }
    const type = packet.e;
    const body = (isObject(packet.n) ? packet.n : {});
    if (type === "r") {
        // After a welcome, what was refused in a body is a ticket: spent, perhaps, by a browser that asked twice. It is no proof.
        const ticket = carrier.t && carrier.e.e && body["error"] === "unknown_session";
        refused(session, carrier, ticket ? "stale" : String(body["error"]));
    }
    else if (type === "W" ? !welcome(session, now, carrier, down, body) : !down.s || "AP".indexOf(type) >= 0) {
        malformed(session, carrier, "bad_packet");
    }
    else if (isCounted(type)) {
        counted(session, carrier, down, packet, sizeOf(data));
    }
    else if (type === "v") {
        session.r.push(() => session.a.a(packet, 0));
    }
    else if (type === "h") {
        // The next poll answers it anyway.
        session.S = carrier.e.e !== POLL;
    }
    else if (isArray(packet.n)) {
        counts(session, packet.n[0], packet.n[1]);
    }
    else if (type === "z") {
        closed(session, now, body);
    }
}
function counted(session, carrier, down, packet, size) {
    const ahead = down.s++ - session.d - 1;
    if (!ahead) {
        session.d++;
        session.C += size;
        session.r.push(() => session.a.a(packet, packet.e === "e" ? size : 0));
        finish(session);
    }
    else if (ahead > 0 && (carrier.e.e !== POLL || carrier.n.length < 2)) {
        // With two polls under way the later may be answered first: what it skips, the next one asks for.
        lose(session, carrier, "gap");
    }
}
/** A carrier is given up for a packet that cannot be read; the session, if the same one cannot be read twice. */
function malformed(session, carrier, code) {
    if (carrier.t && session.U === session.d) {
        end(session, code);
    }
    else {
        session.U = carrier.t ? session.d : -1;
        lose(session, carrier, code);
    }
}
/** The server will not have the carrier, or it is gone without a code (`""`). */
function refused(session, carrier, code) {
    const newest = carrier.h === session.h;
    // Said of a proof that has a successor by now, it is no news of the session.
    const outdated = code === "unknown_session" && !carrier.t && !newest;
    if (carrier.i) {
        return;
    }
    if ((endsSession(code) && !outdated) || (code === "stale_token" && newest)) {
        if (code === session.f) {
            // The answer to our close was overtaken or is lost: everything has arrived.
            confirm(session, session.l, 0);
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
    let next = Math.min(session.M, session.N);
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
    if (session.M <= now) {
        giveUp(session);
    }
}
/** When it is given up, over itself or one of its requests. */
function deadlineOf(carrier) {
    let deadline = carrier.o;
    for (const request of carrier.n) {
        deadline = Math.min(deadline, request.o);
    }
    return deadline;
}

/** A volatile event does not wait behind more bytes than this. */
const CONGESTED = 65536;
/** How late a heartbeat may be. */
const LATE_HEARTBEAT = 1000;
/** A timer that is later than this says that the machine has slept. */
const SLEPT = 1000;
function createDriver(io, ways, limits, listener, own) {
    const kit = io.n;
    let draining = false;
    let scheduled = false;
    let timer;
    let timerAt = 0;
    let lostBy = "";
    let live = [];
    let stopWatching = () => { };
    const unlink = (attempt) => {
        const aborts = attempt.c;
        live = without(live, attempt);
        attempt.f = true;
        attempt.c = [];
        for (const abort of aborts) {
            abort();
        }
        if (attempt.d) {
            attempt.d.t();
        }
    };
    const session = createSession(io.e.window || 1048576, secret, {
        u(carrier, data) {
            const { d: duplex } = ownerOf(carrier);
            if (duplex) {
                duplex.n(data);
            }
        },
        n(request) {
            const attempt = ownerOf(request.r);
            if (!attempt.f && attempt.t.n) {
                attempt.t.n(hub, attempt, request);
            }
        },
        i(carrier, ticket) {
            const attempt = ownerOf(carrier);
            if (!attempt.f && attempt.t.i) {
                attempt.t.i(hub, attempt, ticket);
            }
        },
        g(carrier, code) {
            const attempt = ownerOf(carrier);
            if (code !== null) {
                lostBy = code;
                unlink(attempt);
                plan.e(now(), attempt, code);
            }
            else {
                plan.l(now(), attempt);
                if (!attempt.o) {
                    unlink(attempt);
                }
            }
        },
        a(packet, size) {
            listener.a(packet);
            session.g += size;
        },
        f(carrier, resumed) {
            const attempt = ownerOf(carrier);
            if (!attempt.f) {
                attempt.p = !!attempt.t.i;
                listener.r(attempt.t.name, resumed);
                if (!attempt.p) {
                    hub.n(attempt);
                }
            }
        },
        d: () => listener.d(lostBy),
        o: (message) => listener.o(message),
        s(line) {
            if (kit.s) {
                kit.s(hub, line);
            }
        },
        l(code, reason, retry, unconfirmed) {
            clearTimeout(timer);
            plan.n();
            stopWatching();
            hub.l();
            listener.l(code, reason, retry, unconfirmed);
        },
    });
    const connect = (attempt) => {
        const gone = (code) => {
            if (attempt.r && !attempt.o) {
                refused(session, attempt.r, code);
            }
            else {
                unlink(attempt);
                plan.e(now(), attempt, code);
            }
            hub.t();
        };
        try {
            attempt.d = attempt.t.c(io, () => {
                begin(attempt);
                plan.f(now(), attempt);
                hub.t();
            }, (data) => {
                if (attempt.o) {
                    plan.c(now(), attempt);
                }
                else {
                    hub.a(attempt);
                    heard(session, now(), attempt.r, data);
                }
                hub.t();
            }, gone);
        }
        catch (_) {
            // As a WebSocket without TLS on a page with it.
            gone("");
        }
    };
    const begin = (attempt) => {
        attempt.r = attach(session, now(), attempt.t, attempt.l, attempt);
    };
    const flush = () => {
        if (!scheduled) {
            scheduled = true;
            soon(() => {
                scheduled = false;
                hub.t();
            });
        }
    };
    const hub = {
        r: io,
        i: ways,
        e: session,
        f: own,
        u: 0,
        t() {
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
                const due = session.e === ENDED ? Infinity : Math.min(nextTimeout(session), plan.u());
                // One that is too early does no harm: it sets the next.
                if (due < Infinity && (timer === undefined || due < timerAt)) {
                    clearTimeout(timer);
                    timerAt = due;
                    timer = later(() => {
                        timer = undefined;
                        // Who has slept has missed heartbeats: that says nothing of the transport, which is to be tried again.
                        timeout(session, now(), now() > timerAt + SLEPT ? "heartbeat" : "timeout");
                        hub.t();
                    }, Math.max(0, due - now()));
                }
            }
        },
        l() {
            for (const attempt of live) {
                unlink(attempt);
            }
        },
        a(attempt) {
            hub.u = wall();
            // The other half of the time-out is for finding another way before this one is given up.
            plan.a(attempt, now() + (session.j + session.y) / 2);
        },
        n(attempt) {
            plan.r(now(), attempt);
            hub.a(attempt);
            if (listener.n) {
                listener.n();
            }
            if (hub.s) {
                hub.s.n(attempt);
            }
        },
        o(surely) {
            const left = hub.u + session.j + LATE_HEARTBEAT - wall();
            plan.o(now(), surely ? now() : now() + Math.max(LATE_HEARTBEAT, left));
            hub.t();
        },
    };
    const plan = (hub.c = kit.c(hub, limits, {
        n(attempt) {
            live = live.concat(attempt);
            if (attempt.t.c) {
                connect(attempt);
            }
            else {
                begin(attempt);
            }
        },
        t: unlink,
        e: (code, why) => listener.e(code, why),
        r: () => end(session, "no_transport"),
    }));
    return {
        e: session,
        n() {
            if (own && kit.n) {
                stopWatching = kit.n(hub);
            }
            plan.s(now());
            hub.t();
        },
        r: flush,
        b(data) {
            const { d: duplex } = session.u ? ownerOf(session.u) : {};
            if (session.e === OPENED && !(duplex && duplex.e() > CONGESTED)) {
                session.p.push(data);
                flush();
            }
        },
        t(code) {
            plan.t();
            close(session, now(), code);
            hub.o(false);
        },
        h(code) {
            end(session, code);
            flush();
        },
    };
}
function ownerOf(carrier) {
    return carrier.b;
}

/** The transports that are wanted, by name or as they are, and can be used here if not `all` are asked for. */
function usable(io, wanted, all) {
    const chosen = [];
    const named = (name) => find(io.n.e, (known) => known.name === name);
    for (const one of wanted) {
        const transport = typeof one === "string" ? named(one) : one;
        if (!transport) {
            throw failure("bad_data", "no such transport in this bundle: " + String(one));
        }
        if (all || transport.o(io)) {
            chosen.push(transport);
        }
    }
    return chosen;
}

/** The place of handlers for any event. */
const ANY = "*";
/** The place of handlers of one event: a name like `__proto__` is a name like others. */
function named(event) {
    return "$" + event;
}
/** Handlers by place. The lists are never changed in place, so a handler may add and remove any while it runs. */
function createEmitter() {
    let lists = {};
    const at = (place) => lists[place] || [];
    return {
        n(place, run, once) {
            lists[place] = at(place).concat({ e: run, t: once });
        },
        t(place, run) {
            if (!place) {
                lists = { [ANY]: at(ANY) };
            }
            else {
                lists[place] = run ? without(at(place), find(at(place), (entry) => entry.e === run)) : [];
            }
        },
        e(place, args, thrown) {
            const list = at(place);
            for (const entry of list) {
                if (entry.t) {
                    lists[place] = without(at(place), entry);
                }
                try {
                    entry.e.apply(undefined, args);
                }
                catch (error) {
                    thrown(error);
                }
            }
            return list.length;
        },
    };
}

// One namespace of a session, as its user sees it.
const RESERVED = /^(connect(_error)?|disconnect(ing)?|suspended|resumed|transport|error)$/;
const MAX_QUEUED = 4194304;
function createSocket(host, namespace, auth) {
    const events = createEmitter();
    let pending = {};
    let pendingCount = 0;
    let lastId = 0;
    /** What was emitted before the namespace was asked for. */
    let waiting = [];
    let waitingBytes = 0;
    // ---- going out
    const post = (type, id, body) => {
        const event = type === "e";
        const session = host.e();
        const message = messageOf(namespace, encode(type, namespace, id, body), event, id);
        const size = message.e;
        const queued = size + waitingBytes + session.k;
        // An error report comes from no call that could fail.
        if (type !== "x" && size > session.m) {
            throw failure("too_large");
        }
        if (type === "v") {
            if (socket.connected) {
                host.b(message.o);
            }
        }
        else if (event && queued > MAX_QUEUED) {
            throw failure("buffer_full");
        }
        else if (queued > 2 * MAX_QUEUED) {
            // Answers do not wait for room; a server that asks on and on without confirming any is not served for ever.
            host.h("buffer_full");
        }
        else {
            if (socket.t) {
                host.p(message);
            }
            else if (event) {
                waiting.push(message);
                waitingBytes += size;
            }
        }
    };
    const send = (event, args, ms, type = "e") => {
        const done = args[args.length - 1];
        const bad = nameError(event);
        if (bad) {
            throw failure(bad, String(event));
        }
        if (type === "v" || typeof done !== "function") {
            post(type, null, [event].concat(args));
            return;
        }
        if (pendingCount >= host.e().A) {
            throw failure("pending_acks");
        }
        const id = ++lastId;
        post("e", id, [event].concat(args.slice(0, -1)));
        pendingCount++;
        pending[id] = { e: done, t: ms && setTimeout(() => settle(id, failure("timeout")), ms) };
    };
    const ask = (event, args, ms) => new Promise((resolve, reject) => {
        const done = (error, value) => (error ? reject(error) : resolve(value));
        send(event, args.concat(done), ms);
    });
    // ---- coming in
    const finish = (one, error, values) => {
        clearTimeout(one.t);
        try {
            one.e.apply(undefined, [error].concat((values || [])));
        }
        catch (thrown) {
            rethrow(thrown);
        }
    };
    /** False if nobody waits for this answer. */
    const settle = (id, error, values) => {
        const one = pending[id];
        if (one) {
            delete pending[id];
            pendingCount--;
            finish(one, error, values);
        }
        return !!one;
    };
    const handle = (packet, event, args) => {
        const { e: type, t: id } = packet;
        let open = type === "e" && id !== null;
        const fail = (code) => {
            if (open) {
                open = false;
                post("x", id, { code, event });
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
        events.e(ANY, [event].concat(args), thrown);
        if (!events.e(named(event), args, thrown)) {
            fail("no_handler");
        }
    };
    const on = (place, handler, once) => {
        events.n(place, handler, once);
        return socket;
    };
    const off = (place, handler) => {
        events.t(place, handler);
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
        on: (event, handler) => on(named(event), handler),
        once: (event, handler) => on(named(event), handler, true),
        off: (event, handler) => off(event === undefined ? event : named(event), handler),
        onAny: (handler) => on(ANY, handler),
        offAny: (handler) => off(ANY, handler),
        emit(event, ...args) {
            send(event, args);
            return socket;
        },
        emitWithAck: (event, ...args) => ask(event, args),
        timeout: (ms) => ({
            emit: (event, ...args) => send(event, args, ms),
            emitWithAck: (event, ...args) => ask(event, args, ms),
        }),
        connect() {
            host.c(socket);
            return socket;
        },
        close() {
            host.t(socket);
            return socket;
        },
        r: false,
        t: false,
        e: (event, ...args) => void events.e(named(event), args, rethrow),
        c(packet) {
            const { e: type, t: id, n: body } = packet;
            if (type === "a") {
                settle(id, null, body);
            }
            else if (type === "x" && isObject(body)) {
                const code = String(body["code"]);
                const event = textOf(body["event"]) || null;
                const message = textOf(body["message"]);
                if (!settle(id, failure(code, message)) && id === null) {
                    socket.e("error", { code, event, message });
                }
            }
            else if (isArray(body)) {
                const name = body[0];
                const bad = nameError(name);
                if (!bad) {
                    handle(packet, name, body.slice(1));
                }
                else if (type === "e") {
                    post("x", id, { code: bad, event: typeof name === "string" ? name.slice(0, 128) : undefined });
                }
            }
        },
        n(code, reason, unconfirmed) {
            const was = socket.connected;
            const failed = pending;
            socket.connected = socket.recovered = socket.t = false;
            socket.id = socket.transport = null;
            pending = {};
            pendingCount = 0;
            for (const id in failed) {
                finish(failed[id], failure("session_ended"));
            }
            // One that was never connected may have lost events, too.
            if (was || unconfirmed) {
                socket.e("disconnect", { code, reason, unconfirmed });
            }
        },
        a() {
            socket.t = true;
            for (const message of waiting) {
                host.p(message);
            }
            waiting = [];
            waitingBytes = 0;
        },
        o(message) {
            if (!settle(message.t, failure("too_large"))) {
                socket.e("error", { code: "too_large", event: null, message: "" });
            }
        },
    };
    return socket;
}
/** What is wrong with the name of an event, or `""`. */
function nameError(name) {
    return typeof name !== "string" || !name || utf8Length(name) > 128 ? "bad_event" : RESERVED.test(name) ? "reserved_event" : "";
}
/** An error of the user's code is the user's: it appears as uncaught, and hurts nothing here. */
function rethrow(error) {
    setTimeout(() => {
        throw error;
    }, 0);
}

// What the namespaces of one URL share: a session, and a new one when that has ended.
/** What holds before there is a session. */
const UNKNOWN = { m: Infinity, A: 1000, k: 0, c: [] };
/** Those that have a session, or want one. */
let clients = [];
/** A session's second socket of the same namespace would be the first one: that one gets a session of its own. */
function open(kit, url, options) {
    const given = options || {};
    const namespace = given.namespace || "/";
    const io = createIo(kit, url, given);
    withBinary(kit.r || given.binary);
    const client = find(clients, (one) => suits(one.r, io) && !one.m(namespace)) || createClient(io);
    const socket = createSocket(client, namespace, given.auth);
    client.c(socket);
    return socket;
}
/** Where it connects to, and by what. */
function createIo(kit, url = "", options = {}) {
    const parts = /^(?:(?:http|ws)(s?):)?(?:\/\/([^/?#]+))?([^?#]*)/i.exec(url);
    const here = root.location;
    const secure = /^\w+:/.test(url) ? parts[1] : here && here.protocol === "https:" ? "s" : "";
    const host = parts[2] || (here && here.host);
    if (!host) {
        throw failure("bad_data", "the URL needs a host here: " + url);
    }
    const mount = (parts[3].replace(/\/+$/, "") || options.path || "/everwire").replace(/\/+$/, "");
    return { n: kit, t: "http" + secure + "://" + host + (mount.charAt(0) === "/" ? "" : "/") + mount, e: options };
}
function suits(mine, other) {
    const a = mine.e;
    const b = other.e;
    const plain = (options) => JSON.stringify([!!options.withCredentials, options.extraHeaders, String(options.transports)]);
    return (a.multiplex !== false &&
        b.multiplex !== false &&
        mine.n === other.n &&
        mine.t === other.t &&
        plain(a) === plain(b) &&
        a.WebSocket === b.WebSocket &&
        a.fetch === b.fetch &&
        a.EventSource === b.EventSource &&
        a.memory === b.memory);
}
function createClient(io) {
    const wanted = io.e.reconnection === false ? { attempts: 0 } : io.e.reconnection || {};
    const limits = {
        e: wanted.attempts === undefined ? Infinity : wanted.attempts,
        t: wanted.delay || 500,
        n: wanted.maxDelay || 10000,
    };
    let sockets = [];
    let driver = null;
    let starting = false;
    let timer = null;
    let tries = 0;
    let openedAt = 0;
    let name = null;
    const socketOf = (namespace) => find(sockets, (one) => one.namespace === namespace);
    const sessionOf = () => (driver ? driver.e : UNKNOWN);
    const push$1 = (message) => {
        if (driver) {
            push(driver.e, message);
            driver.r();
        }
    };
    const control = (type, namespace, body, id = null) => {
        push$1(messageOf(namespace, encode(type, namespace, id, body), false, null));
    };
    /** Opens a session once this turn is over, so that handlers and events of the same turn are part of it. */
    const start = () => {
        timer = null;
        if (!starting) {
            starting = true;
            soon(() => {
                starting = false;
                if (sockets.length && !driver) {
                    openSession();
                }
            });
        }
    };
    const openSession = () => {
        /** Is this still the session of the sockets, or one that only ends in peace? */
        const live = () => driver === mine;
        const each = (tell) => {
            for (const socket of live() ? sockets.slice() : []) {
                if (socket.t) {
                    tell(socket);
                }
            }
        };
        const mine = createDriver(io, usable(io, io.e.transports || io.n.t), limits, {
            a(packet) {
                if (live()) {
                    deliver(packet);
                }
            },
            r(carrier, resumed) {
                const changed = name !== carrier;
                name = carrier;
                openedAt = openedAt || now();
                each((socket) => {
                    socket.transport = carrier;
                    if (resumed) {
                        socket.e("resumed");
                    }
                    if (changed) {
                        socket.e("transport", carrier);
                    }
                });
            },
            d: () => each((socket) => {
                socket.transport = null;
                socket.e("suspended");
            }),
            o: (message) => each((socket) => {
                if (socket.namespace === message.r) {
                    socket.o(message);
                }
            }),
            e: (code) => each((socket) => {
                if (!socket.connected) {
                    socket.e("connect_error", failure(code, "no transport works"));
                }
            }),
            l(code, reason, retry, unconfirmed) {
                if (live()) {
                    ended(code, reason, retry, unconfirmed);
                }
            },
        }, true);
        const joining = sockets.slice();
        // One flight opens the session and its namespaces, so all auths have to be there.
        let missing = joining.length;
        driver = mine;
        name = null;
        for (const socket of joining) {
            join(socket, () => {
                if (!--missing && live()) {
                    mine.n();
                }
            });
        }
    };
    /** Asks for the socket's auth, then for its namespace. */
    const join = (socket, then) => {
        const mine = driver;
        ask$1(socket.auth, (auth) => {
            if (driver === mine && socket.r && !socket.t) {
                control("c", socket.namespace, auth);
                socket.transport = name;
                socket.a();
            }
        }, (error) => refuse(socket, "auth", String((error && error.message) || error)), then || (() => { }));
    };
    const refuse = (socket, code, message, data) => {
        forget(socket);
        socket.n(code, "", 0);
        socket.e("connect_error", failure(code, message, data));
    };
    /** The socket is not wanted any more; without any, the session is not. */
    const forget = (socket) => {
        socket.r = false;
        sockets = without(sockets, socket);
        if (!sockets.length) {
            const last = driver;
            driver = null;
            clearTimeout(timer);
            timer = null;
            clients = without(clients, client);
            if (last) {
                last.t("client_disconnect");
            }
        }
    };
    const deliver = (packet) => {
        const { e: type, r: namespace } = packet;
        const socket = socketOf(namespace);
        const body = isObject(packet.n) ? packet.n : {};
        if (!socket || !socket.t) {
            if (type === "e") {
                control("x", namespace, { code: "unknown_namespace" }, packet.t);
            }
        }
        else if (type === "o") {
            socket.id = String(body["id"]);
            socket.connected = true;
            socket.e("connect", { recovered: false });
        }
        else if (type === "d") {
            refuse(socket, "denied", String(body["message"]), body["data"]);
        }
        else if (type === "l") {
            forget(socket);
            socket.n(String(body["code"]), String(body["reason"] || ""), 0);
        }
        else {
            socket.c(packet);
        }
    };
    const ended = (code, reason, retry, unconfirmed) => {
        const action = actionOf(code);
        const over = action === NEVER$1 || code === "no_transport" || !limits.e;
        const opened = openedAt;
        const stood = opened && now() - opened > 1000;
        driver = null;
        openedAt = 0;
        for (const socket of sockets.slice()) {
            const { connected } = socket;
            if (over) {
                forget(socket);
            }
            socket.n(code, reason, countEvents(unconfirmed, socket.namespace));
            if (!connected && (over || !opened)) {
                socket.e("connect_error", failure(code, reason));
            }
        }
        if (!over && sockets.length && !driver && timer === null) {
            tries = stood ? 0 : tries + 1;
            if (action === OPEN && stood) {
                start();
            }
            else {
                timer = setTimeout(start, Math.max(retry, backoff(tries, limits.t, limits.n, Math.random)));
            }
        }
    };
    const client = {
        r: io,
        m: socketOf,
        p: push$1,
        b(data) {
            if (driver) {
                driver.b(data);
            }
        },
        e: sessionOf,
        h(code) {
            if (driver) {
                driver.h(code);
            }
        },
        c(socket) {
            if (!socket.r) {
                const other = socketOf(socket.namespace);
                if (other && other !== socket) {
                    throw failure("bad_data", "another socket has this namespace");
                }
                sockets = without(sockets, socket).concat(socket);
                clients = without(clients, client).concat(client);
                socket.r = true;
                if (driver) {
                    join(socket);
                }
                else if (timer === null) {
                    start();
                }
            }
        },
        t(socket) {
            if (socket.r) {
                const log = sessionOf().c;
                if (socket.t) {
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
    let events = 0;
    for (const message of log) {
        if (message.b && message.r === namespace) {
            events++;
        }
    }
    return events;
}
/** An auth may be a value, a function that gives one or a promise, or one that calls back. */
function ask$1(auth, answer, fail, then) {
    let open = true;
    const once = (run) => (value) => {
        if (open) {
            open = false;
            try {
                run(value);
            }
            catch (error) {
                fail(error);
            }
            then();
        }
    };
    const done = once(answer);
    try {
        const value = typeof auth === "function" ? auth(done) : auth;
        if (isObject(value) && typeof value["then"] === "function") {
            value.then(done, once(fail));
        }
        else if (value !== undefined || !auth || !auth.length) {
            done(value);
        }
    }
    catch (error) {
        once(fail)(error);
    }
}

// The plan of the smallest client: one transport after the other, with pauses between the rounds.
const PATIENCE$1 = 10000;
/** A carrier that held this long was no failure. */
const STOOD$1 = 1000;
function retry(hub, limits, host) {
    const ways = hub.i;
    let steps = [];
    let current;
    let carriedAt = 0;
    let rank = 0;
    let rounds = 0;
    let due = Infinity;
    const drop = (now, attempt, code) => {
        if (attempt !== current) {
            return;
        }
        current = undefined;
        due = now;
        if (carriedAt && now - carriedAt >= STOOD$1 && actionOf(code) !== BACKOFF) {
            rank = rounds = 0;
        }
        else if (++rank >= ways.length) {
            rank = 0;
            steps.push(() => host.e(code || "no_transport", ""));
            if (rounds < limits.e) {
                due += backoff(rounds++, limits.t, limits.n, Math.random);
            }
            else {
                due = Infinity;
                steps.push(host.r);
            }
        }
    };
    return {
        s(now) {
            due = now;
            if (!ways.length) {
                steps.push(() => host.e("no_transport", ""), host.r);
                due = Infinity;
            }
        },
        t() { },
        f(_now, attempt) {
            attempt.n = Infinity;
        },
        r(now) {
            carriedAt = now;
        },
        l() { },
        c() { },
        a() { },
        d() { },
        e: drop,
        o(now) {
            if (!current && due < Infinity) {
                due = now;
            }
        },
        i(now) {
            if (!steps.length && current && current.n <= now) {
                const late = current;
                steps.push(() => host.t(late));
                drop(now, late, "timeout");
            }
            if (!steps.length && due <= now) {
                const transport = ways[rank];
                const attempt = {
                    t: transport,
                    e: rank,
                    l: PATIENCE$1,
                    a: false,
                    o: false,
                    u: now,
                    i: -1,
                    s: 0,
                    n: transport.c ? now + PATIENCE$1 : Infinity,
                    c: [],
                };
                current = attempt;
                carriedAt = 0;
                due = Infinity;
                steps.push(() => host.n(attempt));
            }
            return steps.shift();
        },
        u: () => Math.min(due, current ? current.n : Infinity),
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
/** So long a two-way connection that was overtaken may still win. */
const LATE$1 = 5000;
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
/** The code of a carrier beside which nothing is answered. */
const CROWDED = "crowded";
/** `ways` stand in order of preference. A way is known by its place among them, its rank. */
function createNegotiation(ways, limits, random, memory, host, upward) {
    let begun = false;
    /** The session is about to end: nothing better is looked for. */
    let closing = false;
    let attempts = [];
    let current = null;
    /** What was current until another attach was accepted, which has not carried anything yet. */
    let former = null;
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
    let why = "";
    let probeAt = NEVER;
    let probes = 0;
    let toProbe = [];
    /** Overtaken by less than they may need: looked at anew soon. */
    let doubtful = [];
    let steps = [];
    /** The time of what is happening. */
    let now = 0;
    // ---- the lists
    /** Those that may still win. */
    const racers = () => {
        const found = [];
        for (const attempt of attempts) {
            if (attempt !== current && !attempt.o) {
                found.push(attempt);
            }
        }
        return found;
    };
    /** Is it being tried? */
    const isUnder = (rank) => {
        for (const attempt of racers()) {
            if (attempt.e === rank) {
                return true;
            }
        }
        return false;
    };
    const remove = (attempt) => {
        attempt.a = true;
        attempts = without(attempts, attempt);
    };
    const cancel = (attempt) => {
        remove(attempt);
        steps.push(() => host.t(attempt));
    };
    const demote = (rank, reason) => {
        memory.failed[ways[rank].name] = { why: reason, until: now + KEPT };
        upward.e();
    };
    /** Not for the same time in all pages, lest they all come back together. */
    const tighten = () => {
        memory.tight = now + TIGHT * (1 + random());
        upward.e();
    };
    // ---- racing
    const pauseOf = () => backoff(Math.max(0, rounds - 1), limits.t, limits.n, random);
    const headStart = () => Math.max(HEAD_START, 3 * memory.rtt);
    const calm = () => {
        renewing = false;
        left = [];
        due = lifeBy = NEVER;
    };
    /** What worked last, then what is not known to fail here, then what worked for a while, then the rest. */
    const race = (pause) => {
        const groups = [[], [], [], []];
        left = [];
        for (let rank = 0; rank < ways.length; rank++) {
            const way = ways[rank];
            const bad = memory.failed[way.name];
            const tight = way.e === STREAM && Math.max(memory.tight, crowdedAt + PATIENCE) > now;
            const reason = suspects[rank] || (bad && bad.until > now && bad.why) || tight;
            const group = reason ? (reason === "died" ? 2 : 3) : way.name === memory.best && memory.until > now ? 0 : 1;
            groups[group].push(rank);
        }
        for (const group of groups) {
            left = left.concat(group);
        }
        due = now + pause;
    };
    const start = (rank) => {
        const way = ways[rank];
        const patience = Math.min(MAX_PATIENCE, PATIENCE * (rounds + 1));
        const attempt = {
            t: way,
            e: rank,
            l: patience,
            a: false,
            o: false,
            u: now,
            i: -1,
            s: now + headStart() * Math.pow(2, racers().length),
            // Only of a connection that does not stand yet nobody else keeps the time.
            n: way.e === DUPLEX ? now + patience : NEVER,
            c: [],
        };
        attempts = attempts.concat(attempt);
        if (!current || renewing) {
            due = attempt.s;
        }
        steps.push(() => host.n(attempt));
    };
    /** The next of the race is due. */
    const step = () => {
        while (left.length && isUnder(left[0])) {
            left.shift();
        }
        if (racers().length && due < now - BUSY) {
            due = now + headStart();
        }
        else if (left.length) {
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
            steps.push(() => host.e(code || "no_transport", why));
            retry(pauseOf());
        }
    };
    const retry = (pause) => {
        if (!ways.length || rounds > limits.e) {
            due = NEVER;
            steps.push(() => host.r());
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
    const died = (attempt, reason) => {
        const rank = attempt.e;
        const lived = now - carriedAt;
        const clean = reason === "end" || reason === CROWDED;
        const stood = clean || lived >= STOOD;
        current = null;
        deaths[rank] = clean || lived >= QUICK ? 0 : (deaths[rank] || 0) + 1;
        if (lived >= PROBE_RESET) {
            probes = 0;
        }
        if (reason === "timeout") {
            suspects[rank] = "mute";
        }
        else if (deaths[rank] >= QUICK_DEATHS) {
            suspects[rank] = "died";
        }
        rounds = stood ? 0 : rounds + 1;
        probeAt = lifeBy = NEVER;
        if (renewing) {
            renewing = false;
        }
        else {
            const pause = actionOf(reason) === BACKOFF || !stood ? pauseOf() : 0;
            retry(racers().length ? Math.max(pause, headStart()) : pause);
        }
    };
    /** Another is about to carry; if it does not in time, the race begins anew. */
    const superseded = (attempt) => {
        const rank = attempt.e;
        remove(attempt);
        former = renewing || suspects[rank] ? null : attempt;
        current = null;
        renewing = false;
        race(headStart());
        if (former) {
            let under = false;
            for (const other of racers()) {
                under = under || other.e <= rank;
            }
            if (!under) {
                // A race was won while another's attach was under way already: the better one, which works, attaches anew.
                first(rank);
            }
        }
    };
    // ---- upward
    const planProbe = () => {
        const pause = doubtful.length ? 0 : backoff(probes, PROBE_FIRST, PROBE_MAX, random);
        probeAt = current && current.e > 0 ? now + PROBE_LEAST + pause : NEVER;
    };
    const probeNext = () => {
        while (toProbe.length) {
            const rank = toProbe[0];
            const way = ways[rank];
            if (!isUnder(rank) && current && rank < current.e && (way.e !== STREAM || memory.tight <= now)) {
                steps.push(() => upward.t(way, (at, failed) => probed(at, rank, failed)));
                return;
            }
            toProbe.shift();
        }
        probes++;
        planProbe();
    };
    /** What a probe has found: null if it works, else why not. */
    const probed = (at, rank, failed) => {
        now = at;
        const asked = toProbe.shift();
        if (asked === undefined || !current || closing || rank >= current.e) {
            toProbe = [];
            planProbe();
        }
        else if (failed === null) {
            toProbe = [];
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
            probeNext();
        }
    };
    const failed = (attempt, reason) => {
        const rank = attempt.e;
        const action = actionOf(reason);
        const cause = causeOf(attempt, reason);
        if (attempt.a) {
            return;
        }
        remove(attempt);
        if (reason === CROWDED) {
            crowdedAt = now;
        }
        else if (attempt === current && attempt.t.e === STREAM && carriedAt >= attempt.s && now - carriedAt < BUSY) {
            // What a proxy holds back comes late, and together with the end: as when the next attach makes the server end this stream.
            suspects[rank] = "buffered";
            doubtful.push(rank);
        }
        if (attempt === current) {
            if (reason === "taken_over" && racers().length) {
                superseded(attempt);
            }
            else {
                died(attempt, reason);
            }
        }
        else if (attempt.o || (current && !renewing)) {
            if (current && current.e !== rank && (!action || reason === "timeout")) {
                demote(rank, cause);
            }
            planProbe();
        }
        else if (action === BACKOFF) {
            rounds++;
            retry(pauseOf());
        }
        else if (action === ATTACH && reason !== "timeout" && hasty++ < HASTY) {
            // A refusal is data, too.
            first(rank);
        }
        else {
            suspects[rank] = why = cause;
            code = reason;
            // One that was started later still has its time.
            if (attempt.s >= due || !racers().length) {
                due = now;
            }
        }
    };
    return {
        s(at) {
            now = at;
            begun = true;
            race(0);
        },
        t() {
            closing = true;
        },
        f(at, attempt) {
            attempt.i = now = at;
            attempt.n = NEVER;
            // It makes progress: the answer takes no longer than the handshake did.
            if (attempt.s === due) {
                due = attempt.s = Math.max(due, now + now - attempt.u);
            }
        },
        r(at, attempt) {
            const before = former;
            const rank = attempt.e;
            const { name, e: kind } = attempt.t;
            now = at;
            if (attempt.a || attempt === current) {
                return;
            }
            former = null;
            current = attempt;
            carriedAt = now;
            hasty = 0;
            calm();
            for (const other of attempts) {
                // Another two-way connection that is better has some time left; what cannot harm is let go.
                if (other.t.e === DUPLEX && (other.i < 0 || other.o)) {
                    if (other.e < rank) {
                        other.n = Math.min(other.n, other.u + LATE$1);
                    }
                    else if (other !== attempt) {
                        cancel(other);
                    }
                }
            }
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
            if (memory.tight <= now) {
                memory.best = name;
                memory.until = now + KEPT;
            }
            memory.rtt = Math.min(memory.rtt || MAX_RTT, Math.max(1, now - (attempt.i < 0 ? attempt.u : attempt.i)));
            upward.e();
            if (before && before.e < rank && !isUnder(before.e) && !closing) {
                start(before.e);
            }
            planProbe();
        },
        l(at, attempt) {
            now = at;
            if (attempt.a) {
                return;
            }
            if (attempt === current) {
                superseded(attempt);
            }
            else if (attempt.t.e === DUPLEX) {
                attempt.o = true;
                attempt.n = attempt.u + LATE$1;
            }
            else {
                if (now >= attempt.s) {
                    suspects[attempt.e] = causeOf(attempt, "timeout");
                    doubtful.push(attempt.e);
                }
                remove(attempt);
            }
        },
        c(at, attempt) {
            now = at;
            if (!attempt.a) {
                cancel(attempt);
                // This one has shown that it works.
                if (!current) {
                    first(attempt.e);
                }
                else if (attempt.e < current.e && !closing) {
                    start(attempt.e);
                }
            }
        },
        a(attempt, by) {
            if (attempt === current) {
                if (renewing) {
                    calm();
                }
                lifeBy = by;
            }
        },
        d(at, attempt) {
            now = at;
            if (attempt === current && !racers().length && !closing) {
                start(attempt.e);
            }
        },
        e(at, attempt, reason) {
            now = at;
            failed(attempt, reason);
        },
        o(at, by) {
            now = at;
            if (current) {
                lifeBy = Math.min(lifeBy, by);
            }
            else if (begun && !racers().length) {
                due = now;
            }
        },
        i(at) {
            now = at;
            if (!steps.length) {
                for (const attempt of attempts) {
                    if (attempt.n < now - BUSY) {
                        attempt.n = now + HEAD_START;
                    }
                    else if (attempt.n <= now) {
                        failed(attempt, "timeout");
                        return () => host.t(attempt);
                    }
                }
                if (lifeBy < now - BUSY) {
                    lifeBy = now + HEAD_START;
                }
                else if (lifeBy <= now) {
                    lifeBy = NEVER;
                    if (current && !renewing && !closing) {
                        race(0);
                        left.unshift(current.e);
                        renewing = true;
                    }
                }
                if (due <= now) {
                    step();
                }
                else if (probeAt <= now && current && !closing) {
                    probeAt = NEVER;
                    toProbe = doubtful;
                    if (!doubtful.length) {
                        for (let rank = 0; rank < current.e; rank++) {
                            toProbe.push(rank);
                        }
                    }
                    doubtful = [];
                    probeNext();
                }
            }
            return steps.shift();
        },
        n: upward.n,
        u() {
            let next = Math.min(due, lifeBy, closing ? NEVER : probeAt);
            for (const attempt of attempts) {
                next = Math.min(next, attempt.n);
            }
            return next;
        },
    };
}
/** What to remember of a failure. */
function causeOf(attempt, code) {
    return code && code !== "timeout"
        ? code
        : !code && !attempt.o
            ? "failed"
            : attempt.t.e === STREAM
                ? "buffered"
                : attempt.i >= 0
                    ? "mute"
                    : "silent";
}

// Tries one transport alone, with a session of its own that belongs to nobody: it opens, asks, and closes.
/** In all. */
const TIME$1 = 8000;
function trial(io, transport, done) {
    const began = now();
    const report = { ok: false, code: "no_transport", why: "silent", openMs: null, rttMs: null };
    let asked = 0;
    let over = false;
    const stop = () => {
        over = true;
        clearTimeout(timer);
        driver.t("client_disconnect");
    };
    const finish = () => {
        if (!over) {
            stop();
            done(report);
        }
    };
    const driver = createDriver(io, [transport], { e: 0, t: 0, n: 0 }, {
        a() {
            // That nobody knows the event.
            if (asked && !over) {
                report.rttMs = now() - asked;
                report.ok = true;
                report.code = report.why = "";
                finish();
            }
        },
        n() {
            if (!asked) {
                asked = now();
                report.openMs = asked - began;
                push(driver.e, messageOf("/", encode("e", "/", 0, ["trial"]), true, 0));
                driver.r();
            }
        },
        r() { },
        d(code) {
            // A stream that comes with its end was held back.
            report.why = code === CROWDED ? code : transport.e === STREAM ? "buffered" : "died";
            finish();
        },
        o() { },
        e(code, why) {
            report.code = code;
            report.why = why;
        },
        l(code) {
            report.code = report.code === "no_transport" ? code : report.code;
            finish();
        },
    }, false);
    const timer = later(finish, TIME$1);
    driver.n();
    return stop;
}

// What works from here, transport by transport: apart from `connect`, so that who does not use it does not load it.
function diagnoseBy(kit, url, options) {
    const io = createIo(kit, url, options);
    const wanted = usable(io, io.e.transports || kit.e, true);
    const rows = [];
    return new Promise((done) => {
        const next = () => {
            const transport = wanted[rows.length];
            const add = ({ ok, code, why, openMs, rttMs }) => {
                rows.push({ transport: transport.name, ok, code, why, openMs, rttMs });
                next();
            };
            if (!transport) {
                done(rows);
            }
            else if (transport.o(io)) {
                trial(io, transport, add);
            }
            else {
                add({ ok: false, code: "no_transport", why: "unavailable", openMs: null, rttMs: null });
            }
        };
        next();
    });
}

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
    const init = { method: "POST", body, credentials: options.withCredentials ? "include" : "same-origin" };
    if (options.extraHeaders) {
        init.headers = options.extraHeaders;
    }
    if (abort) {
        init.signal = abort.signal;
    }
    run(url, init).then((response) => {
        if (progress && response.status === 200 && response.body && root.TextDecoder) {
            const reader = response.body.getReader();
            const decoder = new root.TextDecoder();
            const follow = () => {
                reader.read().then((chunk) => {
                    if (chunk.done) {
                        finish(200, "");
                    }
                    else if (!over) {
                        progress(decoder.decode(chunk.value, { stream: true }));
                        follow();
                    }
                }, fail);
            };
            follow();
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
    let batch = session.i;
    if (carrier === session.u) {
        if (batch && batch.e && batch.e <= session.n) {
            session.i = batch = null;
        }
        if (batch && batch.o <= now) {
            batch.n = null;
            batch.o = Infinity;
        }
        const free = !batch || !batch.n || isOver(batch.n);
        // Behind messages that wait for credit the close waits too.
        const load = free && (ready(session, session.n + 1) || session.p.length || (mayClose(session) && session.l === lastOf(session)));
        const due = load || isDue(session);
        let polls = 0;
        for (const one of carrier.n) {
            polls += one.e === POLLING ? 1 : 0;
        }
        if (kind === POLL) {
            if ((!polls && carrier.u <= now) || (polls < 2 && due)) {
                request(session, now, carrier, POLLING, free);
            }
            else if (!polls) {
                session.N = carrier.u;
            }
        }
        else {
            if (kind === SCRIPT && !polls && carrier.c) {
                request(session, now, carrier, POLLING, false);
            }
            if (due) {
                request(session, now, carrier, POSTING, free);
            }
            if (session.i) {
                session.N = session.i.o;
            }
        }
    }
}
function mayClose(session) {
    return session.e === CLOSING && !session.v;
}
function isOver(request) {
    return request.a || request.r.i;
}
/** Makes a request; with `loaded` it takes along what there is to send. */
function request(session, now, carrier, kind, loaded) {
    const attaching = kind === ATTACHING;
    const scripted = carrier.e.e === SCRIPT;
    const lines = [];
    const fields = kind === POSTING ? {} : { attach: carrier.a };
    const made = {
        r: carrier,
        e: kind,
        n: "",
        c: carrier.c,
        a: false,
        s: 0,
        o: attaching || scripted ? Infinity : now + session.y,
    };
    if (attaching) {
        fields["v"] = 1;
        fields["window"] = session.W;
        fields["ticket"] = carrier.c || undefined;
    }
    else if (kind === POLLING) {
        fields["poll"] = ++carrier.f;
        carrier.u = now;
        if (session.O > now) {
            fields["wait"] = 0;
            carrier.u += session.G;
        }
        carrier.c = "";
    }
    // What may not pass must not keep a carrier from attaching.
    const message = session.c[0];
    if (loaded && (!attaching || !message || message.e <= session.x)) {
        load$1(session, made, lines, fields, scripted ? now + SCRIPT_RESEND : Infinity);
    }
    made.n = header(session, attaching ? "A" : "P", fields) + "\n" + lines.join("\n");
    carrier.n = carrier.n.concat(made);
    session.r.push(() => session.a.n(made));
    said(session);
}
function load$1(session, made, lines, fields, deadline) {
    const repeated = session.i;
    const first = session.n + 1;
    if (repeated) {
        // And so what it ended with.
        session.v = false;
    }
    else {
        session.x = Math.min(session.x + GROWTH, MAX_BODY);
    }
    const last = fill(session, lines, Math.min(session.m - HEAD, session.x));
    if (lines.length) {
        fields["first"] = first;
        markSent(session, last);
    }
    if (last === lastOf(session)) {
        // Volatile events of a repeated serial would be dropped.
        for (const data of repeated ? [] : session.p) {
            lines.push(toLine(data));
        }
        if (made.r.t && mayClose(session)) {
            lines.push(closing(session));
        }
    }
    session.p = [];
    session.i = null;
    if (lines.length) {
        const serial = repeated ? repeated.w : ++session.w;
        fields["serial"] = serial;
        session.i = { w: serial, e: last < first ? 0 : last, n: made, o: deadline };
    }
}
/** A body with this batch has not passed, perhaps for its size: the next one is smaller. True if it cannot be. */
function narrow(session, batch, welcomed) {
    const count = batch.e - session.n;
    let size = 0;
    for (let i = 0; i < count; i++) {
        size += session.c[i].e;
    }
    if (size > SMALL$1) {
        session.x = size >> 1;
        if (count < 2 && welcomed) {
            session.E = session.F === batch.e ? session.E + 1 : 1;
            session.F = batch.e;
            return session.E >= TRIES;
        }
    }
    return false;
}
/** Adds what may be sent, in lines of about `limit` characters in all; at least one. Says the number of the last. */
function fill(session, lines, limit) {
    let last = session.n;
    for (let message; lines.length < MAX_LINES && (message = ready(session, last + 1)); last++) {
        const line = toLine(message.o);
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
    if (!session.h || session.e === ENDED) {
        return "";
    }
    const last = fill(session, lines, limit - HEAD);
    lines.push("z" + JSON.stringify({ code: "client_disconnect", "final": Math.max(last, session.l) }));
    return header(session, "P", { serial: session.w + 1, first: session.n + 1 }) + "\n" + lines.join("\n");
}
/** The last word, where no WebSocket can carry it. */
function lastWord(session, line) {
    return header(session, "P", { serial: ++session.w }) + "\n" + line;
}
/** Its welcome may name a ticket: of its stream, or of the next script. */
function welcomed(session, now, carrier, body, full) {
    const ticket = body["ticket"];
    if (typeof ticket === "string") {
        carrier.c = ticket;
        if (full && carrier.e.e === STREAM) {
            carrier.o = now + carrier.l;
            session.r.push(() => session.a.i(carrier, ticket));
        }
    }
}
/** A line of the answer to a request. */
function answer(session, now, request, line) {
    const carrier = request.r;
    const batch = session.i;
    const kind = carrier.e.e;
    if (!isOver(request)) {
        take(session, now, carrier, request, fromLine(line), kind !== STREAM || (!carrier.c && request.e === ATTACHING));
        if (kind !== SCRIPT && request.s && batch && batch.n === request) {
            // The answer has begun, so the whole request has arrived.
            session.i = null;
        }
    }
}
/** The answer to a request is over: with `null`, with the code of a refusal, or not at all (`""`). */
function answered(session, now, request, code) {
    const carrier = request.r;
    const batch = session.i;
    const kind = carrier.e.e;
    if (isOver(request)) {
        return;
    }
    request.a = true;
    carrier.n = without(carrier.n, request);
    if (code === null) {
        carrier.d = 0;
        if (batch && batch.n === request && (kind !== SCRIPT || batch.e <= session.n)) {
            session.i = null;
        }
        // A stream without ticket is the answer to its attach. An answer without welcome is no answer, only scripts have one elsewhere.
        const over = request.e === ATTACHING && kind === STREAM && !carrier.c;
        if (over || (!request.s && (kind !== SCRIPT || request.e !== POSTING))) {
            lose(session, carrier, carrier.t && over ? "end" : "");
        }
    }
    else if (batch &&
        batch.n === request &&
        (!code || code === "too_large" || code === "too_many_packets") &&
        narrow(session, batch, carrier.t)) {
        farewell(session, "undeliverable");
        end(session, "undeliverable");
    }
    else if (!code && request.e === POSTING && !carrier.d++) {
        session.S = true;
    }
    else if (code === "stale_poll" && kind === POLL && !carrier.d++) {
        // The next poll has a higher number, and is made at once.
        carrier.o = now + session.y;
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
        a: ask,
        r: post,
        t: welcomed,
        o: (io) => !!posterOf(io) && !!enabled(io),
        n(hub, attempt, request) {
            const first = request.e === ATTACHING;
            track(hub, attempt, request, (line, done) => {
                const io = hub.r;
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
        transport.i = (hub, attempt, ticket) => {
            const session = hub.e;
            const carrier = attempt.r;
            attempt.c.push(open(hub.r, ticket, (line) => {
                measure(hub, attempt, line);
                heard(session, now(), carrier, fromLine(line));
                if (attempt.p && !attempt.f) {
                    attempt.p = false;
                    hub.n(attempt);
                }
                hub.t();
            }, () => {
                refused(session, carrier, "");
                hub.t();
            }));
        };
    }
    return transport;
}
/** Makes a request, and tells the session what becomes of it. */
function track(hub, attempt, request, make) {
    const { t: transport } = attempt;
    const session = hub.e;
    const crowd = hub.s;
    let over = false;
    let stop;
    if (crowd) {
        crowd.t(attempt, request);
    }
    stop = make((line) => {
        if (crowd && request.e !== ATTACHING) {
            crowd.e(attempt);
        }
        // What keeps a stream alive is its own lines.
        if (transport.e !== STREAM || (request.e === ATTACHING && !transport.i)) {
            measure(hub, attempt, line);
        }
        answer(session, now(), request, line);
        hub.t();
    }, (code) => {
        if (crowd) {
            crowd.e(attempt);
        }
        if (stop) {
            attempt.c = without(attempt.c, stop);
        }
        over = true;
        answered(session, now(), request, code);
        hub.t();
    });
    if (!over) {
        attempt.c.push(stop);
    }
}
/** The answer to the server's `z`. */
function sayFarewell(hub, line) {
    const { r: io } = hub;
    const poster = posterOf(io);
    if (poster) {
        poster(io.t + "/send", lastWord(hub.e, line), io.e, null, () => { });
    }
}
/** Something has come over it. A stream of which much has come is replaced, before the server ends it. */
function measure(hub, attempt, line) {
    hub.a(attempt);
    attempt.b = (attempt.b || 0) + line.length;
    // A character is three bytes at most.
    if (attempt.b * 4 > hub.e.D) {
        attempt.b = 0;
        hub.c.d(now(), attempt);
    }
}
/** Cuts what arrives into lines. A line without its end was cut off, padding says nothing: neither is told (protocol.md, 2.3). */
function lineReader(line) {
    let rest = "";
    return (text) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop();
        for (const one of lines) {
            if (one && one.charAt(0) !== " ") {
                line(one);
            }
        }
    };
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

const event_source = /* @__PURE__ */ httpTransport("event_source", STREAM, classOf$1, false, (io, ticket, line, closed) => {
    const Class = classOf$1(io);
    let source;
    const close = () => {
        if (source) {
            source.close();
            source.onmessage = source.onerror = null;
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
        attach: carrier.a,
        window: session.W,
        first: session.t ? undefined : session.n + 1,
    });
    session.r.push(() => session.a.u(carrier, data));
}
function write(session, _now, carrier) {
    const out = (data) => {
        session.r.push(() => session.a.u(carrier, data));
    };
    const current = carrier === session.u;
    // Once another carrier has opened, only its own welcome tells what this one opened: after a restart of the server it is another session.
    if (carrier.r >= 0 && (current || !session.t)) {
        for (let message; (message = ready(session, carrier.r + 1));) {
            out(message.o);
            markSent(session, ++carrier.r);
        }
    }
    if (current) {
        const done = carrier.r === lastOf(session);
        if (done) {
            const fleeting = session.p;
            // Once: when a welcome comes, this is run before all carriers have their turn.
            session.p = [];
            for (const data of fleeting) {
                out(data);
            }
        }
        if (isDue(session)) {
            out("n" + session.d + "," + session.g);
            said(session);
        }
        if (done && session.e === CLOSING && !session.v) {
            out(closing(session));
        }
    }
}

const websocket = {
    name: "websocket",
    e: DUPLEX,
    a: hello,
    r: write,
    // What speaks only the draft of 2010 (Safari 5, PhantomJS 1) does not know CLOSING. PhantomJS 2 has no binaryType before there is an instance.
    o(io) {
        const Class = classOf(io);
        return !!Class && (!!io.e.WebSocket || "CLOSING" in Class);
    },
    c(io, opened, packet, closed) {
        const Class = classOf(io);
        const headers = io.e.extraHeaders;
        const url = io.t.replace(/^http/, "ws") + "/websocket";
        // Only an implementation for node takes headers.
        const socket = headers && io.e.WebSocket ? new Class(url, [], { headers }) : new Class(url);
        const end = () => {
            socket.onopen = socket.onmessage = socket.onclose = null;
        };
        socket.binaryType = "arraybuffer";
        socket.onopen = opened;
        socket.onmessage = (event) => packet(typeof event.data === "string" ? event.data : new Uint8Array(event.data));
        // Some engines tell of a failure by `close` alone, some by `error` first: `close` always comes. The `ws` package throws errors
        // that nobody listens to.
        socket.onerror = () => { };
        socket.onclose = (event) => {
            end();
            closed(event && actionOf(event.reason) ? event.reason : "");
        };
        return {
            n(data) {
                if (socket.readyState === 1) {
                    socket.send(data);
                }
            },
            t() {
                end();
                socket.close();
            },
            e: () => socket.bufferedAmount,
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
    const session = hub.e;
    /** Lets go of the connections of this carrier: polls that do not hang do with what is left to them. */
    const yieldTo = (attempt) => {
        let able = !hub.f;
        for (const way of hub.i) {
            able = able || way.e === POLL;
        }
        if (able) {
            refused(session, attempt.r, CROWDED);
            hub.t();
        }
    };
    const wait = (attempt, time) => {
        const due = now() + time;
        attempt.h = later(() => {
            attempt.h = 0;
            if (now() > due + LATE) {
                wait(attempt, time);
            }
            else {
                yieldTo(attempt);
            }
        }, time);
    };
    const answered = (attempt) => {
        clearTimeout(attempt.h);
        attempt.h = 0;
    };
    const owe = () => {
        session.S = true;
        hub.t();
    };
    return root.location
        ? {
            t(attempt, request) {
                if (request.e !== ATTACHING && memory.tight <= now()) {
                    if (attempt.t.e !== POLL || request.r.n.length > 1) {
                        if (!attempt.h && request.n.length < SMALL) {
                            attempt.c.push(() => answered(attempt));
                            wait(attempt, TIME + 4 * memory.rtt);
                        }
                    }
                    else if (request.e === POLLING && request.r.f === 1) {
                        // Is there a connection left for another?
                        soon(owe);
                    }
                }
            },
            e: answered,
            n(attempt) {
                const kind = attempt.t.e;
                if (kind !== DUPLEX && isTight() && kind === STREAM) {
                    yieldTo(attempt);
                }
                else if (kind === STREAM) {
                    // Is there a connection left for this?
                    owe();
                }
            },
        }
        : undefined;
}

/** Tells when the page is left, for good or `stored` by the browser, and when to look after the connection at once: `surely` if it has most likely gone. */
function watchPage(leave, wake) {
    const { document } = root;
    if (!document || !root.addEventListener) {
        return () => { };
    }
    const hear = (event) => {
        const { type } = event;
        const { persisted } = event;
        const seen = type === "visibilitychange";
        if (type === "pagehide") {
            leave(persisted);
        }
        else if (seen ? !document.hidden : type !== "pageshow" || persisted) {
            wake(!seen);
        }
    };
    const each = (method) => {
        for (const type of ["pagehide", "pageshow", "online"]) {
            root[method](type, hear);
        }
        // Chromium freezes pages that are hidden.
        for (const type of ["visibilitychange", "resume"]) {
            document[method](type, hear);
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
    const memory = { best: "", until: 0, rtt: 0, tight: 0, failed: {} };
    // However wrong the time of day was or is.
    const here = (until) => Math.min(now + KEPT, until - ahead);
    try {
        const kept = JSON.parse(store.get(key) || "{}");
        if (here(kept.until) > now) {
            memory.best = kept.best;
            memory.until = here(kept.until);
            memory.rtt = +kept.rtt || 0;
        }
        memory.tight = here(kept.tight) || 0;
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
function save(store, key, memory, now, ahead) {
    const { best, rtt } = memory;
    const failed = {};
    for (const name in memory.failed) {
        const { why, until } = memory.failed[name];
        if (until > now) {
            failed[name] = { why, until: until + ahead };
        }
    }
    try {
        store.set(key, JSON.stringify({ best, until: memory.until + ahead, rtt, tight: memory.tight + ahead, failed }));
    }
    catch (_) {
        // The user's store is the user's.
    }
}

// The plan of all but the smallest client: negotiation, what it remembers, and what it tries.
function negotiate(hub, limits, host) {
    const { r: io, f: own, i: ways, e: session } = hub;
    const store = io.e.memory || storage;
    const ahead = () => wall() - now();
    // What is learnt counts for this origin, and among these transports.
    let place = "everwire " + io.t.replace(/^(\w+:\/\/[^/]+).*/, "$1");
    let stop = () => { };
    if (io.e.transports) {
        for (const way of ways) {
            place += " " + way.name;
        }
    }
    const memory = load(store, place, now(), ahead());
    /** Another page may have found out. */
    const isTight = () => {
        session.O = memory.tight = Math.max(memory.tight, load(store, place, now(), ahead()).tight);
        return memory.tight > now();
    };
    session.O = memory.tight;
    hub.s = watchCrowd(hub, memory, isTight);
    return createNegotiation(ways, limits, Math.random, memory, host, {
        t(transport, done) {
            if (own && transport.e === STREAM && isTight()) {
                done(now(), CROWDED);
            }
            else if (own) {
                stop = trial(io, transport, (report) => {
                    done(now(), report.ok ? null : report.why);
                    hub.t();
                });
            }
        },
        e() {
            session.O = memory.tight;
            if (own && ways.length > 1) {
                save(store, place, memory, now(), ahead());
            }
        },
        n: () => stop(),
    });
}

/** How often to look whether the machine has slept. */
const PULSE = 5000;
/** Browsers refuse more than 64 KiB. */
const MAX_BEACON = 32768;
function watch(hub) {
    const session = hub.e;
    let pulse;
    let pulseAt = 0;
    /** Machines sleep without a word, and their clocks may stop. */
    const beat = () => {
        if (pulseAt && wall() - pulseAt > PULSE + session.j) {
            hub.o(false);
        }
        pulseAt = wall();
        pulse = later(beat, PULSE);
    };
    const stop = watchPage((stored) => {
        const { navigator } = root;
        if (stored) {
            // It may come back and resume: only what it holds is let go.
            hub.l();
            return;
        }
        // The page is going away: the last words go by beacon.
        const body = beacon(session, MAX_BEACON);
        if (body && navigator && navigator.sendBeacon) {
            navigator.sendBeacon(hub.r.t + "/send", body);
        }
    }, hub.o);
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
    e: modernTransports,
    t: modernTransports,
    c: negotiate,
    r: binaryForm,
    n: watch,
    s: sayFarewell,
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
    a: ask,
    r: post,
    t: welcomed,
    o: () => !!root.document,
    n(hub, attempt, request) {
        track(hub, attempt, request, (line, done) => {
            const { e: kind, n: body } = request;
            if (kind === POSTING) {
                return postForm(hub.r, body, () => done(null));
            }
            const stopForm = kind === ATTACHING ? postForm(hub.r, body, () => { }) : () => { };
            const { d: received, g: consumed } = hub.e;
            const counts = "&poll=" + request.r.f + "&received=" + received + "&consumed=" + consumed;
            const stopScript = loadScript(hub.r, "ticket=" + request.c + (kind === POLLING ? counts : ""), line, done);
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
    var _a;
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
    (_a = document.getElementsByTagName("head")[0]) === null || _a === void 0 ? void 0 : _a.appendChild(script);
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
    if (!old.btoa) {
        platform.e = encodeBase64;
        platform.t = decodeBase64;
    }
    if (!old.crypto || !old.crypto.getRandomValues) {
        // What is drawn here is good for seconds only.
        platform.n = (bytes) => {
            for (let i = 0; i < bytes.length; i++) {
                bytes[i] = Math.floor(Math.random() * 256);
            }
        };
    }
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
const legacy = {
    e: /* @__PURE__ */ usual.concat(jsonp),
    t: usual,
    c: negotiate,
    r: binaryForm,
    n: watch,
    s: sayFarewell,
    o: legacyPost,
    a: legacyStreams,
};

export { binaryForm, diagnoseBy, event_source, forever_iframe, jsonp, legacy, long_polling, mend, modern, open, retry, streaming, websocket };
//# sourceMappingURL=shared.mjs.map
