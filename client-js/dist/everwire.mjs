/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
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

/** Node 18 has no global `crypto`: for node the package takes random.node.ts instead. */
function randomBytes() {
    const bytes = new Uint8Array(16);
    // WebKit of 2011 fills what it is given, and answers nothing.
    crypto.getRandomValues(bytes);
    return bytes;
}

/** Workers have no `window`, engines before 2018 no `globalThis`. */
const root = (typeof globalThis === "undefined" ? self : globalThis);

/** What every environment of today has, in one way or another. `everwire/legacy` puts its own in the place of what is missing. */
const platform = {
    _btoa: (chars) => btoa(chars),
    _atob: (text) => atob(text),
    /** 128 of them. */
    _random: () => randomBytes(),
    /** What a URL says, and what it lacks the page. */
    _locate: (url) => new URL(url, root.location && root.location.href),
    /** Milliseconds that never go back. */
    _now: () => performance.now(),
    _soon: (run) => void Promise.resolve().then(run),
    /** What `run` gives, now or later, goes to `done`; what goes wrong, in `done` too, to `fail`. */
    _promise: (run, done, fail, then) => void new Promise(run).then(done).then(null, fail).then(then),
};

// The only folder that touches globals, and only when a client connects: so the module loads anywhere.
/** Milliseconds, never going back where the platform has such a clock. */
function now() {
    return Math.floor(platform._now());
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
    platform._soon(run);
}
/** 128 random bits, as protocol.md wants them (section 4.1): numbers with dashes between. */
function secret() {
    return [].join.call(platform._random(), "-");
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
        _host: host,
        _secret: secret,
        _state: OPENING,
        _limits: LIMITS,
        _rest: 1000,
        _key: secret(),
        _attaches: 0,
        _serial: 0,
        _fits: MAX_BODY,
        _tries: 0,
        _carriers: [],
        _fleeting: [],
        _queue: [],
        _wake: Infinity,
        _closeDeadline: Infinity,
        _log: [],
        _base: 0,
        _sent: 0,
        _bytes: 0,
        _returned: 0,
        _credited: 0,
        _window: window,
        _received: 0,
        _consumed: 0,
        _taken: 0,
        _saidConsumed: 0,
    };
}
/** So long a carrier that has answered may be mute. */
function patienceOf(session) {
    return session._limits["ping"] + session._limits["timeout"];
}
/** Is it a count, a size or a time (protocol.md, section 2.1)? */
function isCount(value) {
    return typeof value === "number" && value >= 0 && value < 9007199254740992 && value % 1 === 0;
}
/** Something has come: who asks for more is not asking for nothing. */
function brought(session, now, carrier) {
    if (carrier._way._kind >= POLL && !(session._tight > now)) {
        carrier._rested = now;
    }
}
/** What is to be done next, if anything. */
function next(session, now) {
    if (!session._queue.length && session._state !== ENDED) {
        session._wake = Infinity;
        for (const carrier of session._carriers) {
            carrier._way._flush(session, now, carrier);
        }
        // What no carrier could take at once is gone.
        session._fleeting = [];
    }
    return session._queue.shift();
}

// How carriers are given up.
/** A carrier is gone, or given up. */
function lose(session, carrier, code) {
    // The server may tell the old carrier sooner than the new one: the session has one.
    const moving = code === "taken_over" && carrier !== session._carriers[session._carriers.length - 1];
    drop(session, carrier, code);
    if (carrier === session._current) {
        session._current = null;
    }
    if (!session._current && !moving && session._state === OPENED) {
        session._state = SUSPENDED;
        session._queue.push(() => session._host._suspended());
    }
}
function drop(session, carrier, code) {
    carrier._gone = true;
    session._carriers = without(session._carriers, carrier);
    session._saidClose = false;
    session._queue.push(() => session._host._drop(carrier, code));
}

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

