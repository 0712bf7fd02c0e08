/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
(function() {
  (function(global, factory) {
    typeof exports === "object" && typeof module !== "undefined" ? factory(exports) : typeof define === "function" && define.amd ? define([ "exports" ], factory) : (global = typeof globalThis !== "undefined" ? globalThis : global || self, 
    factory(global.everwire = {}));
  })(this, function(exports) {
    /** A pause before try number `tries` (from 0): anything up to a bound that doubles. Full jitter spreads a crowd best. */
    function backoff(tries, delay, maxDelay, random) {
      return Math.floor(random() * Math.min(maxDelay, delay * Math.pow(2, tries)));
    }
    // What a client does about a code (protocol.md, section 10). The server says it with the code: so no table of them is needed here.
    /** Its answer to what cannot be done now. */    var BACKOFF = "backoff";
    /** A new session at once, or after a pause. */    var OPEN = "open";
    var LATER = "later";
    /** Report and stop. */    var NEVER$1 = "never";
    /** Attach anew, over the same transport. */    var ATTACH = "attach";
    /** Of those that the client gives itself. */    var then = {
      heartbeat: ATTACH,
      stale: ATTACH,
      undeliverable: OPEN,
      unknown_session: OPEN
    };
    /** They stay what they are. */    var OWN = "heartbeat stale undeliverable unknown_session";
    /** More than a server has; so a table that all sessions of a page share stays small, whatever one of them is told. */    var room = 99;
    /** Takes what is said of a code, and gives it: `""` if that is none. */    function learn(code, said) {
      if (typeof code !== "string" || !/^[a-z]\w{0,40}$/.test(code)) {
        return "";
      }
      if (typeof said === "string" && OWN.indexOf(code) < 0 && (then[code] || room-- > 0)) {
        then[code] = said;
      }
      return code;
    }
    /** Undefined if nobody has said it. */    function thenOf(code) {
      return then[code];
    }
    /** The others end a request or a carrier. */    function endsSession(code) {
      return then[code] === OPEN || then[code] === LATER || then[code] === NEVER$1;
    }
    /** What a server says need not be what it should be: text. */    function textOr(otherwise, said) {
      return typeof said === "string" ? said : otherwise;
    }
    /** Node 18 has no global `crypto`: for node the package takes random.node.ts instead. */    function randomBytes() {
      var bytes = new Uint8Array(16);
      // WebKit of 2011 fills what it is given, and answers nothing.
            crypto.getRandomValues(bytes);
      return bytes;
    }
    /** Workers have no `window`, engines before 2018 no `globalThis`. */    var root = typeof globalThis === "undefined" ? self : globalThis;
    /** What every environment of today has, in one way or another. `everwire/legacy` puts its own in the place of what is missing. */    var platform = {
      _btoa: function(chars) {
        return btoa(chars);
      },
      _atob: function(text) {
        return atob(text);
      },
      /** 128 of them. */
      _random: function() {
        return randomBytes();
      },
      /** What a URL says, and what it lacks the page. */
      _locate: function(url) {
        return new URL(url, root.location && root.location.href);
      },
      /** Milliseconds that never go back. */
      _now: function() {
        return performance.now();
      },
      _soon: function(run) {
        return void Promise.resolve().then(run);
      },
      /** What `run` gives, now or later, goes to `done`; what goes wrong, in `done` too, to `fail`. */
      _promise: function(run, done, fail, then) {
        return void new Promise(run).then(done).then(null, fail).then(then);
      }
    };
    // The only folder that touches globals, and only when a client connects: so the module loads anywhere.
    /** Milliseconds, never going back where the platform has such a clock. */    function now() {
      return Math.floor(platform._now());
    }
    /** The time of day, which goes on while the machine sleeps. */    function wall() {
      return (new Date).getTime();
    }
    /** Too early, should that be later than a timer can say: in 24 days. */    function later(run, ms) {
      return setTimeout(run, Math.min(ms, 2147483647));
    }
    /** Runs when the code that runs now is done. */    function soon(run) {
      platform._soon(run);
    }
    /** 128 random bits, as protocol.md wants them (section 4.1): numbers with dashes between. */    function secret() {
      return [].join.call(platform._random(), "-");
    }
    // What ES3 has no methods for. Lists are never changed in place, so one may be gone through while it changes.
        function filter(list, fits) {
      var found = [];
      for (var _i = 0, list_1 = list; _i < list_1.length; _i++) {
        var item = list_1[_i];
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
      return filter(list, function(one) {
        return one !== item;
      });
    }
    var OPENING = 0;
    var OPENED = 1;
    var SUSPENDED = 2;
    var CLOSING = 3;
    var ENDED = 4;
    /**
     * How a carrier works. `DUPLEX`: a WebSocket. `STREAM`: one answer down, posts up. `POLL`: a loop of requests, both ways.
     * `SCRIPT`: polls by URL, posts up whose answer cannot be read.
     */    var DUPLEX = 0;
    var STREAM = 1;
    var POLL = 2;
    var SCRIPT = 3;
    /** What holds before the first welcome (protocol.md, sections 6.2 and 13). */    var LIMITS = {
      "ping": 1e4,
      "timeout": 8e3,
      "window": 65536,
      "max": 1e6,
      "acks": 1e3
    };
    /** Larger batches would only wait longer to be confirmed; a first body goes to a server whose limit is not known. */    var MAX_BODY = 64512;
    /** So long a client waits before it asks again for nothing, or answers another heartbeat. */    var QUIET = 100;
    var ATTACHING = 0;
    var POLLING = 1;
    var POSTING = 2;
    /** `secret` draws 128 random bits, as a key of the protocol. */    function createSession(window, secret, host) {
      return {
        _host: host,
        _secret: secret,
        _state: OPENING,
        _limits: LIMITS,
        _rest: 1e3,
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
        _saidConsumed: 0
      };
    }
    /** So long a carrier that has answered may be mute. */    function patienceOf(session) {
      return session._limits["ping"] + session._limits["timeout"];
    }
    /** Is it a count, a size or a time (protocol.md, section 2.1)? */    function isCount(value) {
      return typeof value === "number" && value >= 0 && value < 9007199254740992 && value % 1 === 0;
    }
    /** Something has come: who asks for more is not asking for nothing. */    function brought(session, now, carrier) {
      if (carrier._way._kind >= POLL && !(session._tight > now)) {
        carrier._rested = now;
      }
    }
    /** What is to be done next, if anything. */    function next(session, now) {
      if (!session._queue.length && session._state !== ENDED) {
        session._wake = Infinity;
        for (var _i = 0, _a = session._carriers; _i < _a.length; _i++) {
          var carrier = _a[_i];
          carrier._way._flush(session, now, carrier);
        }
        // What no carrier could take at once is gone.
                session._fleeting = [];
      }
      return session._queue.shift();
    }
    // How carriers are given up.
    /** A carrier is gone, or given up. */    function lose(session, carrier, code) {
      // The server may tell the old carrier sooner than the new one: the session has one.
      var moving = code === "taken_over" && carrier !== session._carriers[session._carriers.length - 1];
      drop(session, carrier, code);
      if (carrier === session._current) {
        session._current = null;
      }
      if (!session._current && !moving && session._state === OPENED) {
        session._state = SUSPENDED;
        session._queue.push(function() {
          return session._host._suspended();
        });
      }
    }
    function drop(session, carrier, code) {
      carrier._gone = true;
      session._carriers = without(session._carriers, carrier);
      session._saidClose = false;
      session._queue.push(function() {
        return session._host._drop(carrier, code);
      });
    }
    // UTF-8 and base64 with the language's own means. Bytes become text as one character for each.
        function newBytes(length) {
      return typeof Uint8Array === "undefined" ? [] : new Uint8Array(length);
    }
    /** How many bytes the text takes as UTF-8. Each half of a surrogate pair counts two of the four. */    function utf8Length(text) {
      return text.replace(/[\x80-\u07ff\ud800-\udfff]/g, "..").replace(/[\u0800-\uffff]/g, "...").length;
    }
    function toUtf8(text) {
      return fromChars(unescape(encodeURIComponent(text)));
    }
    /** Throws if the bytes are not UTF-8. */    function fromUtf8(bytes) {
      return decodeURIComponent(escape(toChars(bytes)));
    }
    function fromChars(chars) {
      var bytes = newBytes(chars.length);
      for (var i = 0; i < chars.length; i++) {
        bytes[i] = chars.charCodeAt(i);
      }
      return bytes;
    }
    function toChars(bytes) {
      var chars = "";
      for (var i = 0; i < bytes.length; i++) {
        chars += String.fromCharCode(bytes[i]);
      }
      return chars;
    }
    // Base64 by the platform's own, which every environment with binary WebSockets has.
        function toBase64(bytes) {
      return platform._btoa(toChars(bytes));
    }
    /** Null unless the text is base64 with its padding and nothing else: then it reads the same when it is written again. */    function fromBase64(text) {
      try {
        var chars = platform._atob(text);
        return platform._btoa(chars) === text ? fromChars(chars) : null;
      } catch (_) {
        return null;
      }
    }
    /** A plain Error with a code: subclasses of Error lose their prototype in ES5. */    function failure(code, message, data) {
      var error = new Error(message || code);
      error.name = "EverwireError";
      error.code = code;
      if (data !== undefined) {
        error.data = data;
      }
      return error;
    }
    // Packets, in text and in binary form (protocol.md, section 2).
    /** Who connects says whether there is one: the smallest client has none. */    var binary;
    function withBinary(given) {
      binary = given || binary;
    }
    /** Type, namespace, id, body. Two counts are no id. */    var PARTS = /^([a-zA-Z])(?:(\/[^,]+),)?(\d+(?![\d,]))? ?([^\r\n]*)$/;
    /** Is it one of the messages that are counted? */    function isCounted(type) {
      return "eaxcodlq".indexOf(type) >= 0;
    }
    /** Reads a packet in either form. A string as answer is the code of what is wrong with it. */    function parse(data) {
      return typeof data === "string" ? parseText(data) : binary ? binary._read(data) : "attachments";
    }
    /** The size of a message as in section 6.1. */    function sizeOf(data) {
      return typeof data === "string" ? utf8Length(data) : data.length;
    }
    /** The line that carries a packet on a text transport. */    function toLine(data) {
      return typeof data === "string" ? data : "b" + toBase64(data);
    }
    /** What a line of a text transport stands for. What is not base64 becomes an empty packet, which is none. */    function fromLine(line) {
      return line.charAt(0) === "b" ? fromBase64(line.slice(1)) || "" : line;
    }
    /**
     * Takes what it can read: to refuse the rest of what is malformed is the server's part (protocol.md, section 2.1). `revive` puts
     * something else in the place of some values.
     */    function parseText(text, revive) {
      var parts = PARTS.exec(text);
      if (!parts) {
        return "bad_packet";
      }
      var type = parts[1];
      var id = parts[3];
      var body = type === "n" ? "[" + parts[4] + "]" : parts[4];
      try {
        return {
          _type: type,
          _namespace: parts[2] || "/",
          _id: id ? +id : null,
          _body: body ? JSON.parse(body, revive) : undefined
        };
      } catch (_) {
        return "bad_json";
      }
    }
    /** Throws `bad_data` on what JSON, or this protocol, cannot carry. */    function encode(type, namespace, id, body) {
      var attachments = [];
      var text = "";
      var why = "too deep, or half a character";
      try {
        text = (binary ? binary._text(body, attachments) : JSON.stringify(body, refuseBinary)) || "";
        why = !isSound(text) && why;
      } catch (error) {
        why = error;
      }
      if (why) {
        throw failure("bad_data", String(why));
      }
      // A body that is a number would read as an id.
            var head = type + (namespace === "/" ? "" : namespace + ",") + (id === null ? "" : id) + (/^\d/.test(text) ? " " : "") + text;
      return binary && attachments.length ? binary._write(head, attachments) : head;
    }
    /** Else it would arrive as an object without anything in it. */    function refuseBinary(_key, value) {
      if (value && value.byteLength >= 0) {
        throw "binary needs everwire/binary";
      }
      return value;
    }
    /** Is the JSON nested as deep as may be at most (64), and without a lone surrogate? Engines of today write those as escapes. */    function isSound(text) {
      return !/\\ud[89a-f]/.test(text.replace(/\\\\/g, "")) && 
      // Few texts hold as many brackets as may be nested.
      // Depth is what lines are indented by; what is empty has no line inside.
      !(/^([^[{]*[[{]){65}/.test(text) && /\n {65}/.test(JSON.stringify(JSON.parse(text.replace(/\[]|{}/g, "[0]")), null, 1)));
    }
    // The two directions of a session (protocol.md, sections 3 and 6). They meet only in an attach and in the counts.
    /** Sends in time, once and in order. */    function push(session, message) {
      session._log.push(message);
      session._bytes += message._size;
      message._credit = session._credited += message._credited ? message._size : 0;
    }
    /** The number of the last message, sent or not. */    function lastOf(session) {
      return session._base + session._log.length;
    }
    /** Message `number`, if it exists and credit allows it (and so all before it). */    function ready(session, number) {
      var message = session._log[number - session._base - 1];
      return message && message._credit <= session._returned + session._limits["window"] ? message : undefined;
    }
    function markSent(session, number) {
      session._sent = Math.max(session._sent, number);
    }
    /** The peer's counts. False if it confirms what was never sent. */    function confirm(session, received, consumed) {
      if (received > session._sent) {
        return false;
      }
      if (consumed > session._returned) {
        session._returned = consumed;
      }
      for (;session._base < received; session._base++) {
        session._bytes -= session._log.shift()._size;
      }
      return true;
    }
    /** Have the counts grown enough that the server should hear of it? Or does it wait for them? */    function isDue(session) {
      return session._owesCounts || Math.max(session._taken, session._consumed - session._saidConsumed) * 4 >= session._window;
    }
    function said(session) {
      session._owesCounts = false;
      session._taken = 0;
      session._saidConsumed = session._consumed;
    }
    /** What an encoded packet is to the session. */    function messageOf(namespace, data, credited) {
      return {
        _namespace: namespace,
        _data: data,
        _size: sizeOf(data),
        _credited: credited
      };
    }
    // A session closes, or is closed (protocol.md, section 9).
        var CLOSE_TIME = 5e3;
    /** Sends what is there, then ends the session; in 5 s at the latest. */    function close(session, now, code) {
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
    /** The server's `z`. */    function closed(session, now, body) {
      if (session._state === CLOSING) {
        if (session._saidClose && body["code"] === session._closeCode) {
          // An answer: everything has arrived.
          confirm(session, session._sent, 0);
        }
        end(session, session._closeCode);
      } else {
        session._farewell = body;
        session._closeDeadline = Math.min(session._closeDeadline, now + CLOSE_TIME);
        finish(session);
      }
    }
    /** Answers the server's `z` once everything before it is here. */    function finish(session) {
      var z = session._farewell;
      if (z && session._received >= z["final"]) {
        farewell(session, z["code"]);
        giveUp(session);
      }
    }
    /** The last word, on whatever carries it. */    function farewell(session, code) {
      var current = session._current;
      session._closeCode = code;
      var line = closing(session);
      session._queue.push(function() {
        if (current && !current._way._kind) {
          session._host._write(current, line);
        } else {
          session._host._farewell(line);
        }
      });
    }
    /** The client's `z`. */    function closing(session) {
      session._saidClose = true;
      return "z" + JSON.stringify({
        code: session._closeCode,
        "final": session._sent
      });
    }
    /** The server has closed, or a close has taken too long. */    function giveUp(session) {
      var z = session._farewell || {};
      end(session, z["code"] || session._closeCode, textOr("", z["reason"]), z["retry"]);
    }
    /** The session is over, without another word to the server. */    function end(session, code, reason, retry) {
      if (reason === void 0) {
        reason = "";
      }
      if (retry === void 0) {
        retry = 0;
      }
      if (session._state !== ENDED) {
        if (session._state === CLOSING) {
          code = session._closeCode;
        }
        session._state = ENDED;
        while (session._carriers.length) {
          drop(session, session._carriers[0], null);
        }
        session._current = null;
        session._queue.push(function() {
          return session._host._ended(code, reason, retry, session._log);
        });
      }
    }
    // A carrier attaches, and is welcomed (protocol.md, section 4).
        var COUNTS = [ "first", "received", "consumed" ];
    var GRANT = COUNTS.concat([ "ping", "timeout", "window", "max", "acks" ]);
    /** No carrier is given up for a silence shorter than this, whatever the server says. */    var LEAST = 500;
    /** What is sent with it goes at once: a volatile event that it takes along is gone for the current carrier. */    function attach(session, now, carrier) {
      carrier._attach = ++session._attaches;
      carrier._token = session._token;
      carrier._deadline = now + carrier._patience;
      // Only an opening client knows where the server stands: at nothing.
            carrier._cursor = session._id ? -1 : session._base;
      carrier._ticket = carrier._way._kind === SCRIPT ? session._secret() : "";
      session._carriers = session._carriers.concat(carrier);
      carrier._way._attach(session, now, carrier);
    }
    /** The first packet, or line, of what attaches or posts. */    function header(session, type, fields) {
      fields["received"] = session._received;
      fields["consumed"] = session._consumed;
      if (session._id) {
        fields["session"] = session._id;
        fields["token"] = session._token;
      } else {
        fields["key"] = session._key;
      }
      return type + JSON.stringify(fields);
    }
    /** What begins a body or carrier going down. False if it cannot be read. */    function welcome(session, now, carrier, down, body) {
      var full = !!body["session"];
      var base = session._base;
      if (!(full || carrier._welcomed) || !body["first"] || full && (typeof body["session"] !== "string" || typeof body["token"] !== "string")) {
        return false;
      }
      for (var _i = 0, _a = full ? GRANT : COUNTS; _i < _a.length; _i++) {
        var key = _a[_i];
        if (!isCount(body[key])) {
          return false;
        }
      }
      down._position = body["first"];
      if ((!full || carrier._welcomed || adopt(session, now, carrier, body)) && counts(session, body["received"], body["consumed"])) {
        if (session._base > base) {
          brought(session, now, carrier);
        }
        if (carrier._way._welcomed) {
          carrier._way._welcomed(session, now, carrier, body, full);
        }
      }
      return true;
    }
    /** The carrier is the current one from now on. False if it cannot be. */    function adopt(session, now, carrier, body) {
      var state = session._state;
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
      session._queue.push(function() {
        return session._host._opened(carrier, state === SUSPENDED, state === OPENED);
      });
      if (!carrier._way._kind) {
        // What is confirmed from now on has its place here too, since what follows is numbered by it: it is written while it is still kept.
        carrier._way._flush(session, now, carrier);
      }
      // What was emitted before this server's limit was known must not be tried for ever.
            if (find(session._log, function(message) {
        return message._size > session._limits["max"];
      })) {
        end(session, "too_large");
      }
      return session._state !== ENDED;
    }
    /** The server's counts. False if they end the session. */    function counts(session, received, consumed) {
      var fine = confirm(session, received, consumed);
      if (!fine) {
        end(session, "bad_ack");
      }
      return fine;
    }
    // What comes down.
    /** A packet of a WebSocket, or of a stream that was opened by ticket. */    function heard(session, now, carrier, data) {
      take(session, now, carrier, carrier, data, true);
    }
    /** `alive`: what keeps a stream alive is its own lines, not the answers to posts. */    function take(session, now, carrier, down, data, alive) {
      if (carrier._gone) {
        return;
      }
      if (carrier._welcomed && alive) {
        carrier._deadline = now + patienceOf(session);
      }
      var packet = parse(data);
      if (typeof packet === "string") {
        malformed(session, carrier, packet);
        return;
      }
      var type = packet._type;
      var body = packet._body || {};
      if (type === "r") {
        // After a welcome, what was refused in a body is a ticket: spent, perhaps, by a browser that asked twice. It is no proof.
        var code = learn(body["error"], body["then"]);
        refused(session, carrier, carrier._welcomed && carrier._way._kind && code === "unknown_session" ? "stale" : code);
      } else if (type === "W" ? !welcome(session, now, carrier, down, body) : !down._position) {
        malformed(session, carrier, "bad_packet");
      } else if (isCounted(type)) {
        counted(session, carrier, down, packet, sizeOf(data));
        brought(session, now, carrier);
      } else if (type === "v") {
        brought(session, now, carrier);
        session._queue.push(function() {
          return session._host._deliver(packet, 0);
        });
      } else if (type === "h") {
        // The next poll answers it anyway. A flood of them for nothing is not followed.
        if (carrier._way._kind !== POLL && (session._taken || carrier._rested <= now)) {
          session._owesCounts = true;
          carrier._rested = now + QUIET;
        }
      } else if (type === "n") {
        counts(session, body[0], body[1]);
      } else if (type === "z" && typeof body["code"] === "string" && isCount(body["final"]) && (!body["retry"] || isCount(body["retry"]))) {
        learn(body["code"], body["then"]);
        closed(session, now, body);
      } else if (type !== "W") {
        malformed(session, carrier, "bad_packet");
      }
    }
    function counted(session, carrier, down, packet, size) {
      var ahead = down._position++ - session._received - 1;
      if (!ahead) {
        session._received++;
        session._taken += size;
        session._queue.push(function() {
          return session._host._deliver(packet, packet._type === "e" ? size : 0);
        });
        finish(session);
      } else if (ahead > 0 && (carrier._way._kind !== POLL || carrier._requests.length < 2)) {
        // With two polls under way the later may be answered first: what it skips, the next one asks for.
        lose(session, carrier, "gap");
      }
    }
    /** A carrier is given up for a packet that cannot be read; the session, if the same one cannot be read twice. */    function malformed(session, carrier, code) {
      if (carrier._welcomed && session._poison === session._received) {
        end(session, code);
      } else {
        session._poison = carrier._welcomed ? session._received : null;
        lose(session, carrier, code);
      }
    }
    /** The server will not have the carrier, or it is gone without a code (`""`). */    function refused(session, carrier, code) {
      var newest = carrier._token === session._token;
      // Said of a proof that has a successor by now, it is no news of the session.
            var outdated = code === "unknown_session" && !carrier._welcomed && !newest;
      if (carrier._gone) {
        return;
      }
      if (endsSession(code) && !outdated || code === "stale_token" && newest) {
        if (code === session._closeCode) {
          // The answer to our close was overtaken or is lost: everything has arrived.
          confirm(session, session._sent, 0);
        }
        end(session, code);
      } else {
        lose(session, carrier, code);
      }
    }
    // Time: when to look again, and what is given up then.
    /** Infinity if never. */    function nextTimeout(session) {
      var next = Math.min(session._closeDeadline, session._wake);
      for (var _i = 0, _a = session._carriers; _i < _a.length; _i++) {
        var carrier = _a[_i];
        next = Math.min(next, deadlineOf(carrier));
      }
      return session._state === ENDED ? Infinity : next;
    }
    /** What is given up now is lost with this code. */    function timeout(session, now, code) {
      for (var _i = 0, _a = session._carriers; _i < _a.length; _i++) {
        var carrier = _a[_i];
        if (deadlineOf(carrier) <= now) {
          lose(session, carrier, code);
        }
      }
      if (session._closeDeadline <= now) {
        giveUp(session);
      }
    }
    /** When it is given up, over itself or one of its requests. */    function deadlineOf(carrier) {
      var deadline = carrier._deadline;
      for (var _i = 0, _a = carrier._requests; _i < _a.length; _i++) {
        var request_1 = _a[_i];
        deadline = Math.min(deadline, request_1._deadline);
      }
      return deadline;
    }
    /** Who has closed a session is not told anything any more. */    var DEAF = {
      _deliver: function() {},
      _carried: function() {},
      _suspended: function() {},
      _sent: function() {},
      _failing: function() {},
      _ended: function() {}
    };
    /** A volatile event does not wait behind more bytes than this. */    var CONGESTED = 65536;
    /** Bytes: twice what a user may have waiting. */    var MAX_UNCONFIRMED = 8388608;
    /** A timer that is later than this says that the machine has slept. */    var SLEPT = 1e3;
    function createDriver(io, ways, limits, listener, own) {
      var kit = io._kit;
      var draining = false;
      var scheduled = false;
      var timer;
      var timerAt = Infinity;
      var lostBy = "";
      var live = [];
      var stopWatching = function() {};
      var unlink = function(attempt) {
        var aborts = attempt._aborts;
        live = without(live, attempt);
        attempt._closed = true;
        attempt._aborts = [];
        for (var _i = 0, aborts_1 = aborts; _i < aborts_1.length; _i++) {
          var abort = aborts_1[_i];
          abort();
        }
      };
      var fail = function(attempt, code) {
        unlink(attempt);
        plan._failed(now(), attempt, code);
      };
      var session = createSession(io._options.window || 1048576, secret, {
        _write: function(_a, data) {
          var duplex = _a._duplex;
          if (duplex) {
            duplex._send(data);
          }
        },
        _request: function(request) {
          var attempt = request._carrier;
          if (!attempt._closed) {
            attempt._way._request(hub, attempt, request);
          }
        },
        _stream: function(attempt, ticket) {
          if (!attempt._closed && attempt._way._stream) {
            attempt._way._stream(hub, attempt, ticket);
          }
        },
        _drop: function(attempt, code) {
          if (code !== null) {
            lostBy = code;
            fail(attempt, code);
          } else {
            plan._overtaken(now(), attempt);
            unlink(attempt);
          }
        },
        _deliver: function(packet, size) {
          listener._deliver(packet);
          session._consumed += size;
        },
        _opened: function(attempt, resumed) {
          if (!attempt._closed) {
            listener._carried(attempt._way.name, resumed);
            if (!attempt._way._stream) {
              hub._proven(attempt);
            }
          }
        },
        _suspended: function() {
          return listener._suspended(lostBy);
        },
        _farewell: function(line) {
          if (kit._farewell) {
            kit._farewell(hub, line);
          }
        },
        _ended: function(code, reason, retry, unconfirmed) {
          clearTimeout(timer);
          plan._end();
          stopWatching();
          hub._letGo();
          listener._ended(code, reason, retry, unconfirmed);
        }
      });
      var connect = function(attempt) {
        var gone = function() {
          if (attempt._attach) {
            refused(session, attempt, "");
          } else {
            fail(attempt, "");
          }
          hub._drain();
        };
        try {
          var duplex = attempt._way._open(io, function() {
            attach(session, now(), attempt);
            plan._opened(now(), attempt);
            hub._drain();
          }, function(data) {
            hub._heard(attempt);
            heard(session, now(), attempt, data);
            hub._drain();
          }, gone);
          attempt._duplex = duplex;
          attempt._aborts.push(duplex._close);
        } catch (_) {
          // As a WebSocket without TLS on a page with it.
          gone();
        }
      };
      var flush = function() {
        if (!scheduled) {
          scheduled = true;
          soon(function() {
            scheduled = false;
            hub._drain();
          });
        }
      };
      var hub = {
        _io: io,
        _ways: ways,
        _session: session,
        _own: own,
        _drain: function() {
          if (!draining) {
            draining = true;
            try {
              for (var run = void 0; run = next(session, now()) || (session._state === ENDED ? undefined : plan._next(now())); ) {
                run();
              }
            } finally {
              draining = false;
            }
            listener._sent();
            var due = session._state === ENDED ? Infinity : Math.min(nextTimeout(session), plan._nextTimeout());
            for (var _i = 0, live_1 = live; _i < live_1.length; _i++) {
              var attempt = live_1[_i];
              // Of a connection that does not stand yet only this keeps the time.
                            due = Math.min(due, attempt._deadline);
            }
            // One that is too early does no harm: it sets the next.
                        if (due < timerAt) {
              clearTimeout(timer);
              timerAt = due;
              timer = later(function() {
                // Who has slept has missed heartbeats: that says nothing of the transport, which is to be tried again.
                var code = now() > timerAt + SLEPT ? "heartbeat" : "timeout";
                timerAt = Infinity;
                timeout(session, now(), code);
                for (var _i = 0, live_2 = live; _i < live_2.length; _i++) {
                  var attempt = live_2[_i];
                  if (!attempt._attach && attempt._deadline <= now()) {
                    fail(attempt, code);
                  }
                }
                hub._drain();
              }, Math.max(0, due - now()));
            }
          }
        },
        _letGo: function() {
          for (var _i = 0, live_3 = live; _i < live_3.length; _i++) {
            var attempt = live_3[_i];
            unlink(attempt);
          }
        },
        _proven: function(attempt) {
          plan._carried(now(), attempt);
          hub._heard(attempt);
          if (listener._proven) {
            listener._proven();
          }
        },
        _heard: function() {},
        _check: function() {},
        _replace: function() {}
      };
      var plan = kit._plan(hub, limits, {
        _start: function(attempt) {
          live = live.concat(attempt);
          if (attempt._way._open) {
            connect(attempt);
          } else {
            attach(session, now(), attempt);
          }
        },
        _failing: function(code) {
          return listener._failing(code);
        },
        _giveUp: function() {
          return end(session, "no_transport");
        }
      });
      return {
        _session: session,
        _start: function() {
          if (own && kit._watch) {
            stopWatching = kit._watch(hub);
          }
          if (ways.length) {
            plan._begin(now());
          } else {
            listener._failing("");
            end(session, "no_transport");
          }
          hub._drain();
        },
        _push: function(message) {
          // Answers do not wait for room; a server that asks on and on without confirming any is not served for ever.
          if (session._bytes > MAX_UNCONFIRMED) {
            end(session, "buffer_full");
          } else {
            push(session, message);
          }
          flush();
        },
        _pushVolatile: function(data) {
          var current = session._current;
          var duplex = current && current._duplex;
          if (session._state === OPENED && !(duplex && duplex._buffered() > CONGESTED)) {
            session._fleeting.push(data);
            flush();
          }
        },
        _close: function(code) {
          listener = DEAF;
          plan._close(now());
          close(session, now(), code);
          hub._drain();
        }
      };
    }
    /** The place of handlers for any event: no event has this name. */    var ANY = null;
    /** Handlers in their order. The list is never changed in place, so a handler may add and remove any while it runs. */    function createEmitter() {
      var entries = [];
      return {
        _on: function(place, run, once) {
          entries = entries.concat({
            _place: place,
            _run: run,
            _once: once
          });
        },
        _off: function(place, run) {
          for (var _i = 0, entries_1 = entries; _i < entries_1.length; _i++) {
            var entry = entries_1[_i];
            if ((place === undefined ? entry._place !== ANY : entry._place === place) && (!run || entry._run === run)) {
              entries = without(entries, entry);
            }
          }
        },
        _fire: function(place, args, thrown) {
          var count = 0;
          for (var _i = 0, entries_2 = entries; _i < entries_2.length; _i++) {
            var entry = entries_2[_i];
            if (entry._place === place) {
              count++;
              if (entry._once) {
                entries = without(entries, entry);
              }
              try {
                entry._run.apply(undefined, args);
              } catch (error) {
                thrown(error);
              }
            }
          }
          return count;
        }
      };
    }
    // One namespace of a session, as its user sees it.
    /** What holds before there is a session. */    var UNKNOWN = {
      _limits: LIMITS,
      _bytes: 0,
      _log: [],
      _sent: 0,
      _base: 0
    };
    var MAX_QUEUED = 4194304;
    function createSocket(host, namespace, auth) {
      var driverOf = host._driver;
      var events = createEmitter();
      var pending = {};
      var lastId = 0;
      /** What was emitted before the namespace was asked for. */      var waiting = [];
      var waitingBytes = 0;
      var draining = [];
      // ---- going out
            var sessionOf = function() {
        return (driverOf() || {
          _session: UNKNOWN
        })._session;
      };
      var post = function(type, id, body) {
        var event = type === "e";
        var driver = driverOf();
        var session = sessionOf();
        var message = messageOf(namespace, encode(type, namespace, id, body), event);
        var size = message._size;
        var queued = size + socket.bufferedBytes();
        // An error report comes from no call that could fail.
                if (type !== "x" && size > session._limits["max"]) {
          throw failure("too_large");
        }
        if (type === "v") {
          if (driver && socket.connected) {
            driver._pushVolatile(message._data);
          }
        } else if (event && queued > MAX_QUEUED) {
          throw failure("buffer_full");
        } else if (!driver || !socket._joined) {
          if (event) {
            waiting.push(message);
            waitingBytes += size;
          }
        } else {
          driver._push(message);
        }
      };
      var send = function(event, args, ms, type) {
        if (type === void 0) {
          type = "e";
        }
        var done = args[args.length - 1];
        if (type === "v" || typeof done !== "function") {
          post(type, null, [ event ].concat(args));
          return;
        }
        if (host._acks >= sessionOf()._limits["acks"]) {
          throw failure("pending_acks");
        }
        var id = ++lastId;
        post("e", id, [ event ].concat(args.slice(0, -1)));
        host._acks++;
        var timer = ms && setTimeout(function() {
          return settle(id, failure("timeout"));
        }, ms);
        pending[id] = function() {
          var answer = [];
          for (var _i = 0; _i < arguments.length; _i++) {
            answer[_i] = arguments[_i];
          }
          host._acks--;
          clearTimeout(timer);
          try {
            done.apply(undefined, answer);
          } catch (thrown) {
            rethrow(thrown);
          }
        };
      };
      var ask = function(event, args, ms) {
        return new Promise(function(resolve, reject) {
          var done = function(error, value) {
            return error ? reject(error) : resolve(value);
          };
          send(event, args.concat(done), ms);
        });
      };
      // ---- coming in
      /** False if nobody waits for this answer. */      var settle = function(id, error, values) {
        if (values === void 0) {
          values = [];
        }
        var done = pending[id];
        delete pending[id];
        if (done) {
          done.apply(undefined, [ error ].concat(values));
        }
        return !!done;
      };
      var handle = function(packet, event, args) {
        var type = packet._type, id = packet._id;
        var open = type === "e" && id !== null;
        var fail = function(code) {
          if (open) {
            open = false;
            // Which event is known by its id; a name from a server may be one that cannot be said.
                        post("x", id, {
              code: code
            });
          }
        };
        var thrown = function(error) {
          fail("handler_error");
          rethrow(error);
        };
        if (open) {
          args.push(function() {
            var values = [];
            for (var _i = 0; _i < arguments.length; _i++) {
              values[_i] = arguments[_i];
            }
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
        events._fire(ANY, [ event ].concat(args), thrown);
        if (!events._fire(event, args, thrown)) {
          fail("no_handler");
        }
      };
      var on = function(place, handler, once) {
        events._on(place, handler, once);
        return socket;
      };
      var off = function(place, handler) {
        events._off(place, handler);
        return socket;
      };
      var socket = {
        namespace: namespace,
        auth: auth,
        connected: false,
        id: null,
        transport: null,
        recovered: false,
        // In quotes: a reserved word of ES3.
        "volatile": {
          emit: function(event) {
            var args = [];
            for (var _i = 1; _i < arguments.length; _i++) {
              args[_i - 1] = arguments[_i];
            }
            return send(event, args, 0, "v");
          }
        },
        on: on,
        once: function(event, handler) {
          return on(event, handler, true);
        },
        off: off,
        onAny: function(handler) {
          return on(ANY, handler);
        },
        offAny: function(handler) {
          return off(ANY, handler);
        },
        emit: function(event) {
          var args = [];
          for (var _i = 1; _i < arguments.length; _i++) {
            args[_i - 1] = arguments[_i];
          }
          send(event, args);
          return socket;
        },
        emitWithAck: function(event) {
          var args = [];
          for (var _i = 1; _i < arguments.length; _i++) {
            args[_i - 1] = arguments[_i];
          }
          return ask(event, args);
        },
        bufferedBytes: function() {
          return waitingBytes + sessionOf()._bytes;
        },
        drained: function() {
          return new Promise(function(resolve) {
            draining.push(resolve);
            socket._drain();
          });
        },
        timeout: function(ms) {
          return {
            emit: function(event) {
              var args = [];
              for (var _i = 1; _i < arguments.length; _i++) {
                args[_i - 1] = arguments[_i];
              }
              return send(event, args, ms);
            },
            emitWithAck: function(event) {
              var args = [];
              for (var _i = 1; _i < arguments.length; _i++) {
                args[_i - 1] = arguments[_i];
              }
              return ask(event, args, ms);
            }
          };
        },
        connect: function() {
          host._open(socket);
          return socket;
        },
        close: function() {
          host._close(socket);
          return socket;
        },
        _wanted: false,
        _joined: false,
        _fire: function(event) {
          var args = [];
          for (var _i = 1; _i < arguments.length; _i++) {
            args[_i - 1] = arguments[_i];
          }
          return void events._fire(event, args, rethrow);
        },
        _take: function(packet) {
          var type = packet._type, id = packet._id;
          var body = packet._body || {};
          if (type === "a") {
            settle(id, null, body);
          } else if (type === "x") {
            var _a = body.event, event = _a === void 0 ? null : _a;
            var code = textOr("bad_data", body.code);
            var message = textOr("", body.message);
            if (!settle(id, failure(code, message)) && id === null) {
              socket._fire("error", {
                code: code,
                event: event,
                message: message
              });
            }
          } else {
            var args = [].concat(body);
            handle(packet, args.shift(), args);
          }
        },
        _end: function(code, reason, unconfirmed) {
          var was = socket.connected;
          var failed = pending;
          socket.connected = socket.recovered = socket._joined = false;
          socket.id = socket.transport = null;
          pending = {};
          for (var id in failed) {
            failed[id](failure("session_ended"));
          }
          // One that was never connected may have lost events, too.
                    if (was || unconfirmed) {
            socket._fire("disconnect", {
              code: code,
              reason: reason,
              unconfirmed: unconfirmed
            });
          }
          socket._drain();
        },
        _drain: function() {
          var _a = sessionOf(), log = _a._log, sent = _a._sent, base = _a._base;
          if (!waitingBytes && !log[sent - base]) {
            for (var _i = 0, _b = draining.splice(0); _i < _b.length; _i++) {
              var done = _b[_i];
              done();
            }
          }
        },
        _release: function() {
          socket._joined = true;
          for (var _i = 0, waiting_1 = waiting; _i < waiting_1.length; _i++) {
            var message = waiting_1[_i];
            driverOf()._push(message);
          }
          waiting = [];
          waitingBytes = 0;
        }
      };
      return socket;
    }
    /** An error of the user's code is the user's: it appears as uncaught, and hurts nothing here. */    function rethrow(error) {
      setTimeout(function() {
        throw error;
      }, 0);
    }
    // What the namespaces of one URL share: a session, and a new one when that has ended.
    /** Those that have a session, or want one. */    var clients = [];
    /** A session's second socket of the same namespace would be the first one: that one gets a session of its own. */    function open(kit, url, options) {
      var given = options || {};
      var namespace = given.namespace || "/";
      var io = createIo(kit, url, given);
      withBinary(kit._binary || given.binary);
      var client = find(clients, function(one) {
        return suits(one._io, io) && !one._socketOf(namespace);
      }) || createClient(io);
      var socket = createSocket(client, namespace, given.auth);
      client._open(socket);
      return socket;
    }
    /** Where it connects to, and by what. Throws if that is no URL, as one without a host where there is no page. */    function createIo(kit, url, options) {
      if (url === void 0) {
        url = "";
      }
      if (options === void 0) {
        options = {};
      }
      var path = options.path || "/everwire";
      var place = url || path;
      var _a = platform._locate(place), protocol = _a.protocol, host = _a.host, pathname = _a.pathname;
      var mount = pathname.replace(/\/+$/, "") || path;
      return {
        _kit: kit,
        _url: protocol.replace("ws", "http") + "//" + host + mount,
        _options: options
      };
    }
    /** Options of one session are those of its first socket: who wants others says that it is not to be shared. */    function suits(mine, other) {
      return mine._options.multiplex !== false && other._options.multiplex !== false && mine._kit === other._kit && mine._url === other._url;
    }
    function createClient(io) {
      var reconnection = io._options.reconnection;
      var _a = reconnection === false ? {
        attempts: 0
      } : reconnection || {}, _b = _a.attempts, attempts = _b === void 0 ? Infinity : _b, _c = _a.delay, delay = _c === void 0 ? 500 : _c, _d = _a.maxDelay, maxDelay = _d === void 0 ? 1e4 : _d;
      var limits = {
        _attempts: attempts,
        _pause: function(tries) {
          return backoff(tries, delay, maxDelay, Math.random);
        }
      };
      var sockets = [];
      var driver = null;
      var timer = null;
      var tries = 0;
      var openedAt = 0;
      var name = null;
      var socketOf = function(namespace) {
        return find(sockets, function(one) {
          return one.namespace === namespace;
        });
      };
      var driverOf = function() {
        return driver;
      };
      var control = function(type, namespace, body, id) {
        if (id === void 0) {
          id = null;
        }
        if (driver) {
          driver._push(messageOf(namespace, encode(type, namespace, id, body), false));
        }
      };
      /** Opens a session, unless there is one by then. */      var start = function() {
        timer = null;
        if (sockets.length && !driver) {
          openSession();
        }
      };
      var openSession = function() {
        var each = function(tell) {
          for (var _i = 0, sockets_1 = sockets; _i < sockets_1.length; _i++) {
            var socket = sockets_1[_i];
            if (socket._joined) {
              tell(socket);
            }
          }
        };
        var mine = createDriver(io, filter(io._kit._choose(io._options.transports), function(way) {
          return way._enabled(io);
        }), limits, {
          _deliver: deliver,
          _carried: function(carrier, resumed) {
            var changed = name !== carrier;
            name = carrier;
            openedAt = openedAt || now();
            each(function(socket) {
              socket.transport = carrier;
              if (resumed) {
                socket._fire("resumed");
              }
              if (changed) {
                socket._fire("transport", carrier);
              }
            });
          },
          _suspended: function() {
            return each(function(socket) {
              socket.transport = null;
              socket._fire("suspended");
            });
          },
          _sent: function() {
            return each(function(socket) {
              return socket._drain();
            });
          },
          _failing: function(code) {
            return each(function(socket) {
              if (!socket.connected) {
                socket._fire("connect_error", failure(code || "no_transport", "no transport works"));
              }
            });
          },
          _ended: ended
        }, true);
        var joining = sockets;
        // One flight opens the session and its namespaces, so all auths have to be there.
                var missing = joining.length;
        driver = mine;
        name = null;
        for (var _i = 0, joining_1 = joining; _i < joining_1.length; _i++) {
          var socket = joining_1[_i];
          join(socket, function() {
            if (! --missing && driver === mine) {
              mine._start();
            }
          });
        }
      };
      /** Asks for the socket's auth, then for its namespace; or says it again with fresh auth. */      var join = function(socket, then) {
        var mine = driver;
        platform._promise(function(done) {
          return ask$1(socket.auth, done);
        }, function(auth) {
          if (driver === mine && socket._wanted) {
            control("c", socket.namespace, auth);
            if (!socket._joined) {
              socket.transport = name;
              socket._release();
            }
          }
        }, function(error) {
          // What there is holds until the server ends it: then it is asked for again.
          if (!socket._joined) {
            refuse(socket, "auth", String(error && error.message || error));
          }
        }, then);
      };
      var refuse = function(socket, code, message, data) {
        forget(socket);
        socket._end(code, message, 0);
        socket._fire("connect_error", failure(code, message, data));
      };
      /** The socket is not wanted any more; without any, the session is not. */      var forget = function(socket) {
        socket._wanted = false;
        sockets = without(sockets, socket);
        if (!sockets.length) {
          var last = driver;
          driver = null;
          clearTimeout(timer);
          timer = null;
          clients = without(clients, client);
          if (last) {
            last._close("client_disconnect");
          }
        }
      };
      var deliver = function(packet) {
        var type = packet._type, namespace = packet._namespace;
        var socket = socketOf(namespace);
        var body = packet._body || {};
        if (!socket || !socket._joined) {
          if (type === "e") {
            control("x", namespace, {
              code: "unknown_namespace"
            }, packet._id);
          }
        } else if (type === "o") {
          socket.id = body["id"];
          if (!socket.connected) {
            socket.connected = true;
            socket._fire("connect", {
              recovered: false
            });
          }
        } else if (type === "q") {
          join(socket);
        } else if (type === "d") {
          refuse(socket, "denied", textOr("", body["message"]), body["data"]);
        } else if (type === "l") {
          forget(socket);
          socket._end(textOr("server_disconnect", body["code"]), textOr("", body["reason"]), 0);
        } else {
          socket._take(packet);
        }
      };
      var ended = function(code, reason, retry, unconfirmed) {
        var then = thenOf(code);
        var over = then === NEVER$1 || code === "no_transport" || !attempts;
        var opened = openedAt;
        var stood = opened && now() - opened > 1e3;
        driver = null;
        openedAt = 0;
        for (var _i = 0, sockets_2 = sockets; _i < sockets_2.length; _i++) {
          var socket = sockets_2[_i];
          var connected = socket.connected;
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
          } else {
            timer = later(start, Math.max(retry, limits._pause(tries)));
          }
        }
      };
      var client = {
        _io: io,
        _acks: 0,
        _socketOf: socketOf,
        _driver: driverOf,
        _open: function(socket) {
          if (!socket._wanted) {
            var other = socketOf(socket.namespace);
            if (other && other !== socket) {
              throw failure("bad_data", "another socket has this namespace");
            }
            sockets = without(sockets, socket).concat(socket);
            clients = without(clients, client).concat(client);
            socket._wanted = true;
            if (driver) {
              join(socket);
            } else if (timer === null) {
              // Once this turn is over: handlers and events of the same turn are part of it.
              soon(start);
            }
          }
        },
        _close: function(socket) {
          if (socket._wanted) {
            var log = driver ? driver._session._log : [];
            if (socket._joined) {
              control("l", socket.namespace, {
                code: "client_disconnect"
              });
            }
            forget(socket);
            socket._end("client_disconnect", "", countEvents(log, socket.namespace));
          }
        }
      };
      return client;
    }
    function countEvents(log, namespace) {
      return filter(log, function(message) {
        return message._credited && message._namespace === namespace;
      }).length;
    }
    /** An auth may be a value, a function that gives one or a promise, or one that calls back. */    function ask$1(auth, answer) {
      var value = typeof auth === "function" ? auth(answer) : auth;
      if (value !== undefined || !auth || !auth.length) {
        answer(value);
      }
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
        _strikes: 0
      };
    }
    // Which transport is tried when: no clock, no timer, no I/O. Every input takes the time; after each, run what `_next` gives until
    // that is nothing, then come back at `_nextTimeout`. A transport counts as working when it has carried data, never when it has opened.
    /** Before the next transport is started beside one that has not carried anything: this, or three round trips. */    var HEAD_START = 250;
    var MAX_RTT = 1e3;
    /** Time for a new carrier to show that it carries; more after each round without success. */    var PATIENCE = 5e3;
    var MAX_PATIENCE = 2e4;
    /** A carrier that held this long was no failure; one that dies sooner than `QUICK` so many times in a row is left. */    var STOOD = 1e3;
    var QUICK = 1e4;
    var QUICK_DEATHS = 3;
    /** So many refusals that only ask for another attach are followed at once. */    var HASTY = 3;
    /** How long what was learnt counts. */    var KEPT = 36e5;
    /** How long, at least, connections that were scarce are taken to be so. */    var TIGHT = 6e4;
    /** Looking for something better: bounds of the pauses, and how long a carrier must hold for them to start over. */    var PROBE_FIRST = 2e4;
    var PROBE_MAX = 6e5;
    var PROBE_LEAST = 1e3;
    var PROBE_RESET = 6e4;
    /** A time-out that comes this late says that this machine was busy, nothing of the path: it is given once more. */    var BUSY = 50;
    var NEVER = Infinity;
    /** Said of what works at first, time and again. */    var DIED = "died";
    /** The code of a carrier beside which nothing is answered. */    var CROWDED = "crowded";
    /** `ways` stand in order of preference. A way is known by its place among them, its rank. */    function createNegotiation(ways, limits, random, memory, host, upward) {
      /** The session is about to end: nothing better is looked for. */
      var closing = false;
      var attempts = [];
      var current = null;
      var carriedAt = 0;
      /** When a carrier was let go because there may be no connection left beside it. */      var crowdedAt = -NEVER;
      /** Untried ways of this race, and when the next is due. */      var left = [];
      var due = NEVER;
      /** Racing though there is a carrier, which may be dead. */      var renewing = false;
      var rounds = 0;
      var hasty = 0;
      var lifeBy = NEVER;
      var deaths = {};
      /** What failed and how; evidence only once something else has worked. */      var suspects = {};
      var code = "";
      var probeAt = NEVER;
      var probes = 0;
      var probing = false;
      /** One may only have been slow: it is looked at anew soon. */      var doubtful = false;
      var steps = [];
      /** The time of what is happening. */      var now = 0;
      // ---- the lists
      /** Those that may still win. */      var racers = function() {
        return filter(attempts, function(attempt) {
          return attempt !== current;
        });
      };
      /** Is it being tried? */      var isUnder = function(rank) {
        return find(racers(), function(attempt) {
          return attempt._rank === rank;
        });
      };
      var remove = function(attempt) {
        attempt._over = true;
        attempts = without(attempts, attempt);
      };
      var demote = function(rank, reason) {
        memory.failed[ways[rank].name] = reason;
        upward._learnt();
      };
      /** Not for the same time in all pages, lest they all come back together. */      var tighten = function() {
        memory.tight = now + TIGHT * (1 + random());
        upward._learnt();
      };
      // ---- racing
            var pauseOf = function() {
        return limits._pause(Math.max(0, rounds - 1));
      };
      var unlessBusy = function(time) {
        return time < now - BUSY ? now + headStart() : time;
      };
      var headStart = function() {
        return Math.max(HEAD_START, 3 * memory.rtt);
      };
      var calm = function() {
        renewing = false;
        left = [];
        due = lifeBy = NEVER;
      };
      /** What worked last, then what is not known to fail here, then what worked for a while, then the rest. */      var groupOf = function(rank) {
        var _a = ways[rank], name = _a.name, kind = _a._kind;
        var reason = suspects[rank] || memory.failed[name];
        return reason === DIED ? 2 : reason || kind === STREAM && Math.max(memory.tight, crowdedAt + PATIENCE) > now ? 3 : name === memory.best ? 0 : 1;
      };
      var race = function(pause) {
        if (memory.until <= now) {
          memory.until = now + KEPT;
          memory.best = "";
          memory.failed = {};
        }
        left = [];
        while (left.length < ways.length) {
          left.push(left.length);
        }
        left.sort(function(a, b) {
          return groupOf(a) - groupOf(b) || a - b;
        });
        due = now + pause;
      };
      var start = function(rank) {
        var attempt = createAttempt(ways[rank], rank, now, Math.min(MAX_PATIENCE, PATIENCE * (rounds + 1)));
        attempt._due = now + headStart() * Math.pow(2, racers().length);
        attempts = attempts.concat(attempt);
        if (!current || renewing) {
          due = attempt._due;
        }
        steps.push(function() {
          return host._start(attempt);
        });
      };
      /** The next of the race is due. */      var step = function() {
        while (left.length && isUnder(left[0])) {
          left.shift();
        }
        if (left.length) {
          start(left.shift());
        } else if (racers().length) {
          due = NEVER;
        } else if (renewing) {
          calm();
        } else {
          // All have failed. That says more of the network than of any of them.
          rounds++;
          suspects = {};
          steps.push(function() {
            return host._failing(code);
          });
          retry(pauseOf());
        }
      };
      var retry = function(pause) {
        if (rounds > limits._attempts) {
          due = NEVER;
          steps.push(function() {
            return host._giveUp();
          });
        } else {
          race(pause);
        }
      };
      /** At once, before all others. */      var first = function(rank) {
        left.unshift(rank);
        due = now;
      };
      /** No carrier, and none under way: no more pause. */      var hurry = function() {
        if (!current && !racers().length) {
          due = now;
        }
      };
      var died = function(attempt, reason) {
        var rank = attempt._rank;
        var lived = now - carriedAt;
        var clean = reason === "end" || reason === "taken_over" || reason === CROWDED;
        current = null;
        // Even one that may end is left if it does so as soon as it has begun, again and again.
                deaths[rank] = lived >= (clean ? STOOD : QUICK) ? 0 : (deaths[rank] || 0) + 1;
        var stood = lived >= STOOD || clean && deaths[rank] < QUICK_DEATHS;
        if (lived >= PROBE_RESET) {
          probes = 0;
        }
        if (reason === "timeout") {
          suspects[rank] = reason;
        } else if (deaths[rank] >= QUICK_DEATHS) {
          suspects[rank] = DIED;
        }
        rounds = stood ? 0 : rounds + 1;
        probeAt = lifeBy = NEVER;
        if (!renewing) {
          var pause = thenOf(reason) === BACKOFF || !stood ? pauseOf() : 0;
          retry(racers().length ? Math.max(pause, headStart()) : pause);
        }
        renewing = false;
      };
      // ---- upward
            var planProbe = function() {
        var pause = doubtful ? 0 : backoff(probes, PROBE_FIRST, PROBE_MAX, random);
        probeAt = current && current._rank && !probing ? now + PROBE_LEAST + pause : NEVER;
      };
      /** Looks at this one, or the next that is better than what there is. */      var probe = function(rank) {
        var way = ways[rank];
        if (closing || !current || rank >= current._rank) {
          probes++;
          planProbe();
        } else if (isUnder(rank) || way._kind === STREAM && memory.tight > now) {
          probe(rank + 1);
        } else {
          probing = true;
          steps.push(function() {
            return upward._probe(way, function(at, failed) {
              now = at;
              probing = false;
              // It is evidence only beside something that works.
                            if (closing || !current || rank >= current._rank) {
                planProbe();
              } else if (failed === null) {
                probes++;
                start(rank);
              } else {
                if (failed === CROWDED) {
                  tighten();
                } else {
                  demote(rank, failed);
                }
                probe(rank + 1);
              }
            });
          });
        }
      };
      var failed = function(attempt, reason) {
        var rank = attempt._rank;
        var then = thenOf(reason);
        var again = then === ATTACH && reason !== "timeout";
        if (attempt._over) {
          return;
        }
        remove(attempt);
        if (reason === CROWDED) {
          crowdedAt = now;
        } else if (attempt === current && attempt._way._kind === STREAM && carriedAt >= attempt._due && now - carriedAt < BUSY) {
          // What a proxy holds back comes late, and together with the end: as when the next attach makes the server end this stream.
          suspects[rank] = "timeout";
          doubtful = true;
        }
        if (attempt === current) {
          died(attempt, reason);
        } else if (current && !renewing) {
          if (current._rank !== rank && then !== BACKOFF && !again) {
            demote(rank, reason || "failed");
          }
          planProbe();
        } else if (then === BACKOFF) {
          rounds++;
          retry(pauseOf());
        } else if (again && hasty++ < HASTY) {
          // A refusal is data, too.
          first(rank);
        } else {
          suspects[rank] = reason || "failed";
          code = reason;
          // One that was started later still has its time.
                    if (attempt._due >= due || !racers().length) {
            due = now;
          }
        }
      };
      return {
        _begin: function(at) {
          now = at;
          race(0);
        },
        _close: function(at) {
          now = at;
          closing = true;
          hurry();
        },
        _opened: function(at, attempt) {
          attempt._openedAt = now = at;
          // It makes progress: the answer takes no longer than the handshake did.
                    if (attempt._due === due) {
            due = attempt._due = Math.max(due, now + now - attempt._at);
          }
        },
        _carried: function(at, attempt) {
          var rank = attempt._rank;
          var _a = attempt._way, name = _a.name, kind = _a._kind;
          now = at;
          if (attempt._over || attempt === current) {
            return;
          }
          current = attempt;
          carriedAt = now;
          hasty = 0;
          calm();
          delete suspects[rank];
          for (var other in suspects) {
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
        _overtaken: function(at, attempt) {
          now = at;
          if (attempt._over) {
            return;
          }
          remove(attempt);
          if (attempt === current) {
            died(attempt, "taken_over");
          } else if (now >= attempt._due) {
            suspects[attempt._rank] = "timeout";
            doubtful = true;
          }
        },
        _heard: function(attempt, by) {
          if (attempt === current) {
            calm();
            lifeBy = by;
          }
        },
        _replace: function(at, attempt) {
          now = at;
          if (attempt === current && !racers().length && !closing) {
            start(attempt._rank);
          }
        },
        _failed: function(at, attempt, reason) {
          now = at;
          failed(attempt, reason);
        },
        _check: function(at, by) {
          now = at;
          if (current) {
            lifeBy = Math.min(lifeBy, by);
          }
          hurry();
        },
        _next: function(at) {
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
            } else if (probeAt <= now && current && !closing) {
              probeAt = NEVER;
              doubtful = false;
              probe(0);
            }
          }
          return steps.shift();
        },
        _end: upward._stop,
        _nextTimeout: function() {
          return Math.min(due, lifeBy, closing ? NEVER : probeAt);
        }
      };
    }
    // Tries one transport alone, with a session of its own that belongs to nobody: it opens, asks, and closes.
    /** In all. */    var TIME$1 = 8e3;
    /** `done` is told null when an event and its answer have gone over it, else the code of what has failed; `opened`, when the session is open. */    function trial(io, transport, done, opened) {
      var asked = false;
      var stop = function() {
        clearTimeout(timer);
        driver._close("client_disconnect");
      };
      var finish = function(failed) {
        stop();
        done(failed, driver._session);
      };
      var driver = createDriver(io, [ transport ], {
        _attempts: 0,
        _pause: function() {
          return 0;
        }
      }, {
        _deliver: function() {
          // That nobody knows the event.
          if (asked) {
            finish(null);
          }
        },
        _proven: function() {
          if (!asked) {
            asked = true;
            if (opened) {
              opened();
            }
            driver._push(messageOf("/", encode("e", "/", 0, [ "trial" ]), true));
          }
        },
        _carried: function() {},
        _sent: function() {},
        _suspended: finish,
        _failing: finish,
        _ended: finish
      }, false);
      var timer = later(function() {
        return finish("timeout");
      }, TIME$1);
      driver._start();
      return stop;
    }
    // What works from here, transport by transport: apart from `connect`, so that who does not use it does not load it.
        function diagnoseBy(kit, all, url, options) {
      var io = createIo(kit, url, options);
      var wanted = kit._choose(io._options.transports || all);
      var rows = [];
      return new Promise(function(done) {
        var next = function() {
          var transport = wanted[rows.length];
          if (!transport) {
            done(rows);
            return;
          }
          var row = {
            transport: transport.name,
            ok: false,
            code: "no_transport",
            why: "unavailable",
            openMs: null,
            rttMs: null
          };
          var began = now();
          var end = function() {
            rows.push(row);
            next();
          };
          if (transport._enabled(io)) {
            trial(io, transport, function(failed, session) {
              if (failed === null) {
                row.ok = true;
                row.code = row.why = "";
                row.rttMs = now() - began - row.openMs;
              } else {
                var opened = row.openMs !== null;
                row.why = causeOf(transport._kind, failed, opened, session._attaches > 0);
                row.code = !opened && row.why === failed ? failed : "no_transport";
              }
              end();
            }, function() {
              row.openMs = now() - began;
            });
          } else {
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
    /** The longest answer or line that is read: far more than a server may have waiting. */    var MAX_ANSWER = 67108864;
    /** Posts by fetch. */    var fetchPost = function(url, body, options, progress, done) {
      // Not as a method of something: browsers refuse that.
      var run = options.fetch || root.fetch;
      var abort = root.AbortController && new root.AbortController;
      var over = false;
      var finish = function(status, text) {
        if (!over) {
          over = true;
          done(status, text);
        }
      };
      var fail = function() {
        return finish(0, "");
      };
      var stop = function() {
        over = true;
        if (abort) {
          abort.abort();
        }
      };
      run(url, {
        method: "POST",
        body: body,
        credentials: options.withCredentials ? "include" : "same-origin",
        headers: options.extraHeaders || {},
        signal: abort ? abort.signal : null
      }).then(function(response) {
        var status = response.status, stream = response.body;
        // Where streams are known: what never ends must not be kept for ever.
                if (stream && stream.getReader && root.TextDecoder) {
          var reader_1 = stream.getReader();
          var decoder_1 = new root.TextDecoder;
          var text_1 = "";
          var follow_1 = function() {
            reader_1.read().then(function(_a) {
              var last = _a.done, value = _a.value;
              if (last) {
                finish(status, text_1);
              } else if (!over) {
                var more = decoder_1.decode(value, {
                  stream: true
                });
                if (progress && status === 200) {
                  progress(more);
                } else if ((text_1 += more).length > MAX_ANSWER) {
                  fail();
                  stop();
                }
                follow_1();
              }
            }, fail);
          };
          follow_1();
        } else {
          response.text().then(function(text) {
            return finish(status, text);
          }, fail);
        }
      }, fail);
      return stop;
    };
    // What engines of the past have, and lack.
        var ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    /** Internet Explorer before 10 has neither base64 nor random bits; before 2012 hardly anybody had those. */    function mend() {
      var old = root;
      if (typeof JSON === "undefined") {
        throw failure("bad_data", "JSON is missing here: load json2.js before Everwire");
      }
      platform._locate = locate;
      if (!old.btoa) {
        platform._btoa = encodeBase64;
        platform._atob = decodeBase64;
      }
      if (!old.crypto || !old.crypto.getRandomValues) {
        // What is drawn here is good for seconds only.
        platform._random = function() {
          var bytes = [];
          while (bytes.length < 16) {
            bytes.push(Math.floor(Math.random() * 256));
          }
          return bytes;
        };
      }
      if (!old.performance || !old.performance.now) {
        platform._now = wall;
      }
      if (!old.Promise) {
        platform._soon = function(run) {
          return void setTimeout(run, 0);
        };
        platform._promise = function(run, done, fail, then) {
          var open = true;
          var once = function(end) {
            return function(value) {
              if (open) {
                open = false;
                try {
                  end(value);
                } catch (error) {
                  fail(error);
                }
                if (then) {
                  then();
                }
              }
            };
          };
          try {
            run(once(done));
          } catch (error) {
            once(fail)(error);
          }
        };
      }
    }
    /** The parts of a URL, what it lacks from the page. */    function locate(url) {
      var parts = /^(\w+:)?(?:\/\/([^/?#]+))?([^?#]*)/.exec(url);
      var page = root.location;
      var protocol = parts[1] || page && page.protocol || "http:";
      var host = parts[2] || page && page.host;
      if (!host) {
        throw failure("bad_data", "the URL needs a host here: " + url);
      }
      return {
        protocol: protocol,
        host: host,
        pathname: parts[3].replace(/^([^/])/, "/$1")
      };
    }
    /** By fetch, XMLHttpRequest, or what Internet Explorer 6 has for it. Null if there is none of them. */    function legacyPost(options) {
      var old = root;
      if (usesFetch(options)) {
        return fetchPost;
      }
      return old.XMLHttpRequest || old.ActiveXObject ? xhrPost : null;
    }
    /** XMLHttpRequest shows a growing answer since it knows other origins. */    function legacyStreams(options) {
      return usesFetch(options) ? !!root.ReadableStream && !!root.TextDecoder : !!root.XMLHttpRequest && "withCredentials" in new root.XMLHttpRequest;
    }
    /** A fetch that cannot be aborted (Chrome before 66) is worse than XMLHttpRequest; its streams are held back, too. */    function usesFetch(options) {
      return !!options.fetch || !!root.fetch && (!!root.AbortController || !root.XMLHttpRequest);
    }
    var xhrPost = function(url, body, options, progress, done) {
      var old = root;
      try {
        var Foreign = isOwn(url) ? undefined : old.XDomainRequest;
        if (Foreign) {
          return xdrPost(new Foreign, url, body, done);
        }
        var ActiveX = old.ActiveXObject;
        return send(root.XMLHttpRequest ? new root.XMLHttpRequest : new ActiveX("Microsoft.XMLHTTP"), url, body, options, progress, done);
      } catch (_) {
        // Another origin or scheme, where that is not allowed; or a class that is only there to be seen.
        setTimeout(function() {
          return done(0, "");
        }, 0);
        return function() {};
      }
    };
    function send(xhr, url, body, options, progress, done) {
      var seen = 0;
      var over = false;
      xhr.onreadystatechange = function() {
        if (over || xhr.readyState < 3) {
          return;
        }
        var status = 0;
        var text = "";
        try {
          // Internet Explorer throws on both before the end.
          status = xhr.status;
          text = xhr.responseText;
        } catch (_) {}
        if (text.length > MAX_ANSWER) {
          over = true;
          xhr.abort();
          done(0, "");
          return;
        }
        if (progress && status === 200 && text.length > seen) {
          var from = seen;
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
      for (var name in options.extraHeaders) {
        xhr.setRequestHeader(name, options.extraHeaders[name]);
      }
      xhr.setRequestHeader("Content-Type", "text/plain;charset=UTF-8");
      xhr.send(body);
      return function() {
        over = true;
        xhr.abort();
      };
    }
    /** Internet Explorer 8 and 9 have a class of its own for other origins: no cookies, no headers, no status, and only to the page's own scheme. */    function xdrPost(xdr, url, body, done) {
      var over = false;
      var finish = function(status, text) {
        if (!over) {
          over = true;
          done(status, text);
        }
      };
      xdr.onload = function() {
        var text = xdr.responseText;
        // Without a status, a refusal comes as a packet.
                var refused = text.charAt(0) === "r";
        finish(refused ? 400 : 200, refused ? text.slice(1) : text);
      };
      xdr.onerror = xdr.ontimeout = function() {
        return finish(0, "");
      };
      // Internet Explorer 9 gives up requests at will where this is not set.
            xdr.onprogress = function() {};
      xdr.open("POST", url + "?status=200");
      xdr.send(body);
      return function() {
        over = true;
        xdr.abort();
      };
    }
    function isOwn(url) {
      var page = root.location;
      return !page || url.indexOf(page.protocol + "//" + page.host + "/") === 0;
    }
    function encodeBase64(chars) {
      var out = "";
      for (var i = 0; i < chars.length; i += 3) {
        var left = chars.length - i;
        var bits = chars.charCodeAt(i) << 16 | (chars.charCodeAt(i + 1) || 0) << 8 | (chars.charCodeAt(i + 2) || 0);
        out += ALPHABET.charAt(bits >> 18) + ALPHABET.charAt(bits >> 12 & 63) + (left > 1 ? ALPHABET.charAt(bits >> 6 & 63) : "=") + (left > 2 ? ALPHABET.charAt(bits & 63) : "=");
      }
      return out;
    }
    /** Of what is not base64 it makes something that is written otherwise, which shows. */    function decodeBase64(text) {
      var chars = "";
      var bits = 0;
      var held = 0;
      for (var i = 0; i < text.length; i++) {
        var digit = ALPHABET.indexOf(text.charAt(i));
        if (digit >= 0) {
          bits = (bits << 6 | digit) & 4095;
          held += 6;
          if (held >= 8) {
            held -= 8;
            chars += String.fromCharCode(bits >> held & 255);
          }
        }
      }
      return chars;
    }
    // The binary form of a packet (protocol.md, section 2.2): a head in text form, and the bytes that it refers to.
        var binaryForm = {
      _text: textOf,
      _write: write$1,
      _read: read
    };
    function textOf(body, attachments) {
      // Holder and key say what the value was before a toJSON, as that of node's Buffer.
      var text = JSON.stringify(body, function(key, value) {
        return isBinary(this[key]) ? "\0" + (attachments.push(this[key]) - 1) : typeof value === "string" && value.charAt(0) === "\0" ? "\0" + value : value;
      });
      return attachments.length || !/\\u0000/.test(text) ? text : JSON.stringify(body);
    }
    /** By what it looks like, not by instanceof: a buffer of another frame or realm is a buffer too. */    function isBinary(value) {
      var given = value;
      return !!given && given.byteLength >= 0 && /Buffer\]$/.test({}.toString.call(given.buffer || given));
    }
    function write$1(head, attachments) {
      var parts = [ toUtf8(head) ];
      var length = 0;
      var at = 0;
      for (var _i = 0, attachments_1 = attachments; _i < attachments_1.length; _i++) {
        var one = attachments_1[_i];
        parts.push(new Uint8Array(one.buffer || one, one.byteOffset || 0, one.byteLength));
      }
      for (var _a = 0, parts_1 = parts; _a < parts_1.length; _a++) {
        var part = parts_1[_a];
        length += 4 + part.length;
      }
      var out = new Uint8Array(length);
      for (var _b = 0, parts_2 = parts; _b < parts_2.length; _b++) {
        var part = parts_2[_b];
        for (var shift = 32; shift; ) {
          out[at++] = part.length >>> (shift -= 8);
        }
        out.set(part, at);
        at += part.length;
      }
      return out;
    }
    function read(bytes) {
      var parts = [];
      for (var at = 0; at < bytes.length; ) {
        // A length cut short reads as NaN.
        var length = 0;
        for (var end_1 = at + 4; at < end_1; ) {
          length = length * 256 + bytes[at++];
        }
        if (!(at + length <= bytes.length)) {
          return "attachments";
        }
        parts.push("subarray" in bytes ? bytes.subarray(at, at + length) : bytes.slice(at, at + length));
        at += length;
      }
      var text = "";
      try {
        text = fromUtf8(parts.shift() || []);
      } catch (_) {
        return "utf8";
      }
      return parseText(text, function(_key, value) {
        return typeof value !== "string" || value.charAt(0) !== "\0" ? value : value.charAt(1) === "\0" ? value.slice(1) : parts[+value.slice(1)];
      });
    }
    /** The transports that are wanted, by name or as they are. */    function named(known, wanted) {
      var chosen = [];
      var _loop_1 = function(one) {
        var transport = typeof one === "string" ? find(known, function(other) {
          return other.name === one;
        }) : one;
        if (!transport) {
          throw failure("bad_data", "no such transport in this bundle: " + String(one));
        }
        chosen.push(transport);
      };
      for (var _i = 0, wanted_1 = wanted; _i < wanted_1.length; _i++) {
        var one = wanted_1[_i];
        _loop_1(one);
      }
      return chosen;
    }
    // What a carrier over HTTP has beside a WebSocket: requests, and batches that are repeated until they are confirmed
    // (protocol.md, section 4.4).
        var SCRIPT_RESEND = 5e3;
    var MAX_LINES = 1e3;
    /** For the head. */    var HEAD = 1024;
    /** A body that has passed lets the next be so many bytes larger. */    var GROWTH = 1024;
    /** A batch of so many bytes passes wherever anything does. */    var SMALL$1 = 1024;
    /** So often a message is tried alone, while other requests pass. */    var TRIES = 8;
    /** Attaches, and takes along what there is to send. */    function ask(session, now, carrier) {
      request(session, now, carrier, ATTACHING, true);
    }
    /** Makes the requests that the current carrier needs. */    function post(session, now, carrier) {
      var kind = carrier._way._kind;
      var batch = session._batch;
      if (carrier === session._current) {
        if (batch && batch._last && batch._last <= session._base) {
          session._batch = batch = null;
        }
        if (batch && batch._deadline <= now) {
          batch._request = null;
          batch._deadline = Infinity;
        }
        var free = !batch || !batch._request || isOver(batch._request);
        // Behind messages that wait for credit the close waits too.
                var load_1 = free && (ready(session, session._base + 1) || session._fleeting.length || mayClose(session) && session._sent === lastOf(session));
        var due = load_1 || isDue(session);
        var polls = 0;
        for (var _i = 0, _a = carrier._requests; _i < _a.length; _i++) {
          var one = _a[_i];
          polls += one._kind === POLLING ? 1 : 0;
        }
        if (kind === POLL) {
          if (!polls && carrier._rested <= now || polls < 2 && due) {
            request(session, now, carrier, POLLING, free);
          } else if (!polls) {
            session._wake = carrier._rested;
          }
        } else {
          if (kind === SCRIPT && !polls && carrier._ticket) {
            if (carrier._rested <= now) {
              request(session, now, carrier, POLLING, false);
            } else {
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
    /** Makes a request; with `loaded` it takes along what there is to send. */    function request(session, now, carrier, kind, loaded) {
      var attaching = kind === ATTACHING;
      var scripted = carrier._way._kind === SCRIPT;
      var lines = [];
      var fields = kind === POSTING ? {} : {
        attach: carrier._attach
      };
      var made = {
        _carrier: carrier,
        _kind: kind,
        _body: "",
        _ticket: carrier._ticket,
        _over: false,
        _position: 0,
        _deadline: attaching || scripted ? Infinity : now + patienceOf(session)
      };
      if (attaching) {
        fields["v"] = 1;
        fields["window"] = session._window;
        fields["ticket"] = carrier._ticket || undefined;
      } else if (kind === POLLING) {
        fields["poll"] = ++carrier._polls;
        carrier._rested = now + QUIET;
        if (session._tight > now) {
          fields["wait"] = 0;
          carrier._rested = now + session._rest;
        }
        carrier._ticket = "";
      }
      // What may not pass must not keep a carrier from attaching.
            var message = session._log[0];
      if (loaded && (!attaching || !message || message._size <= session._fits)) {
        load$1(session, made, lines, fields, scripted ? now + SCRIPT_RESEND : Infinity);
      }
      if (lines.length) {
        brought(session, now, carrier);
      }
      made._body = header(session, attaching ? "A" : "P", fields) + "\n" + lines.join("\n");
      carrier._requests = carrier._requests.concat(made);
      session._queue.push(function() {
        return session._host._request(made);
      });
      said(session);
    }
    function load$1(session, made, lines, fields, deadline) {
      var repeated = session._batch;
      var first = session._base + 1;
      if (repeated) {
        // And so what it ended with.
        session._saidClose = false;
      } else {
        session._fits = Math.min(session._fits + GROWTH, MAX_BODY);
      }
      var last = fill(session, lines, Math.min(session._limits["max"] - HEAD, session._fits));
      if (lines.length) {
        fields["first"] = first;
        markSent(session, last);
      }
      if (last === lastOf(session)) {
        // Volatile events of a repeated serial would be dropped.
        for (var _i = 0, _a = repeated ? [] : session._fleeting; _i < _a.length; _i++) {
          var data = _a[_i];
          lines.push(toLine(data));
        }
        if (made._carrier._welcomed && mayClose(session)) {
          lines.push(closing(session));
        }
      }
      session._fleeting = [];
      session._batch = null;
      if (lines.length) {
        var serial = repeated ? repeated._serial : ++session._serial;
        fields["serial"] = serial;
        session._batch = {
          _serial: serial,
          _last: last < first ? 0 : last,
          _request: made,
          _deadline: deadline
        };
      }
    }
    /** A body with this batch has not passed, perhaps for its size: the next one is smaller. True if it cannot be. */    function narrow(session, batch, welcomed) {
      var count = batch._last - session._base;
      var size = 0;
      for (var i = 0; i < count; i++) {
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
    /** Adds what may be sent, in lines of about `limit` characters in all; at least one. Says the number of the last. */    function fill(session, lines, limit) {
      var last = session._base;
      for (var message = void 0; lines.length < MAX_LINES && (message = ready(session, last + 1)); last++) {
        var line = toLine(message._data);
        // Of what is not ASCII each character is counted with its bytes.
                limit -= Math.max(line.length, message._size) + 1;
        if (limit < 0 && lines.length) {
          break;
        }
        lines.push(line);
      }
      return last;
    }
    /** A last body for a page that goes away, or `""` if there is no session to close. It changes nothing here. */    function beacon(session, limit) {
      var lines = [];
      if (!session._token || session._state === ENDED) {
        return "";
      }
      var last = fill(session, lines, limit - HEAD);
      lines.push("z" + JSON.stringify({
        code: "client_disconnect",
        "final": Math.max(last, session._sent)
      }));
      return header(session, "P", {
        serial: session._serial + 1,
        first: session._base + 1
      }) + "\n" + lines.join("\n");
    }
    /** The last word, where no WebSocket can carry it. */    function lastWord(session, line) {
      return header(session, "P", {
        serial: ++session._serial
      }) + "\n" + line;
    }
    /** Its welcome may name a ticket: of its stream, or of the next script. */    function welcomed(session, now, carrier, body, full) {
      var ticket = body["ticket"];
      var first = !carrier._ticket;
      if (typeof ticket === "string") {
        carrier._ticket = ticket;
        if (full && first && carrier._way._kind === STREAM) {
          carrier._deadline = now + carrier._patience;
          session._queue.push(function() {
            return session._host._stream(carrier, ticket);
          });
        }
      }
    }
    /** A line of the answer to a request. */    function answer(session, now, request, line) {
      var carrier = request._carrier;
      var batch = session._batch;
      var kind = carrier._way._kind;
      if (!isOver(request)) {
        take(session, now, carrier, request, fromLine(line), kind !== STREAM || !carrier._ticket && request._kind === ATTACHING);
        if (kind !== SCRIPT && request._position && batch && batch._request === request) {
          // The answer has begun, so the whole request has arrived.
          session._batch = null;
        }
      }
    }
    /** The answer to a request is over: with `null`, with the code of a refusal, or not at all (`""`). */    function answered(session, now, request, code) {
      var carrier = request._carrier;
      var batch = session._batch;
      var kind = carrier._way._kind;
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
                var over = request._kind === ATTACHING && kind === STREAM && !carrier._ticket;
        if (over || !request._position && (kind !== SCRIPT || request._kind !== POSTING)) {
          lose(session, carrier, carrier._welcomed && over ? "end" : "");
        }
      } else if (batch && batch._request === request && (!code || code === "too_large" || code === "too_many_packets") && narrow(session, batch, carrier._welcomed)) {
        farewell(session, "undeliverable");
        end(session, "undeliverable");
      } else if (!code && request._kind === POSTING && !carrier._strikes++) {
        session._owesCounts = true;
      } else if (code === "stale_poll" && kind === POLL && !carrier._strikes++) {
        // The next poll has a higher number, and is made at once.
        carrier._deadline = now + patienceOf(session);
        brought(session, now, carrier);
      } else {
        refused(session, carrier, code);
      }
    }
    // What transports over HTTP have in common.
    /** How requests are made here; null if they cannot be. */    function posterOf(io) {
      return io._kit._post ? io._kit._post(io._options) : io._options.fetch || root.fetch ? fetchPost : null;
    }
    /** Can an answer be read as it grows? */    function streams(io) {
      return io._kit._streams ? io._kit._streams(io._options) : !!root.ReadableStream && !!root.TextDecoder;
    }
    /** A transport of one request down, or a stream by ticket, and posts up. */    function httpTransport(name, kind, enabled, progressive, open) {
      var transport = {
        name: name,
        _kind: kind,
        _attach: ask,
        _flush: post,
        _welcomed: welcomed,
        _enabled: function(io) {
          return !!posterOf(io) && !!enabled(io);
        },
        _request: function(hub, attempt, request) {
          var first = request._kind === ATTACHING;
          track(hub, attempt, request, function(line, done) {
            var io = hub._io;
            var read = lineReader(line);
            return posterOf(io)(io._url + "/" + (first || kind === POLL ? name : "send"), request._body, io._options, first && progressive ? read : null, function(status, text) {
              if (status === 200) {
                read(text);
                done(null);
              } else {
                done(status ? refusal(text) : "");
              }
            });
          });
        }
      };
      if (open) {
        transport._stream = function(hub, attempt, ticket) {
          var session = hub._session;
          attempt._aborts.push(open(hub._io, ticket, function(line) {
            measure(hub, attempt, line);
            heard(session, now(), attempt, fromLine(line));
            if (!attempt._heard && !attempt._closed) {
              attempt._heard = true;
              hub._proven(attempt);
            }
            hub._drain();
          }, function() {
            refused(session, attempt, "");
            hub._drain();
          }));
        };
      }
      return transport;
    }
    /** Makes a request, and tells the session what becomes of it. */    function track(hub, attempt, request, make) {
      var transport = attempt._way;
      var session = hub._session;
      var crowd = hub._crowd;
      if (request._kind === ATTACHING) {
        attempt._aborts.push(function() {
          for (var _i = 0, _a = attempt._requests; _i < _a.length; _i++) {
            var made = _a[_i];
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
      request._abort = make(function(line) {
        if (crowd && request._kind !== ATTACHING) {
          crowd._answered(attempt);
        }
        // What keeps a stream alive is its own lines.
                if (transport._kind !== STREAM || request._kind === ATTACHING && !transport._stream) {
          measure(hub, attempt, line);
        }
        answer(session, now(), request, line);
        hub._drain();
      }, function(code) {
        if (crowd) {
          crowd._answered(attempt);
        }
        answered(session, now(), request, code);
        hub._drain();
      });
    }
    /** The answer to the server's `z`. */    function sayFarewell(hub, line) {
      var io = hub._io;
      var poster = posterOf(io);
      if (poster) {
        poster(io._url + "/send", lastWord(hub._session, line), io._options, null, function() {});
      }
    }
    /** Something has come over it. A stream of which much has come is replaced, before the server ends it. */    function measure(hub, attempt, line) {
      hub._heard(attempt);
      attempt._length += line.length;
      // A character is three bytes at most.
            if (attempt._length * 4 > hub._session._limits["stream"]) {
        attempt._length = 0;
        hub._replace(attempt);
      }
    }
    /** Cuts what arrives into lines. A line without its end was cut off, padding says nothing: neither is told (protocol.md, 2.3). */    function lineReader(line) {
      var rest = "";
      return function(text) {
        // To cut what has been looked at again with each piece would take its time with long lines.
        var lines = text.indexOf("\n") < 0 ? [] : (rest + text).split("\n");
        rest = lines.length ? lines.pop() : rest + text;
        if (rest.length > MAX_ANSWER) {
          rest = "";
          // No packet, and so the end of its carrier.
                    lines.push("!");
        }
        for (var _i = 0, lines_1 = lines; _i < lines_1.length; _i++) {
          var one = lines_1[_i];
          if (one && one.charAt(0) !== " ") {
            line(one);
          }
        }
      };
    }
    /** The code of a refusal; `""` if it is anything else, as what a proxy says, or only says that this path is none. */    function refusal(text) {
      try {
        var _a = JSON.parse(text), error = _a.error, then_1 = _a.then;
        return then_1 ? learn(error, then_1) : "";
      } catch (_) {
        return "";
      }
    }
    var event_source =  httpTransport("event_source", STREAM, classOf$1, false, function(io, ticket, line, closed) {
      var Class = classOf$1(io);
      var source;
      var close = function() {
        if (source) {
          source.close();
        }
      };
      try {
        source = new Class(io._url + "/event_source?ticket=" + ticket, {
          withCredentials: !!io._options.withCredentials
        });
        source.onmessage = function(event) {
          return line(event.data);
        };
        source.onerror = function() {
          // It would come back by itself, with a ticket that is spent.
          close();
          closed();
        };
      } catch (_) {
        // PhantomJS 1.9 and its like, for another origin.
        soon(closed);
      }
      return close;
    });
    function classOf$1(io) {
      return io._options.EventSource || root.EventSource;
    }
    var long_polling =  httpTransport("long_polling", POLL, function() {
      return true;
    });
    var streaming =  httpTransport("streaming", STREAM, streams, true);
    // What goes up on a WebSocket.
        function hello(session, _now, carrier) {
      var data = header(session, "A", {
        v: 1,
        attach: carrier._attach,
        window: session._window,
        first: session._id ? undefined : session._base + 1
      });
      session._queue.push(function() {
        return session._host._write(carrier, data);
      });
    }
    function write(session, _now, carrier) {
      var out = function(data) {
        session._queue.push(function() {
          return session._host._write(carrier, data);
        });
      };
      var current = carrier === session._current;
      // Once another carrier has opened, only its own welcome tells what this one opened: after a restart of the server it is another session.
            if (carrier._cursor >= 0 && (current || !session._id)) {
        for (var message = void 0; message = ready(session, carrier._cursor + 1); ) {
          out(message._data);
          markSent(session, ++carrier._cursor);
        }
      }
      if (current) {
        var done = carrier._cursor === lastOf(session);
        if (done) {
          var fleeting = session._fleeting;
          // Once: when a welcome comes, this is run before all carriers have their turn.
                    session._fleeting = [];
          for (var _i = 0, fleeting_1 = fleeting; _i < fleeting_1.length; _i++) {
            var data = fleeting_1[_i];
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
    var websocket = {
      name: "websocket",
      _kind: DUPLEX,
      _attach: hello,
      _flush: write,
      // What speaks only the draft of 2010 (Safari 5, PhantomJS 1) does not know CLOSING. PhantomJS 2 has no binaryType before there is an instance.
      _enabled: function(io) {
        var Class = classOf(io);
        return !!Class && (!!io._options.WebSocket || "CLOSING" in Class);
      },
      _open: function(io, opened, packet, closed) {
        var Class = classOf(io);
        var headers = io._options.extraHeaders;
        var url = io._url.replace(/^http/, "ws") + "/websocket";
        // Only implementations for node take headers.
                var socket = headers ? new Class(url, [], {
          headers: headers
        }) : new Class(url);
        var end = function() {
          socket.onopen = socket.onmessage = socket.onclose = null;
        };
        socket.binaryType = "arraybuffer";
        socket.onopen = opened;
        socket.onmessage = function(event) {
          return packet(typeof event.data === "string" ? event.data : new Uint8Array(event.data));
        };
        // Some engines tell of a failure by `close` alone, some by `error` first: `close` always comes. The `ws` package throws errors
        // that nobody listens to.
                socket.onerror = function() {};
        socket.onclose = function() {
          end();
          closed();
        };
        return {
          _send: function(data) {
            if (socket.readyState === 1) {
              socket.send(data);
            }
          },
          _close: function() {
            end();
            socket.close();
          },
          _buffered: function() {
            return socket.bufferedAmount;
          }
        };
      }
    };
    function classOf(io) {
      return io._options.WebSocket || root.WebSocket;
    }
    /** An answer takes less than this and four round trips. */    var TIME = 1500;
    /** More takes its time to be sent. */    var SMALL = 4096;
    /** Later than that, it was this machine that slept. */    var LATE = 1e3;
    /** Pages and workers have a location, and a browser's few connections: elsewhere there is nothing to watch. */    function watchCrowd(hub, memory, isTight) {
      var session = hub._session;
      /** Lets go of the connections of this carrier: polls that do not hang do with what is left to them. */      var yieldTo = function(attempt) {
        if (!hub._own || find(hub._ways, function(way) {
          return way._kind === POLL;
        })) {
          refused(session, attempt, CROWDED);
          hub._drain();
        }
      };
      var wait = function(attempt, time) {
        var due = now() + time;
        attempt._waits = later(function() {
          return now() > due + LATE ? wait(attempt, time) : yieldTo(attempt);
        }, time);
      };
      var answered = function(attempt) {
        clearTimeout(attempt._waits);
        attempt._waits = 0;
      };
      var owe = function() {
        session._owesCounts = true;
        hub._drain();
      };
      return root.location ? {
        _asked: function(attempt, request) {
          if (request._kind !== ATTACHING && memory.tight <= now()) {
            if (attempt._way._kind !== POLL || request._carrier._requests.length > 1) {
              if (!attempt._waits && request._body.length < SMALL) {
                attempt._aborts.push(function() {
                  return answered(attempt);
                });
                wait(attempt, TIME + 4 * memory.rtt);
              }
            } else if (request._kind === POLLING && request._carrier._polls === 1) {
              // Is there a connection left for another?
              soon(owe);
            }
          }
        },
        _answered: answered,
        _proven: function(attempt) {
          // A poll asks for the memory's sake: another page may have found out.
          var tight = attempt._way._kind !== DUPLEX && isTight();
          if (attempt._way._kind === STREAM) {
            if (tight) {
              yieldTo(attempt);
            } else {
              // Is there a connection left for this?
              owe();
            }
          }
        }
      } : undefined;
    }
    /** Tells when the page is left, for good or `stored` by the browser, and when to look after the connection at once: `surely` if it has most likely gone. */    function watchPage(leave, wake) {
      var document = root.document;
      var hear = function(_a) {
        var type = _a.type, persisted = _a.persisted;
        if (type === "pagehide") {
          leave(persisted);
        } else if (type === "visibilitychange" ? !document.hidden : type !== "pageshow" || persisted) {
          wake(type !== "visibilitychange");
        }
      };
      var each = function(method) {
        if (document && root.addEventListener) {
          for (var _i = 0, _a = [ "pagehide", "pageshow", "online" ]; _i < _a.length; _i++) {
            var type = _a[_i];
            root[method](type, hear);
          }
          // Chromium freezes pages that are hidden.
                    for (var _b = 0, _c = [ "visibilitychange", "resume" ]; _b < _c.length; _b++) {
            var type = _c[_b];
            document[method](type, hear);
          }
        }
      };
      each("addEventListener");
      return function() {
        return each("removeEventListener");
      };
    }
    var kept = {};
    /** A page's storage, which may be full or forbidden; elsewhere, and then, what lasts as long as the process. */    var storage = {
      get: function(key) {
        try {
          return root.document && root.localStorage.getItem(key) || kept[key];
        } catch (_) {
          return kept[key];
        }
      },
      set: function(key, value) {
        kept[key] = value;
        try {
          if (root.document) {
            root.localStorage.setItem(key, value);
          }
        } catch (_) {}
      }
    };
    /** `ahead`: by how much the time of day is ahead of the clock. */    function load(store, key, now, ahead) {
      try {
        var kept_1 = JSON.parse(store.get(key));
        // However wrong the time of day was or is.
                kept_1.until = Math.min(now + KEPT, kept_1.until - ahead);
        kept_1.tight = Math.min(now + KEPT, kept_1.tight - ahead);
        if (kept_1.until > now) {
          return kept_1;
        }
      } catch (_) {
        // What cannot be read is not known.
      }
      return {
        until: 0,
        best: "",
        rtt: 0,
        tight: 0,
        failed: {}
      };
    }
    function save(store, key, memory, ahead) {
      var best = memory.best, rtt = memory.rtt, failed = memory.failed;
      try {
        store.set(key, JSON.stringify({
          until: memory.until + ahead,
          best: best,
          rtt: rtt,
          tight: memory.tight + ahead,
          failed: failed
        }));
      } catch (_) {
        // The user's store is the user's.
      }
    }
    // The plan of all but the smallest client: negotiation, what it remembers, and what it tries.
    /** How late a heartbeat may be. */    var LATE_HEARTBEAT = 1e3;
    function negotiate(hub, limits, host) {
      var io = hub._io, ways = hub._ways, session = hub._session;
      var store = io._options.memory || storage;
      var ahead = function() {
        return wall() - now();
      };
      // What is learnt counts for this origin, and among these transports.
            var place = "everwire " + io._url.replace(/^(\w+:\/\/[^/]+).*/, "$1");
      var stop = function() {};
      /** When something came over the carrier, by the time of day. */      var heardAt = 0;
      if (io._options.transports) {
        for (var _i = 0, ways_1 = ways; _i < ways_1.length; _i++) {
          var way = ways_1[_i];
          place += " " + way.name;
        }
      }
      var memory = load(store, place, now(), ahead());
      /** Another page may have found out. */      var isTight = function() {
        session._tight = memory.tight = Math.max(memory.tight, load(store, place, now(), ahead()).tight);
        return memory.tight > now();
      };
      session._tight = memory.tight;
      hub._crowd = watchCrowd(hub, memory, isTight);
      var plan = createNegotiation(ways, limits, Math.random, memory, host, {
        _probe: function(transport, done) {
          if (transport._kind === STREAM && isTight()) {
            done(now(), CROWDED);
          } else {
            stop = trial(io, transport, function(failed) {
              done(now(), failed);
              hub._drain();
            });
          }
        },
        _learnt: function() {
          session._tight = memory.tight;
          if (ways.length > 1) {
            save(store, place, memory, ahead());
          }
        },
        _stop: function() {
          return stop();
        }
      });
      var proven = hub._proven;
      hub._heard = function(attempt) {
        heardAt = wall();
        // The other half of the time-out is for finding another way before this one is given up.
                plan._heard(attempt, now() + session._limits["ping"] + session._limits["timeout"] / 2);
      };
      hub._replace = function(attempt) {
        return plan._replace(now(), attempt);
      };
      hub._check = function(surely) {
        var left = heardAt + session._limits["ping"] + LATE_HEARTBEAT - wall();
        plan._check(now(), surely ? now() : now() + Math.max(LATE_HEARTBEAT, left));
        hub._drain();
      };
      hub._proven = function(attempt) {
        proven(attempt);
        if (hub._crowd) {
          hub._crowd._proven(attempt);
        }
      };
      return plan;
    }
    /** How often to look whether the machine has slept. */    var PULSE = 5e3;
    /** Browsers refuse more than 64 KiB. */    var MAX_BEACON = 32768;
    function watch(hub) {
      var session = hub._session;
      var pulse;
      var pulseAt = 0;
      /** Machines sleep without a word, and their clocks may stop. */      var beat = function() {
        if (pulseAt && wall() - pulseAt > PULSE + session._limits["ping"]) {
          hub._check(false);
        }
        pulseAt = wall();
        pulse = later(beat, PULSE);
      };
      var stop = watchPage(function(stored) {
        var navigator = root.navigator;
        if (stored) {
          // It may come back and resume: only what it holds is let go.
          hub._letGo();
          return;
        }
        // The page is going away: the last words go by beacon.
                var body = beacon(session, MAX_BEACON);
        if (body && navigator && navigator.sendBeacon) {
          navigator.sendBeacon(hub._io._url + "/send", body);
        }
      }, hub._check);
      beat();
      return function() {
        clearTimeout(pulse);
        stop();
      };
    }
    // What the default entry is made of.
    /** In order of preference. */    var modernTransports = [ websocket, streaming, event_source, long_polling ];
    /** A frame that nobody sees. `loaded` is told when its document is at its end, however that came. */    function hiddenFrame(url, loaded, name) {
      var document = root.document;
      var place = document.createElement("div");
      place.style.display = "none";
      // As HTML, because Internet Explorer before 8 gives no name to a frame made otherwise.
            place.innerHTML = "<iframe" + (name ? ' name="' + name + '"' : "") + "></iframe>";
      var element = place.firstChild;
      if (url) {
        element.src = url;
      }
      document.body.appendChild(place);
      var fire = function() {
        if (place.parentNode) {
          loaded();
        }
      };
      if (element.addEventListener) {
        element.addEventListener("load", fire);
      } else {
        element.attachEvent("onload", fire);
      }
      return {
        _element: element,
        _remove: function() {
          if (place.parentNode) {
            place.parentNode.removeChild(place);
          }
        }
      };
    }
    /** How long what a frame has posted may be under way when its document is at its end. */    var LAST_MESSAGES = 100;
    var forever_iframe =  httpTransport("forever_iframe", STREAM, function() {
      return root.document && root.postMessage && root.addEventListener;
    }, false, function(io, ticket, line, closed) {
      var page = root.location;
      var window = root;
      var read = lineReader(line);
      var server = /^https?:\/\/[^/]+/.exec(io._url)[0].toLowerCase();
      var listen = function(event) {
        var data = event.data;
        if (event.source !== frame._element.contentWindow || event.origin !== server || !data || data.everwire !== ticket) {
          return;
        }
        if (typeof data.data === "string") {
          read(data.data + "\n");
        } else {
          end();
        }
      };
      var close = function() {
        window.removeEventListener("message", listen);
        frame._remove();
        closed = function() {};
      };
      var end = function() {
        var tell = closed;
        close();
        tell();
      };
      var origin = encodeURIComponent(page.protocol + "//" + page.host);
      window.addEventListener("message", listen);
      var frame = hiddenFrame(io._url + "/forever_iframe?ticket=" + ticket + "&origin=" + origin, function() {
        setTimeout(end, LAST_MESSAGES);
      });
      return close;
    });
    var count = 0;
    /** For pages that can do nothing else: scripts down, forms up. Only used when it is named. */    var jsonp = {
      name: "jsonp",
      _kind: SCRIPT,
      _attach: ask,
      _flush: post,
      _welcomed: welcomed,
      _enabled: function() {
        return !!root.document;
      },
      _request: function(hub, attempt, request) {
        track(hub, attempt, request, function(line, done) {
          var kind = request._kind, body = request._body;
          if (kind === POSTING) {
            return postForm(hub._io, body, function() {
              return done(null);
            });
          }
          var stopForm = kind === ATTACHING ? postForm(hub._io, body, function() {}) : function() {};
          var _a = hub._session, received = _a._received, consumed = _a._consumed;
          var counts = "&poll=" + request._carrier._polls + "&received=" + received + "&consumed=" + consumed;
          var stopScript = loadScript(hub._io, "ticket=" + request._ticket + (kind === POLLING ? counts : ""), line, done);
          return function() {
            stopForm();
            stopScript();
          };
        });
      }
    };
    /** The answer to a form is nothing that a page could read: only that it has come. */    function postForm(io, body, done) {
      var document = root.document;
      var name = "everwire_form_" + ++count;
      var sent = false;
      var frame = hiddenFrame("", function() {
        // A frame loads once when it is made, too.
        if (sent) {
          stop();
          done();
        }
      }, name);
      var form = document.createElement("form");
      var field = document.createElement("textarea");
      form.method = "POST";
      form.action = io._url + "/jsonp";
      form.target = name;
      form.acceptCharset = "utf-8";
      field.name = "d";
      field.value = body;
      form.appendChild(field);
      frame._element.parentNode.appendChild(form);
      var stop = function() {
        // Taking a frame out while it tells that it has loaded upsets some engines.
        setTimeout(frame._remove, 0);
        done = function() {};
      };
      setTimeout(function() {
        sent = true;
        form.submit();
      }, 0);
      return stop;
    }
    function loadScript(io, query, line, done) {
      var global = root;
      var document = root.document;
      var name = "everwire_" + ++count;
      var script = document.createElement("script");
      var read = lineReader(line);
      var answered = false;
      var stop = function() {
        // It may still come, when its element is long gone.
        global[name] = function() {};
        script.onload = script.onerror = null;
        script.onreadystatechange = null;
        if (script.parentNode) {
          script.parentNode.removeChild(script);
        }
      };
      var end = function() {
        stop();
        done(answered ? null : "");
      };
      global[name] = function(text) {
        answered = true;
        read(text);
      };
      script.onload = script.onerror = end;
      script.onreadystatechange = function() {
        if (/loaded|complete/.test(script.readyState)) {
          end();
        }
      };
      if (io._options.nonce) {
        script.setAttribute("nonce", io._options.nonce);
      }
      script.src = io._url + "/jsonp?c=" + name + "&" + query;
      document.getElementsByTagName("head")[0].appendChild(script);
      return stop;
    }
    // What the entry for old browsers is made of: everything.
        var usual =  modernTransports.concat(forever_iframe);
    var legacyTransports =  usual.concat(jsonp);
    var legacy = {
      _choose: function(wanted) {
        if (wanted === void 0) {
          wanted = usual;
        }
        return named(legacyTransports, wanted);
      },
      _plan: negotiate,
      _binary: binaryForm,
      _watch: watch,
      _farewell: sayFarewell,
      _post: legacyPost,
      _streams: legacyStreams
    };
    /** As the default entry's, with all transports, in every browser that has JSON. */    function connect(url, options) {
      mend();
      return open(legacy, url, options);
    }
    /** Tries each transport alone, those of `options.transports` or all, one after the other. */    function diagnose(url, options) {
      mend();
      return diagnoseBy(legacy, legacyTransports, url, options);
    }
    exports.connect = connect;
    exports.diagnose = diagnose;
  });
}).call(this);
//# sourceMappingURL=everwire.js.map