// Base64 by the platform's own, which every environment with binary WebSockets has.
function toBase64(bytes) {
    return platform._btoa(toChars(bytes));
}
/** Null unless the text is base64 with its padding and nothing else: then it reads the same when it is written again. */
function fromBase64(text) {
    try {
        const chars = platform._atob(text);
        return platform._btoa(chars) === text ? fromChars(chars) : null;
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
    return typeof data === "string" ? parseText(data) : binary ? binary._read(data) : "attachments";
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
        return { _type: type, _namespace: parts[2] || "/", _id: id ? +id : null, _body: body ? JSON.parse(body, revive) : undefined };
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
        text = (binary ? binary._text(body, attachments) : JSON.stringify(body, refuseBinary)) || "";
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
    return binary && attachments.length ? binary._write(head, attachments) : head;
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

// The two directions of a session (protocol.md, sections 3 and 6). They meet only in an attach and in the counts.
/** Sends in time, once and in order. */
function push(session, message) {
    session._log.push(message);
    session._bytes += message._size;
    message._credit = session._credited += message._credited ? message._size : 0;
}
/** The number of the last message, sent or not. */
function lastOf(session) {
    return session._base + session._log.length;
}
/** Message `number`, if it exists and credit allows it (and so all before it). */
function ready(session, number) {
    const message = session._log[number - session._base - 1];
    return message && message._credit <= session._returned + session._limits["window"] ? message : undefined;
}
function markSent(session, number) {
    session._sent = Math.max(session._sent, number);
}
/** The peer's counts. False if it confirms what was never sent. */
function confirm(session, received, consumed) {
    if (received > session._sent) {
        return false;
    }
    if (consumed > session._returned) {
        session._returned = consumed;
    }
    for (; session._base < received; session._base++) {
        session._bytes -= session._log.shift()._size;
    }
    return true;
}
/** Have the counts grown enough that the server should hear of it? Or does it wait for them? */
function isDue(session) {
    return (session._owesCounts ||
        Math.max(session._taken, session._consumed - session._saidConsumed) * 4 >= session._window);
}
function said(session) {
    session._owesCounts = false;
    session._taken = 0;
    session._saidConsumed = session._consumed;
}
/** What an encoded packet is to the session. */
function messageOf(namespace, data, credited) {
    return { _namespace: namespace, _data: data, _size: sizeOf(data), _credited: credited };
}

// A session closes, or is closed (protocol.md, section 9).
const CLOSE_TIME = 5000;
/** Sends what is there, then ends the session; in 5 s at the latest. */
function close(session, now, code) {
    if (session._state < CLOSING) {
        session._closeCode = code;
        session._closeDeadline = now + CLOSE_TIME;
        session._state = CLOSING;
        if (!session._attaches && !session._credited) {
            // Nothing was said, and nothing is there that is worth it.
            end(session, code);
        }
    }
}
/** The server's `z`. */
function closed(session, now, body) {
    if (session._state === CLOSING) {
        if (session._saidClose && body["code"] === session._closeCode) {
            // An answer: everything has arrived.
            confirm(session, session._sent, 0);
        }
        end(session, session._closeCode);
    }
    else {
        session._farewell = body;
        session._closeDeadline = Math.min(session._closeDeadline, now + CLOSE_TIME);
        finish(session);
    }
}
/** Answers the server's `z` once everything before it is here. */
function finish(session) {
    const z = session._farewell;
    if (z && session._received >= z["final"]) {
        farewell(session, z["code"]);
        giveUp(session);
    }
}
/** The last word, on whatever carries it. */
function farewell(session, code) {
    const current = session._current;
    session._closeCode = code;
    const line = closing(session);
    session._queue.push(() => {
        if (current && !current._way._kind) {
            session._host._write(current, line);
        }
        else {
            session._host._farewell(line);
        }
    });
}
/** The client's `z`. */
function closing(session) {
    session._saidClose = true;
    return "z" + JSON.stringify({ code: session._closeCode, "final": session._sent });
}
/** The server has closed, or a close has taken too long. */
function giveUp(session) {
    const z = session._farewell || {};
    end(session, (z["code"] || session._closeCode), textOr("", z["reason"]), z["retry"]);
}
/** The session is over, without another word to the server. */
function end(session, code, reason = "", retry = 0) {
    if (session._state !== ENDED) {
        if (session._state === CLOSING) {
            code = session._closeCode;
        }
        session._state = ENDED;
        while (session._carriers.length) {
            drop(session, session._carriers[0], null);
        }
        session._current = null;
        session._queue.push(() => session._host._ended(code, reason, retry, session._log));
    }
}

// A carrier attaches, and is welcomed (protocol.md, section 4).
const COUNTS = ["first", "received", "consumed"];
const GRANT = COUNTS.concat(["ping", "timeout", "window", "max", "acks"]);
/** No carrier is given up for a silence shorter than this, whatever the server says. */
const LEAST = 500;
/** What is sent with it goes at once: a volatile event that it takes along is gone for the current carrier. */
function attach(session, now, carrier) {
    carrier._attach = ++session._attaches;
    carrier._token = session._token;
    carrier._deadline = now + carrier._patience;
    // Only an opening client knows where the server stands: at nothing.
    carrier._cursor = session._id ? -1 : session._base;
    carrier._ticket = carrier._way._kind === SCRIPT ? session._secret() : "";
    session._carriers = session._carriers.concat(carrier);
    carrier._way._attach(session, now, carrier);
}
/** The first packet, or line, of what attaches or posts. */
function header(session, type, fields) {
    fields["received"] = session._received;
    fields["consumed"] = session._consumed;
    if (session._id) {
        fields["session"] = session._id;
        fields["token"] = session._token;
    }
    else {
        fields["key"] = session._key;
    }
    return type + JSON.stringify(fields);
}
/** What begins a body or carrier going down. False if it cannot be read. */
function welcome(session, now, carrier, down, body) {
    const full = !!body["session"];
    const base = session._base;
    if (!(full || carrier._welcomed) || !body["first"] || (full && (typeof body["session"] !== "string" || typeof body["token"] !== "string"))) {
        return false;
    }
    for (const key of full ? GRANT : COUNTS) {
        if (!isCount(body[key])) {
            return false;
        }
    }
    down._position = body["first"];
    if ((!full || carrier._welcomed || adopt(session, now, carrier, body)) &&
        counts(session, body["received"], body["consumed"])) {
        if (session._base > base) {
            brought(session, now, carrier);
        }
        if (carrier._way._welcomed) {
            carrier._way._welcomed(session, now, carrier, body, full);
        }
    }
    return true;
}
/** The carrier is the current one from now on. False if it cannot be. */
function adopt(session, now, carrier, body) {
    const state = session._state;
    if (session._id && body["session"] !== session._id) {
        // The key has opened another session: the server knows nothing of this one.
        end(session, "unknown_session");
        return false;
    }
    if (carrier._cursor < 0) {
        carrier._cursor = body["received"];
    }
    if (!carrier._way._kind && carrier._cursor < session._base) {
        // Counts that came another way were faster: what must come first on this WebSocket is gone.
        lose(session, carrier, "stale");
        return false;
    }
    carrier._welcomed = true;
    session._id = body["session"];
    session._token = body["token"];
    session._limits = body;
    session._limits["timeout"] = Math.max(session._limits["timeout"], LEAST);
    carrier._deadline = now + patienceOf(session);
    session._current = carrier;
    // Older ones have nothing more to say. Newer ones may still win.
    while (session._carriers[0] !== carrier) {
        drop(session, session._carriers[0], null);
    }
    if (state !== CLOSING) {
        session._state = OPENED;
    }
    session._queue.push(() => session._host._opened(carrier, state === SUSPENDED, state === OPENED));
    if (!carrier._way._kind) {
        // What is confirmed from now on has its place here too, since what follows is numbered by it: it is written while it is still kept.
        carrier._way._flush(session, now, carrier);
    }
    // What was emitted before this server's limit was known must not be tried for ever.
    if (find(session._log, (message) => message._size > session._limits["max"])) {
        end(session, "too_large");
    }
    return session._state !== ENDED;
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
    if (carrier._gone) {
        return;
    }
    if (carrier._welcomed && alive) {
        carrier._deadline = now + patienceOf(session);
    }
    const packet = parse(data);
    if (typeof packet === "string") {
        malformed(session, carrier, packet);
        return;
    }
    const type = packet._type;
    const body = (packet._body || {});
    if (type === "r") {
        // After a welcome, what was refused in a body is a ticket: spent, perhaps, by a browser that asked twice. It is no proof.
        const code = learn(body["error"], body["then"]);
        refused(session, carrier, carrier._welcomed && carrier._way._kind && code === "unknown_session" ? "stale" : code);
    }
    else if (type === "W" ? !welcome(session, now, carrier, down, body) : !down._position) {
        malformed(session, carrier, "bad_packet");
    }
    else if (isCounted(type)) {
        counted(session, carrier, down, packet, sizeOf(data));
        brought(session, now, carrier);
    }
    else if (type === "v") {
        brought(session, now, carrier);
        session._queue.push(() => session._host._deliver(packet, 0));
    }
    else if (type === "h") {
        // The next poll answers it anyway. A flood of them for nothing is not followed.
        if (carrier._way._kind !== POLL && (session._taken || carrier._rested <= now)) {
            session._owesCounts = true;
            carrier._rested = now + QUIET;
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
    const ahead = down._position++ - session._received - 1;
    if (!ahead) {
        session._received++;
        session._taken += size;
        session._queue.push(() => session._host._deliver(packet, packet._type === "e" ? size : 0));
        finish(session);
    }
    else if (ahead > 0 && (carrier._way._kind !== POLL || carrier._requests.length < 2)) {
        // With two polls under way the later may be answered first: what it skips, the next one asks for.
        lose(session, carrier, "gap");
    }
}
/** A carrier is given up for a packet that cannot be read; the session, if the same one cannot be read twice. */
function malformed(session, carrier, code) {
    if (carrier._welcomed && session._poison === session._received) {
        end(session, code);
    }
    else {
        session._poison = carrier._welcomed ? session._received : null;
        lose(session, carrier, code);
    }
}
/** The server will not have the carrier, or it is gone without a code (`""`). */
function refused(session, carrier, code) {
    const newest = carrier._token === session._token;
    // Said of a proof that has a successor by now, it is no news of the session.
    const outdated = code === "unknown_session" && !carrier._welcomed && !newest;
    if (carrier._gone) {
        return;
    }
    if ((endsSession(code) && !outdated) || (code === "stale_token" && newest)) {
        if (code === session._closeCode) {
            // The answer to our close was overtaken or is lost: everything has arrived.
            confirm(session, session._sent, 0);
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
    let next = Math.min(session._closeDeadline, session._wake);
    for (const carrier of session._carriers) {
        next = Math.min(next, deadlineOf(carrier));
    }
    return session._state === ENDED ? Infinity : next;
}
/** What is given up now is lost with this code. */
function timeout(session, now, code) {
    for (const carrier of session._carriers) {
        if (deadlineOf(carrier) <= now) {
            lose(session, carrier, code);
        }
    }
    if (session._closeDeadline <= now) {
        giveUp(session);
    }
}
/** When it is given up, over itself or one of its requests. */
function deadlineOf(carrier) {
    let deadline = carrier._deadline;
    for (const request of carrier._requests) {
        deadline = Math.min(deadline, request._deadline);
    }
    return deadline;
}

/** Who has closed a session is not told anything any more. */
const DEAF = {
    _deliver() { },
    _carried() { },
    _suspended() { },
    _sent() { },
    _failing() { },
    _ended() { },
};
/** A volatile event does not wait behind more bytes than this. */
const CONGESTED = 65536;
/** Bytes: twice what a user may have waiting. */
const MAX_UNCONFIRMED = 8388608;
/** A timer that is later than this says that the machine has slept. */
const SLEPT = 1000;
function createDriver(io, ways, limits, listener, own) {
    const kit = io._kit;
    let draining = false;
    let scheduled = false;
    let timer;
    let timerAt = Infinity;
    let lostBy = "";
    let live = [];
    let stopWatching = () => { };
    const unlink = (attempt) => {
        const aborts = attempt._aborts;
        live = without(live, attempt);
        attempt._closed = true;
        attempt._aborts = [];
        for (const abort of aborts) {
            abort();
        }
    };
    const fail = (attempt, code) => {
        unlink(attempt);
        plan._failed(now(), attempt, code);
    };
    const session = createSession(io._options.window || 1048576, secret, {
        _write({ _duplex: duplex }, data) {
            if (duplex) {
                duplex._send(data);
            }
        },
        _request(request) {
            const attempt = request._carrier;
            if (!attempt._closed) {
                attempt._way._request(hub, attempt, request);
            }
        },
        _stream(attempt, ticket) {
            if (!attempt._closed && attempt._way._stream) {
                attempt._way._stream(hub, attempt, ticket);
            }
        },
        _drop(attempt, code) {
            if (code !== null) {
                lostBy = code;
                fail(attempt, code);
            }
            else {
                plan._overtaken(now(), attempt);
                unlink(attempt);
            }
        },
        _deliver(packet, size) {
            listener._deliver(packet);
            session._consumed += size;
        },
        _opened(attempt, resumed) {
            if (!attempt._closed) {
                listener._carried(attempt._way.name, resumed);
                if (!attempt._way._stream) {
                    hub._proven(attempt);
                }
            }
        },
        _suspended: () => listener._suspended(lostBy),
        _farewell(line) {
            if (kit._farewell) {
                kit._farewell(hub, line);
            }
        },
        _ended(code, reason, retry, unconfirmed) {
            clearTimeout(timer);
            plan._end();
            stopWatching();
            hub._letGo();
            listener._ended(code, reason, retry, unconfirmed);
        },
    });
    const connect = (attempt) => {
        const gone = () => {
            if (attempt._attach) {
                refused(session, attempt, "");
            }
            else {
                fail(attempt, "");
            }
            hub._drain();
        };
        try {
            const duplex = attempt._way._open(io, () => {
                attach(session, now(), attempt);
                plan._opened(now(), attempt);
                hub._drain();
            }, (data) => {
                hub._heard(attempt);
                heard(session, now(), attempt, data);
                hub._drain();
            }, gone);
            attempt._duplex = duplex;
            attempt._aborts.push(duplex._close);
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
                hub._drain();
            });
        }
    };
    const hub = {
        _io: io,
        _ways: ways,
        _session: session,
        _own: own,
        _drain() {
            if (!draining) {
                draining = true;
                try {
                    for (let run; (run = next(session, now()) || (session._state === ENDED ? undefined : plan._next(now())));) {
                        run();
                    }
                }
                finally {
                    draining = false;
                }
                listener._sent();
                let due = session._state === ENDED ? Infinity : Math.min(nextTimeout(session), plan._nextTimeout());
                for (const attempt of live) {
                    // Of a connection that does not stand yet only this keeps the time.
                    due = Math.min(due, attempt._deadline);
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
                            if (!attempt._attach && attempt._deadline <= now()) {
                                fail(attempt, code);
                            }
                        }
                        hub._drain();
                    }, Math.max(0, due - now()));
                }
            }
        },
        _letGo() {
            for (const attempt of live) {
                unlink(attempt);
            }
        },
        _proven(attempt) {
            plan._carried(now(), attempt);
            hub._heard(attempt);
            if (listener._proven) {
                listener._proven();
            }
        },
        _heard() { },
        _check() { },
        _replace() { },
    };
    const plan = kit._plan(hub, limits, {
        _start(attempt) {
            live = live.concat(attempt);
            if (attempt._way._open) {
                connect(attempt);
            }
            else {
                attach(session, now(), attempt);
            }
        },
        _failing: (code) => listener._failing(code),
        _giveUp: () => end(session, "no_transport"),
    });
    return {
        _session: session,
        _start() {
            if (own && kit._watch) {
                stopWatching = kit._watch(hub);
            }
            if (ways.length) {
                plan._begin(now());
            }
            else {
                listener._failing("");
                end(session, "no_transport");
            }
            hub._drain();
        },
        _push(message) {
            // Answers do not wait for room; a server that asks on and on without confirming any is not served for ever.
            if (session._bytes > MAX_UNCONFIRMED) {
                end(session, "buffer_full");
            }
            else {
                push(session, message);
            }
            flush();
        },
        _pushVolatile(data) {
            const current = session._current;
            const duplex = current && current._duplex;
            if (session._state === OPENED && !(duplex && duplex._buffered() > CONGESTED)) {
                session._fleeting.push(data);
                flush();
            }
        },
        _close(code) {
            listener = DEAF;
            plan._close(now());
            close(session, now(), code);
            hub._drain();
        },
    };
}

/** The place of handlers for any event: no event has this name. */
const ANY = null;
/** Handlers in their order. The list is never changed in place, so a handler may add and remove any while it runs. */
function createEmitter() {
    let entries = [];
    return {
        _on(place, run, once) {
            entries = entries.concat({ _place: place, _run: run, _once: once });
        },
        _off(place, run) {
            for (const entry of entries) {
                if ((place === undefined ? entry._place !== ANY : entry._place === place) && (!run || entry._run === run)) {
                    entries = without(entries, entry);
                }
            }
        },
        _fire(place, args, thrown) {
            let count = 0;
            for (const entry of entries) {
                if (entry._place === place) {
                    count++;
                    if (entry._once) {
                        entries = without(entries, entry);
                    }
                    try {
                        entry._run.apply(undefined, args);
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
const UNKNOWN = { _limits: LIMITS, _bytes: 0, _log: [], _sent: 0, _base: 0 };
const MAX_QUEUED = 4194304;
function createSocket(host, namespace, auth) {
    const driverOf = host._driver;
    const events = createEmitter();
    let pending = {};
    let lastId = 0;
    /** What was emitted before the namespace was asked for. */
    let waiting = [];
    let waitingBytes = 0;
    const draining = [];
    // ---- going out
    const sessionOf = () => (driverOf() || { _session: UNKNOWN })._session;
    const post = (type, id, body) => {
        const event = type === "e";
        const driver = driverOf();
        const session = sessionOf();
        const message = messageOf(namespace, encode(type, namespace, id, body), event);
        const size = message._size;
        const queued = size + socket.bufferedBytes();
        // An error report comes from no call that could fail.
        if (type !== "x" && size > session._limits["max"]) {
            throw failure("too_large");
        }
        if (type === "v") {
            if (driver && socket.connected) {
                driver._pushVolatile(message._data);
            }
        }
        else if (event && queued > MAX_QUEUED) {
            throw failure("buffer_full");
        }
        else if (!driver || !socket._joined) {
            if (event) {
                waiting.push(message);
                waitingBytes += size;
            }
        }
        else {
            driver._push(message);
        }
    };
    const send = (event, args, ms, type = "e") => {
        const done = args[args.length - 1];
        if (type === "v" || typeof done !== "function") {
            post(type, null, [event].concat(args));
            return;
        }
        if (host._acks >= sessionOf()._limits["acks"]) {
            throw failure("pending_acks");
        }
        const id = ++lastId;
        post("e", id, [event].concat(args.slice(0, -1)));
        host._acks++;
        const timer = ms && setTimeout(() => settle(id, failure("timeout")), ms);
        pending[id] = (...answer) => {
            host._acks--;
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
        const { _type: type, _id: id } = packet;
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
        events._fire(ANY, [event].concat(args), thrown);
        if (!events._fire(event, args, thrown)) {
            fail("no_handler");
        }
    };
    const on = (place, handler, once) => {
        events._on(place, handler, once);
        return socket;
    };
    const off = (place, handler) => {
        events._off(place, handler);
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
        bufferedBytes: () => waitingBytes + sessionOf()._bytes,
        drained: () => new Promise((resolve) => {
            draining.push(resolve);
            socket._drain();
        }),
        timeout: (ms) => ({
            emit: (event, ...args) => send(event, args, ms),
            emitWithAck: (event, ...args) => ask(event, args, ms),
        }),
        connect() {
            host._open(socket);
            return socket;
        },
        close() {
            host._close(socket);
            return socket;
        },
        _wanted: false,
        _joined: false,
        _fire: (event, ...args) => void events._fire(event, args, rethrow),
        _take(packet) {
            const { _type: type, _id: id } = packet;
            const body = packet._body || {};
            if (type === "a") {
                settle(id, null, body);
            }
            else if (type === "x") {
                const { event = null } = body;
                const code = textOr("bad_data", body.code);
                const message = textOr("", body.message);
                if (!settle(id, failure(code, message)) && id === null) {
                    socket._fire("error", { code, event, message });
                }
            }
            else {
                const args = [].concat(body);
                handle(packet, args.shift(), args);
            }
        },
        _end(code, reason, unconfirmed) {
            const was = socket.connected;
            const failed = pending;
            socket.connected = socket.recovered = socket._joined = false;
            socket.id = socket.transport = null;
            pending = {};
            for (const id in failed) {
                failed[id](failure("session_ended"));
            }
            // One that was never connected may have lost events, too.
            if (was || unconfirmed) {
                socket._fire("disconnect", { code, reason, unconfirmed });
            }
            socket._drain();
        },
        _drain() {
            const { _log: log, _sent: sent, _base: base } = sessionOf();
            if (!waitingBytes && !log[sent - base]) {
                for (const done of draining.splice(0)) {
                    done();
                }
            }
        },
        _release() {
            socket._joined = true;
            for (const message of waiting) {
                driverOf()._push(message);
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
    withBinary(kit._binary || given.binary);
    const client = find(clients, (one) => suits(one._io, io) && !one._socketOf(namespace)) || createClient(io);
    const socket = createSocket(client, namespace, given.auth);
    client._open(socket);
    return socket;
}
/** Where it connects to, and by what. Throws if that is no URL, as one without a host where there is no page. */
function createIo(kit, url = "", options = {}) {
    const path = options.path || "/everwire";
    const place = url || path;
    const { protocol, host, pathname } = platform._locate(place);
    const mount = pathname.replace(/\/+$/, "") || path;
    return { _kit: kit, _url: protocol.replace("ws", "http") + "//" + host + mount, _options: options };
}
/** Options of one session are those of its first socket: who wants others says that it is not to be shared. */
function suits(mine, other) {
    return mine._options.multiplex !== false && other._options.multiplex !== false && mine._kit === other._kit && mine._url === other._url;
}
function createClient(io) {
    const { reconnection } = io._options;
    const { attempts = Infinity, delay = 500, maxDelay = 10000 } = reconnection === false ? { attempts: 0 } : reconnection || {};
    const limits = { _attempts: attempts, _pause: (tries) => backoff(tries, delay, maxDelay, Math.random) };
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
            driver._push(messageOf(namespace, encode(type, namespace, id, body), false));
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
                if (socket._joined) {
                    tell(socket);
                }
            }
        };
        const mine = createDriver(io, filter(io._kit._choose(io._options.transports), (way) => way._enabled(io)), limits, {
            _deliver: deliver,
            _carried(carrier, resumed) {
                const changed = name !== carrier;
                name = carrier;
                openedAt = openedAt || now();
                each((socket) => {
                    socket.transport = carrier;
                    if (resumed) {
                        socket._fire("resumed");
                    }
                    if (changed) {
                        socket._fire("transport", carrier);
                    }
                });
            },
            _suspended: () => each((socket) => {
                socket.transport = null;
                socket._fire("suspended");
            }),
            _sent: () => each((socket) => socket._drain()),
            _failing: (code) => each((socket) => {
                if (!socket.connected) {
                    socket._fire("connect_error", failure(code || "no_transport", "no transport works"));
                }
            }),
            _ended: ended,
        }, true);
        const joining = sockets;
        // One flight opens the session and its namespaces, so all auths have to be there.
        let missing = joining.length;
        driver = mine;
        name = null;
        for (const socket of joining) {
            join(socket, () => {
                if (!--missing && driver === mine) {
                    mine._start();
                }
            });
        }
    };
    /** Asks for the socket's auth, then for its namespace; or says it again with fresh auth. */
    const join = (socket, then) => {
        const mine = driver;
        platform._promise((done) => ask$1(socket.auth, done), (auth) => {
            if (driver === mine && socket._wanted) {
                control("c", socket.namespace, auth);
                if (!socket._joined) {
                    socket.transport = name;
                    socket._release();
                }
            }
        }, (error) => {
            // What there is holds until the server ends it: then it is asked for again.
            if (!socket._joined) {
                refuse(socket, "auth", String((error && error.message) || error));
            }
        }, then);
    };
    const refuse = (socket, code, message, data) => {
        forget(socket);
        socket._end(code, message, 0);
        socket._fire("connect_error", failure(code, message, data));
    };
    /** The socket is not wanted any more; without any, the session is not. */
    const forget = (socket) => {
        socket._wanted = false;
        sockets = without(sockets, socket);
        if (!sockets.length) {
            const last = driver;
            driver = null;
            clearTimeout(timer);
            timer = null;
            clients = without(clients, client);
            if (last) {
                last._close("client_disconnect");
            }
        }
    };
    const deliver = (packet) => {
        const { _type: type, _namespace: namespace } = packet;
        const socket = socketOf(namespace);
        const body = (packet._body || {});
        if (!socket || !socket._joined) {
            if (type === "e") {
                control("x", namespace, { code: "unknown_namespace" }, packet._id);
            }
        }
        else if (type === "o") {
            socket.id = body["id"];
            if (!socket.connected) {
                socket.connected = true;
                socket._fire("connect", { recovered: false });
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
            socket._end(textOr("server_disconnect", body["code"]), textOr("", body["reason"]), 0);
        }
        else {
            socket._take(packet);
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
            socket._end(code, reason, countEvents(unconfirmed, socket.namespace));
            // That no transport works has been told when the last of them failed.
            if (!connected && (over || !opened) && code !== "no_transport") {
                socket._fire("connect_error", failure(code, reason));
            }
        }
        if (!over && sockets.length) {
            tries = stood ? 0 : tries + 1;
            if (then === OPEN && stood) {
                soon(start);
            }
            else {
                timer = later(start, Math.max(retry, limits._pause(tries)));
            }
        }
    };
    const client = {
        _io: io,
        _acks: 0,
        _socketOf: socketOf,
        _driver: driverOf,
        _open(socket) {
            if (!socket._wanted) {
                const other = socketOf(socket.namespace);
                if (other && other !== socket) {
                    throw failure("bad_data", "another socket has this namespace");
                }
                sockets = without(sockets, socket).concat(socket);
                clients = without(clients, client).concat(client);
                socket._wanted = true;
                if (driver) {
                    join(socket);
                }
                else if (timer === null) {
                    // Once this turn is over: handlers and events of the same turn are part of it.
                    soon(start);
                }
            }
        },
        _close(socket) {
            if (socket._wanted) {
                const log = driver ? driver._session._log : [];
                if (socket._joined) {
                    control("l", socket.namespace, { code: "client_disconnect" });
                }
                forget(socket);
                socket._end("client_disconnect", "", countEvents(log, socket.namespace));
            }
        },
    };
    return client;
}
function countEvents(log, namespace) {
    return filter(log, (message) => message._credited && message._namespace === namespace).length;
}
/** An auth may be a value, a function that gives one or a promise, or one that calls back. */
function ask$1(auth, answer) {
    const value = typeof auth === "function" ? auth(answer) : auth;
    if (value !== undefined || !auth || !auth.length) {
        answer(value);
    }
}

// The binary form of a packet (protocol.md, section 2.2): a head in text form, and the bytes that it refers to.
const binaryForm = { _text: textOf, _write: write$1, _read: read };
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
    const kind = carrier._way._kind;
    let batch = session._batch;
    if (carrier === session._current) {
        if (batch && batch._last && batch._last <= session._base) {
            session._batch = batch = null;
        }
        if (batch && batch._deadline <= now) {
            batch._request = null;
            batch._deadline = Infinity;
        }
        const free = !batch || !batch._request || isOver(batch._request);
        // Behind messages that wait for credit the close waits too.
        const load = free && (ready(session, session._base + 1) || session._fleeting.length || (mayClose(session) && session._sent === lastOf(session)));
        const due = load || isDue(session);
        let polls = 0;
        for (const one of carrier._requests) {
            polls += one._kind === POLLING ? 1 : 0;
        }
        if (kind === POLL) {
            if ((!polls && carrier._rested <= now) || (polls < 2 && due)) {
                request(session, now, carrier, POLLING, free);
            }
            else if (!polls) {
                session._wake = carrier._rested;
            }
        }
        else {
            if (kind === SCRIPT && !polls && carrier._ticket) {
                if (carrier._rested <= now) {
                    request(session, now, carrier, POLLING, false);
                }
                else {
                    session._wake = carrier._rested;
                }
            }
            if (due) {
                request(session, now, carrier, POSTING, free);
            }
            if (session._batch) {
                session._wake = Math.min(session._wake, session._batch._deadline);
            }
        }
    }
}
function mayClose(session) {
    return session._state === CLOSING && !session._saidClose;
}
function isOver(request) {
    return request._over || request._carrier._gone;
}
/** Makes a request; with `loaded` it takes along what there is to send. */
function request(session, now, carrier, kind, loaded) {
    const attaching = kind === ATTACHING;
    const scripted = carrier._way._kind === SCRIPT;
    const lines = [];
    const fields = kind === POSTING ? {} : { attach: carrier._attach };
    const made = {
        _carrier: carrier,
        _kind: kind,
        _body: "",
        _ticket: carrier._ticket,
        _over: false,
        _position: 0,
        _deadline: attaching || scripted ? Infinity : now + patienceOf(session),
    };
    if (attaching) {
        fields["v"] = 1;
        fields["window"] = session._window;
        fields["ticket"] = carrier._ticket || undefined;
    }
    else if (kind === POLLING) {
        fields["poll"] = ++carrier._polls;
        carrier._rested = now + QUIET;
        if (session._tight > now) {
            fields["wait"] = 0;
            carrier._rested = now + session._rest;
        }
        carrier._ticket = "";
    }
    // What may not pass must not keep a carrier from attaching.
    const message = session._log[0];
    if (loaded && (!attaching || !message || message._size <= session._fits)) {
        load$1(session, made, lines, fields, scripted ? now + SCRIPT_RESEND : Infinity);
    }
    if (lines.length) {
        brought(session, now, carrier);
    }
    made._body = header(session, attaching ? "A" : "P", fields) + "\n" + lines.join("\n");
    carrier._requests = carrier._requests.concat(made);
    session._queue.push(() => session._host._request(made));
    said(session);
}
function load$1(session, made, lines, fields, deadline) {
    const repeated = session._batch;
    const first = session._base + 1;
    if (repeated) {
        // And so what it ended with.
        session._saidClose = false;
    }
    else {
        session._fits = Math.min(session._fits + GROWTH, MAX_BODY);
    }
    const last = fill(session, lines, Math.min(session._limits["max"] - HEAD, session._fits));
    if (lines.length) {
        fields["first"] = first;
        markSent(session, last);
    }
    if (last === lastOf(session)) {
        // Volatile events of a repeated serial would be dropped.
        for (const data of repeated ? [] : session._fleeting) {
            lines.push(toLine(data));
        }
        if (made._carrier._welcomed && mayClose(session)) {
            lines.push(closing(session));
        }
    }
    session._fleeting = [];
    session._batch = null;
    if (lines.length) {
        const serial = repeated ? repeated._serial : ++session._serial;
        fields["serial"] = serial;
        session._batch = { _serial: serial, _last: last < first ? 0 : last, _request: made, _deadline: deadline };
    }
}
/** A body with this batch has not passed, perhaps for its size: the next one is smaller. True if it cannot be. */
function narrow(session, batch, welcomed) {
    const count = batch._last - session._base;
    let size = 0;
    for (let i = 0; i < count; i++) {
        size += session._log[i]._size;
    }
    if (size > SMALL$1) {
        session._fits = size >> 1;
        if (count < 2 && welcomed) {
            session._tries = session._stuck === batch._last ? session._tries + 1 : 1;
            session._stuck = batch._last;
            return session._tries >= TRIES;
        }
    }
    return false;
}
/** Adds what may be sent, in lines of about `limit` characters in all; at least one. Says the number of the last. */
function fill(session, lines, limit) {
    let last = session._base;
    for (let message; lines.length < MAX_LINES && (message = ready(session, last + 1)); last++) {
        const line = toLine(message._data);
        // Of what is not ASCII each character is counted with its bytes.
        limit -= Math.max(line.length, message._size) + 1;
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
    if (!session._token || session._state === ENDED) {
        return "";
    }
    const last = fill(session, lines, limit - HEAD);
    lines.push("z" + JSON.stringify({ code: "client_disconnect", "final": Math.max(last, session._sent) }));
    return header(session, "P", { serial: session._serial + 1, first: session._base + 1 }) + "\n" + lines.join("\n");
}
/** The last word, where no WebSocket can carry it. */
function lastWord(session, line) {
    return header(session, "P", { serial: ++session._serial }) + "\n" + line;
}
/** Its welcome may name a ticket: of its stream, or of the next script. */
function welcomed(session, now, carrier, body, full) {
    const ticket = body["ticket"];
    const first = !carrier._ticket;
    if (typeof ticket === "string") {
        carrier._ticket = ticket;
        if (full && first && carrier._way._kind === STREAM) {
            carrier._deadline = now + carrier._patience;
            session._queue.push(() => session._host._stream(carrier, ticket));
        }
    }
}
/** A line of the answer to a request. */
function answer(session, now, request, line) {
    const carrier = request._carrier;
    const batch = session._batch;
    const kind = carrier._way._kind;
    if (!isOver(request)) {
        take(session, now, carrier, request, fromLine(line), kind !== STREAM || (!carrier._ticket && request._kind === ATTACHING));
        if (kind !== SCRIPT && request._position && batch && batch._request === request) {
            // The answer has begun, so the whole request has arrived.
            session._batch = null;
        }
    }
}
/** The answer to a request is over: with `null`, with the code of a refusal, or not at all (`""`). */
function answered(session, now, request, code) {
    const carrier = request._carrier;
    const batch = session._batch;
    const kind = carrier._way._kind;
    if (isOver(request)) {
        return;
    }
    request._over = true;
    carrier._requests = without(carrier._requests, request);
    if (code === null) {
        carrier._strikes = 0;
        if (batch && batch._request === request && (kind !== SCRIPT || batch._last <= session._base)) {
            session._batch = null;
        }
        // A stream without ticket is the answer to its attach. An answer without welcome is no answer, only scripts have one elsewhere.
        const over = request._kind === ATTACHING && kind === STREAM && !carrier._ticket;
        if (over || (!request._position && (kind !== SCRIPT || request._kind !== POSTING))) {
            lose(session, carrier, carrier._welcomed && over ? "end" : "");
        }
    }
    else if (batch &&
        batch._request === request &&
        (!code || code === "too_large" || code === "too_many_packets") &&
        narrow(session, batch, carrier._welcomed)) {
        farewell(session, "undeliverable");
        end(session, "undeliverable");
    }
    else if (!code && request._kind === POSTING && !carrier._strikes++) {
        session._owesCounts = true;
    }
    else if (code === "stale_poll" && kind === POLL && !carrier._strikes++) {
        // The next poll has a higher number, and is made at once.
        carrier._deadline = now + patienceOf(session);
        brought(session, now, carrier);
    }
    else {
        refused(session, carrier, code);
    }
}

// What transports over HTTP have in common.
/** How requests are made here; null if they cannot be. */
function posterOf(io) {
    return io._kit._post ? io._kit._post(io._options) : io._options.fetch || root.fetch ? fetchPost : null;
}
/** Can an answer be read as it grows? */
function streams(io) {
    return io._kit._streams ? io._kit._streams(io._options) : !!root.ReadableStream && !!root.TextDecoder;
}
/** A transport of one request down, or a stream by ticket, and posts up. */
function httpTransport(name, kind, enabled, progressive, open) {
    const transport = {
        name,
        _kind: kind,
        _attach: ask,
        _flush: post,
        _welcomed: welcomed,
        _enabled: (io) => !!posterOf(io) && !!enabled(io),
        _request(hub, attempt, request) {
            const first = request._kind === ATTACHING;
            track(hub, attempt, request, (line, done) => {
                const io = hub._io;
                const read = lineReader(line);
                return posterOf(io)(io._url + "/" + (first || kind === POLL ? name : "send"), request._body, io._options, first && progressive ? read : null, (status, text) => {
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
        transport._stream = (hub, attempt, ticket) => {
            const session = hub._session;
            attempt._aborts.push(open(hub._io, ticket, (line) => {
                measure(hub, attempt, line);
                heard(session, now(), attempt, fromLine(line));
                if (!attempt._heard && !attempt._closed) {
                    attempt._heard = true;
                    hub._proven(attempt);
                }
                hub._drain();
            }, () => {
                refused(session, attempt, "");
                hub._drain();
            }));
        };
    }
    return transport;
}
/** Makes a request, and tells the session what becomes of it. */
function track(hub, attempt, request, make) {
    const { _way: transport } = attempt;
    const session = hub._session;
    const crowd = hub._crowd;
    if (request._kind === ATTACHING) {
        attempt._aborts.push(() => {
            for (const made of attempt._requests) {
                // One of them may still be about to be made.
                if (made._abort) {
                    made._abort();
                }
            }
        });
    }
    if (crowd) {
        crowd._asked(attempt, request);
    }
    request._abort = make((line) => {
        if (crowd && request._kind !== ATTACHING) {
            crowd._answered(attempt);
        }
        // What keeps a stream alive is its own lines.
        if (transport._kind !== STREAM || (request._kind === ATTACHING && !transport._stream)) {
            measure(hub, attempt, line);
        }
        answer(session, now(), request, line);
        hub._drain();
    }, (code) => {
        if (crowd) {
            crowd._answered(attempt);
        }
        answered(session, now(), request, code);
        hub._drain();
    });
}
/** The answer to the server's `z`. */
function sayFarewell(hub, line) {
    const { _io: io } = hub;
    const poster = posterOf(io);
    if (poster) {
        poster(io._url + "/send", lastWord(hub._session, line), io._options, null, () => { });
    }
}
/** Something has come over it. A stream of which much has come is replaced, before the server ends it. */
function measure(hub, attempt, line) {
    hub._heard(attempt);
    attempt._length += line.length;
    // A character is three bytes at most.
    if (attempt._length * 4 > hub._session._limits["stream"]) {
        attempt._length = 0;
        hub._replace(attempt);
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
        source = new Class(io._url + "/event_source?ticket=" + ticket, { withCredentials: !!io._options.withCredentials });
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
    return (io._options.EventSource || root.EventSource);
}

const long_polling = /* @__PURE__ */ httpTransport("long_polling", POLL, () => true);

const streaming = /* @__PURE__ */ httpTransport("streaming", STREAM, streams, true);

// What goes up on a WebSocket.
function hello(session, _now, carrier) {
    const data = header(session, "A", {
        v: 1,
        attach: carrier._attach,
        window: session._window,
        first: session._id ? undefined : session._base + 1,
    });
    session._queue.push(() => session._host._write(carrier, data));
}
function write(session, _now, carrier) {
    const out = (data) => {
        session._queue.push(() => session._host._write(carrier, data));
    };
    const current = carrier === session._current;
    // Once another carrier has opened, only its own welcome tells what this one opened: after a restart of the server it is another session.
    if (carrier._cursor >= 0 && (current || !session._id)) {
        for (let message; (message = ready(session, carrier._cursor + 1));) {
            out(message._data);
            markSent(session, ++carrier._cursor);
        }
    }
    if (current) {
        const done = carrier._cursor === lastOf(session);
        if (done) {
            const fleeting = session._fleeting;
            // Once: when a welcome comes, this is run before all carriers have their turn.
            session._fleeting = [];
            for (const data of fleeting) {
                out(data);
            }
        }
        if (isDue(session)) {
            out("n" + session._received + "," + session._consumed);
            said(session);
        }
        if (done && session._state === CLOSING && !session._saidClose) {
            out(closing(session));
        }
    }
}

const websocket = {
    name: "websocket",
    _kind: DUPLEX,
    _attach: hello,
    _flush: write,
    // What speaks only the draft of 2010 (Safari 5, PhantomJS 1) does not know CLOSING. PhantomJS 2 has no binaryType before there is an instance.
    _enabled(io) {
        const Class = classOf(io);
        return !!Class && (!!io._options.WebSocket || "CLOSING" in Class);
    },
    _open(io, opened, packet, closed) {
        const Class = classOf(io);
        const headers = io._options.extraHeaders;
        const url = io._url.replace(/^http/, "ws") + "/websocket";
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
            _send(data) {
                if (socket.readyState === 1) {
                    socket.send(data);
                }
            },
            _close() {
                end();
                socket.close();
            },
            _buffered: () => socket.bufferedAmount,
        };
    },
};
function classOf(io) {
    return (io._options.WebSocket || root.WebSocket);
}

function createAttempt(way, rank, now, patience) {
    return {
        _way: way,
        _rank: rank,
        _patience: patience,
        _deadline: now + patience,
        _at: now,
        _due: 0,
        _aborts: [],
        _length: 0,
        _requests: [],
        _polls: 0,
        _rested: now,
        _strikes: 0,
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
    const isUnder = (rank) => find(racers(), (attempt) => attempt._rank === rank);
    const remove = (attempt) => {
        attempt._over = true;
        attempts = without(attempts, attempt);
    };
    const demote = (rank, reason) => {
        memory.failed[ways[rank].name] = reason;
        upward._learnt();
    };
    /** Not for the same time in all pages, lest they all come back together. */
    const tighten = () => {
        memory.tight = now + TIGHT * (1 + random());
        upward._learnt();
    };
    // ---- racing
    const pauseOf = () => limits._pause(Math.max(0, rounds - 1));
    const unlessBusy = (time) => (time < now - BUSY ? now + headStart() : time);
    const headStart = () => Math.max(HEAD_START, 3 * memory.rtt);
    const calm = () => {
        renewing = false;
        left = [];
        due = lifeBy = NEVER;
    };
    /** What worked last, then what is not known to fail here, then what worked for a while, then the rest. */
    const groupOf = (rank) => {
        const { name, _kind: kind } = ways[rank];
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
        attempt._due = now + headStart() * Math.pow(2, racers().length);
        attempts = attempts.concat(attempt);
        if (!current || renewing) {
            due = attempt._due;
        }
        steps.push(() => host._start(attempt));
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
            steps.push(() => host._failing(code));
            retry(pauseOf());
        }
    };
    const retry = (pause) => {
        if (rounds > limits._attempts) {
            due = NEVER;
            steps.push(() => host._giveUp());
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
        const rank = attempt._rank;
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
        probeAt = current && current._rank && !probing ? now + PROBE_LEAST + pause : NEVER;
    };
    /** Looks at this one, or the next that is better than what there is. */
    const probe = (rank) => {
        const way = ways[rank];
        if (closing || !current || rank >= current._rank) {
            probes++;
            planProbe();
        }
        else if (isUnder(rank) || (way._kind === STREAM && memory.tight > now)) {
            probe(rank + 1);
        }
        else {
            probing = true;
            steps.push(() => upward._probe(way, (at, failed) => {
                now = at;
                probing = false;
                // It is evidence only beside something that works.
                if (closing || !current || rank >= current._rank) {
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
        const rank = attempt._rank;
        const then = thenOf(reason);
        const again = then === ATTACH && reason !== "timeout";
        if (attempt._over) {
            return;
        }
        remove(attempt);
        if (reason === CROWDED) {
            crowdedAt = now;
        }
        else if (attempt === current && attempt._way._kind === STREAM && carriedAt >= attempt._due && now - carriedAt < BUSY) {
            // What a proxy holds back comes late, and together with the end: as when the next attach makes the server end this stream.
            suspects[rank] = "timeout";
            doubtful = true;
        }
        if (attempt === current) {
            died(attempt, reason);
        }
        else if (current && !renewing) {
            if (current._rank !== rank && then !== BACKOFF && !again) {
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
            if (attempt._due >= due || !racers().length) {
                due = now;
            }
        }
    };
    return {
        _begin(at) {
            now = at;
            race(0);
        },
        _close(at) {
            now = at;
            closing = true;
            hurry();
        },
        _opened(at, attempt) {
            attempt._openedAt = now = at;
            // It makes progress: the answer takes no longer than the handshake did.
            if (attempt._due === due) {
                due = attempt._due = Math.max(due, now + now - attempt._at);
            }
        },
        _carried(at, attempt) {
            const rank = attempt._rank;
            const { name, _kind: kind } = attempt._way;
            now = at;
            if (attempt._over || attempt === current) {
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
            memory.rtt = Math.min(memory.rtt || MAX_RTT, Math.max(1, now - (attempt._openedAt || attempt._at)));
            upward._learnt();
            planProbe();
        },
        _overtaken(at, attempt) {
            now = at;
            if (attempt._over) {
                return;
            }
            remove(attempt);
            if (attempt === current) {
                died(attempt, "taken_over");
            }
            else if (now >= attempt._due) {
                suspects[attempt._rank] = "timeout";
                doubtful = true;
            }
        },
        _heard(attempt, by) {
            if (attempt === current) {
                calm();
                lifeBy = by;
            }
        },
        _replace(at, attempt) {
            now = at;
            if (attempt === current && !racers().length && !closing) {
                start(attempt._rank);
            }
        },
        _failed(at, attempt, reason) {
            now = at;
            failed(attempt, reason);
        },
        _check(at, by) {
            now = at;
            if (current) {
                lifeBy = Math.min(lifeBy, by);
            }
            hurry();
        },
        _next(at) {
            now = at;
            if (!steps.length) {
                lifeBy = unlessBusy(lifeBy);
                if (lifeBy <= now) {
                    lifeBy = NEVER;
                    if (current && !renewing && !closing) {
                        race(0);
                        left.unshift(current._rank);
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
        _end: upward._stop,
        _nextTimeout: () => Math.min(due, lifeBy, closing ? NEVER : probeAt),
    };
}

/** An answer takes less than this and four round trips. */
const TIME$1 = 1500;
/** More takes its time to be sent. */
const SMALL = 4096;
/** Later than that, it was this machine that slept. */
const LATE = 1000;
/** Pages and workers have a location, and a browser's few connections: elsewhere there is nothing to watch. */
function watchCrowd(hub, memory, isTight) {
    const session = hub._session;
    /** Lets go of the connections of this carrier: polls that do not hang do with what is left to them. */
    const yieldTo = (attempt) => {
        if (!hub._own || find(hub._ways, (way) => way._kind === POLL)) {
            refused(session, attempt, CROWDED);
            hub._drain();
        }
    };
    const wait = (attempt, time) => {
        const due = now() + time;
        attempt._waits = later(() => (now() > due + LATE ? wait(attempt, time) : yieldTo(attempt)), time);
    };
    const answered = (attempt) => {
        clearTimeout(attempt._waits);
        attempt._waits = 0;
    };
    const owe = () => {
        session._owesCounts = true;
        hub._drain();
    };
    return root.location
        ? {
            _asked(attempt, request) {
                if (request._kind !== ATTACHING && memory.tight <= now()) {
                    if (attempt._way._kind !== POLL || request._carrier._requests.length > 1) {
                        if (!attempt._waits && request._body.length < SMALL) {
                            attempt._aborts.push(() => answered(attempt));
                            wait(attempt, TIME$1 + 4 * memory.rtt);
                        }
                    }
                    else if (request._kind === POLLING && request._carrier._polls === 1) {
                        // Is there a connection left for another?
                        soon(owe);
                    }
                }
            },
            _answered: answered,
            _proven(attempt) {
                // A poll asks for the memory's sake: another page may have found out.
                const tight = attempt._way._kind !== DUPLEX && isTight();
                if (attempt._way._kind === STREAM) {
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

// Tries one transport alone, with a session of its own that belongs to nobody: it opens, asks, and closes.
/** In all. */
const TIME = 8000;
/** `done` is told null when an event and its answer have gone over it, else the code of what has failed; `opened`, when the session is open. */
function trial(io, transport, done, opened) {
    let asked = false;
    const stop = () => {
        clearTimeout(timer);
        driver._close("client_disconnect");
    };
    const finish = (failed) => {
        stop();
        done(failed, driver._session);
    };
    const driver = createDriver(io, [transport], { _attempts: 0, _pause: () => 0 }, {
        _deliver() {
            // That nobody knows the event.
            if (asked) {
                finish(null);
            }
        },
        _proven() {
            if (!asked) {
                asked = true;
                if (opened) {
                    opened();
                }
                driver._push(messageOf("/", encode("e", "/", 0, ["trial"]), true));
            }
        },
        _carried() { },
        _sent() { },
        _suspended: finish,
        _failing: finish,
        _ended: finish,
    }, false);
    const timer = later(() => finish("timeout"), TIME);
    driver._start();
    return stop;
}

// The plan of all but the smallest client: negotiation, what it remembers, and what it tries.
/** How late a heartbeat may be. */
const LATE_HEARTBEAT = 1000;
function negotiate(hub, limits, host) {
    const { _io: io, _ways: ways, _session: session } = hub;
    const store = io._options.memory || storage;
    const ahead = () => wall() - now();
    // What is learnt counts for this origin, and among these transports.
    let place = "everwire " + io._url.replace(/^(\w+:\/\/[^/]+).*/, "$1");
    let stop = () => { };
    /** When something came over the carrier, by the time of day. */
    let heardAt = 0;
    if (io._options.transports) {
        for (const way of ways) {
            place += " " + way.name;
        }
    }
    const memory = load(store, place, now(), ahead());
    /** Another page may have found out. */
    const isTight = () => {
        session._tight = memory.tight = Math.max(memory.tight, load(store, place, now(), ahead()).tight);
        return memory.tight > now();
    };
    session._tight = memory.tight;
    hub._crowd = watchCrowd(hub, memory, isTight);
    const plan = createNegotiation(ways, limits, Math.random, memory, host, {
        _probe(transport, done) {
            if (transport._kind === STREAM && isTight()) {
                done(now(), CROWDED);
            }
            else {
                stop = trial(io, transport, (failed) => {
                    done(now(), failed);
                    hub._drain();
                });
            }
        },
        _learnt() {
            session._tight = memory.tight;
            if (ways.length > 1) {
                save(store, place, memory, ahead());
            }
        },
        _stop: () => stop(),
    });
    const proven = hub._proven;
    hub._heard = (attempt) => {
        heardAt = wall();
        // The other half of the time-out is for finding another way before this one is given up.
        plan._heard(attempt, now() + session._limits["ping"] + session._limits["timeout"] / 2);
    };
    hub._replace = (attempt) => plan._replace(now(), attempt);
    hub._check = (surely) => {
        const left = heardAt + session._limits["ping"] + LATE_HEARTBEAT - wall();
        plan._check(now(), surely ? now() : now() + Math.max(LATE_HEARTBEAT, left));
        hub._drain();
    };
    hub._proven = (attempt) => {
        proven(attempt);
        if (hub._crowd) {
            hub._crowd._proven(attempt);
        }
    };
    return plan;
}

/** How often to look whether the machine has slept. */
const PULSE = 5000;
/** Browsers refuse more than 64 KiB. */
const MAX_BEACON = 32768;
function watch(hub) {
    const session = hub._session;
    let pulse;
    let pulseAt = 0;
    /** Machines sleep without a word, and their clocks may stop. */
    const beat = () => {
        if (pulseAt && wall() - pulseAt > PULSE + session._limits["ping"]) {
            hub._check(false);
        }
        pulseAt = wall();
        pulse = later(beat, PULSE);
    };
    const stop = watchPage((stored) => {
        const { navigator } = root;
        if (stored) {
            // It may come back and resume: only what it holds is let go.
            hub._letGo();
            return;
        }
        // The page is going away: the last words go by beacon.
        const body = beacon(session, MAX_BEACON);
        if (body && navigator && navigator.sendBeacon) {
            navigator.sendBeacon(hub._io._url + "/send", body);
        }
    }, hub._check);
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
    _choose: (wanted = modernTransports) => named(modernTransports, wanted),
    _plan: negotiate,
    _binary: binaryForm,
    _watch: watch,
    _farewell: sayFarewell,
};

// What works from here, transport by transport: apart from `connect`, so that who does not use it does not load it.
function diagnoseBy(kit, all, url, options) {
    const io = createIo(kit, url, options);
    const wanted = kit._choose(io._options.transports || all);
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
            if (transport._enabled(io)) {
                trial(io, transport, (failed, session) => {
                    if (failed === null) {
                        row.ok = true;
                        row.code = row.why = "";
                        row.rttMs = now() - began - row.openMs;
                    }
                    else {
                        const opened = row.openMs !== null;
                        row.why = causeOf(transport._kind, failed, opened, session._attaches > 0);
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

/**
 * Tries each transport alone, those of `options.transports` or all, one after the other.
 *
 * ```js
 * console.table(await diagnose("https://example.com/everwire"));
 * ```
 */
function diagnose(url, options) {
    return diagnoseBy(modern, modernTransports, url, options);
}

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
    return open(modern, url, options);
}

export { connect, diagnose };
//# sourceMappingURL=everwire.mjs.map
