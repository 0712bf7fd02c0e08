/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
(function() {
  var __assign = this && this.__assign || function() {
    __assign = Object.assign || function(t) {
      for (var s, i = 1, n = arguments.length; i < n; i++) {
        s = arguments[i];
        for (var p in s) if (Object.prototype.hasOwnProperty.call(s, p)) t[p] = s[p];
      }
      return t;
    };
    return __assign.apply(this, arguments);
  };
  var __spreadArray = this && this.__spreadArray || function(to, from, pack) {
    if (pack || arguments.length === 2) for (var i = 0, l = from.length, ar; i < l; i++) {
      if (ar || !(i in from)) {
        if (!ar) ar = Array.prototype.slice.call(from, 0, i);
        ar[i] = from[i];
      }
    }
    return to.concat(ar || Array.prototype.slice.call(from));
  };
  (function(global, factory) {
    typeof exports === "object" && typeof module !== "undefined" ? factory(exports) : typeof define === "function" && define.amd ? define([ "exports" ], factory) : (global = typeof globalThis !== "undefined" ? globalThis : global || self, 
    factory(global.everwire = {}));
  })(this, function(exports) {
    /** A pause before try number `tries` (from 0): anything up to a bound that doubles. Full jitter spreads a crowd best. */
    function backoff(tries, delay, maxDelay, random) {
      return Math.floor(random() * Math.min(maxDelay, delay * Math.pow(2, tries)));
    }
    // What a client does about a code (protocol.md, section 10.2).
        var ACTIONS = {
      attach: " attachments bad_json bad_packet empty gap heartbeat stale stale_poll stale_token taken_over timeout too_large too_many_packets utf8 ",
      open: " grace_over unknown_session ",
      backoff: " bad_ack credit full rate shutdown slow_consumer ",
      next: " bad_handshake bad_request content_type encoding method not_found transport upgrade_required ",
      never: " callback client_disconnect no_namespace origin server_disconnect version "
    };
    /** These end the session; the others end a request or a carrier. The page cannot help a refused origin or callback either. */    var ENDS = " bad_ack callback client_disconnect credit grace_over no_namespace origin server_disconnect shutdown slow_consumer unknown_session version ";
    /** Null if the code is not one of the protocol's. */    function actionOf(code) {
      for (var action in ACTIONS) {
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
    /** Before the next transport is started beside one that has not carried anything: this, or three round trips. */    var HEAD_START = 250;
    var MAX_RTT = 1e3;
    /** Time for a new carrier to show that it carries; more after each round without success. */    var PATIENCE = 5e3;
    var MAX_PATIENCE = 2e4;
    /** So long a two-way connection that was overtaken may still win. */    var LATE = 5e3;
    /** A carrier that held this long was no failure; one that dies sooner than `QUICK` so many times in a row is left. */    var STOOD = 1e3;
    var QUICK = 1e4;
    var QUICK_DEATHS = 3;
    /** So many refusals that only ask for another attach are followed at once. */    var HASTY = 3;
    /** How long what was learnt counts. */    var KEPT = 36e5;
    /** Looking for something better: bounds of the pauses, and how long a carrier must hold for them to start over. */    var PROBE_FIRST = 2e4;
    var PROBE_MAX = 6e5;
    var PROBE_LEAST = 1e3;
    var PROBE_RESET = 6e4;
    /** A time-out that comes this late says that this machine was busy, nothing of the path: it is given once more. */    var BUSY = 50;
    var NEVER$1 = Infinity;
    var Negotiation = /** @class */ function() {
      function Negotiation(ways, limits, random, memory) {
        this.ways = ways;
        this.limits = limits;
        this.random = random;
        this.memory = memory;
        /** The session is about to end: nothing better is looked for. */        this.closing = false;
        this.begun = false;
        this.attempts = [];
        this.ids = 0;
        this.current = null;
        /** What was current until another attach was accepted, which has not carried anything yet. */        this.former = null;
        this.carriedAt = 0;
        /** Untried transports of this race, and when the next is due. */        this.left = [];
        this.due = NEVER$1;
        /** Racing though there is a carrier, which may be dead. */        this.renewing = false;
        this.rounds = 0;
        this.hasty = 0;
        this.lifeBy = NEVER$1;
        this.deaths = {};
        /** What failed and how; evidence only once something else has worked. */        this.suspects = {};
        this.code = "";
        this.why = "";
        this.probeAt = NEVER$1;
        this.probes = 0;
        this.toProbe = [];
        /** Overtaken by less than they may need: looked at anew soon. */        this.doubtful = [];
        this.steps = [];
      }
      Negotiation.prototype.begin = function(now) {
        this.begun = true;
        this.race(now, 0);
      };
      /** A two-way connection stands, and its attach is under way. */      Negotiation.prototype.opened = function(now, id) {
        var attempt = this.find(id);
        if (attempt) {
          attempt.openedAt = now;
          attempt.until = NEVER$1;
          // It makes progress: the answer takes no longer than the handshake did.
                    if (attempt.due === this.due) {
            this.due = attempt.due = Math.max(attempt.due, now + now - attempt.at);
          }
        }
      };
      /** Data has come: this one works, and the session is on it. */      Negotiation.prototype.carried = function(now, id) {
        var attempt = this.find(id);
        var former = this.former;
        if (!attempt || attempt === this.current) {
          return;
        }
        var memory = this.memory;
        var took = now - (attempt.openedAt < 0 ? attempt.at : attempt.openedAt);
        this.former = null;
        this.current = attempt;
        this.carriedAt = now;
        this.hasty = 0;
        this.calm();
        for (var i = this.attempts.length; i--; ) {
          this.outrun(this.attempts[i], attempt);
        }
        delete this.suspects[attempt.name];
        for (var name in this.suspects) {
          this.demote(now, name, this.suspects[name]);
        }
        this.suspects = {};
        delete memory.failed[attempt.name];
        memory.best = attempt.name;
        memory.until = now + KEPT;
        memory.rtt = Math.min(memory.rtt || MAX_RTT, Math.max(1, took));
        this.steps.push({
          type: "learnt"
        });
        if (former && this.rank(former) < this.rank(attempt) && !this.under(former.name) && !this.closing) {
          this.start(now, former);
        }
        this.planProbe(now);
      };
      /** The server has accepted another attach. Says whether to keep this one's connection: it may still show that it carries. */      Negotiation.prototype.overtaken = function(now, id) {
        var attempt = this.find(id);
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
      };
      /** Something has come over a connection that was overtaken. */      Negotiation.prototype.alive = function(now, id) {
        var attempt = this.find(id);
        if (attempt && attempt.late) {
          this.remove(attempt);
          this.steps.push({
            type: "cancel",
            id: id
          });
          this.again(now, attempt);
        }
      };
      /** Something has come over the carrier. */      Negotiation.prototype.heard = function(id) {
        if (this.current && this.current.id === id) {
          this.lifeBy = NEVER$1;
          if (this.renewing) {
            this.calm();
          }
        }
      };
      /** It has failed, or was lost, with the code of a refusal, `timeout`, `end` or `""`. */      Negotiation.prototype.failed = function(now, id, code) {
        var attempt = this.find(id);
        if (!attempt) {
          return;
        }
        var why = reason(attempt, code);
        var action = actionOf(code);
        this.remove(attempt);
        if (attempt === this.current && this.heldBack(now, attempt)) {
          this.suspects[attempt.name] = "buffered";
          this.doubtful.push(attempt);
        }
        if (attempt === this.current && code === "taken_over" && this.racers()) {
          this.superseded(now, attempt);
        } else if (attempt === this.current) {
          this.died(now, attempt, code);
        } else if (attempt.late || this.current && !this.renewing) {
          if (this.current && (!action || code === "timeout")) {
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
      };
      /** What a probe has found: null if it works, else why not. */      Negotiation.prototype.probed = function(now, name, why) {
        var way = this.toProbe.shift();
        var current = this.current;
        if (!way || !current || this.closing || this.rank(way) >= this.rank(current)) {
          this.toProbe = [];
          this.planProbe(now);
        } else if (why === null) {
          this.toProbe = [];
          this.probes++;
          this.start(now, way);
        } else {
          this.demote(now, name, why);
          this.steps.push({
            type: "learnt"
          });
          this.probeNext(now);
        }
      };
      /** There is reason for a look: attaches at once if there is no carrier, and anew if it shows no life by then. */      Negotiation.prototype.check = function(now, by) {
        if (this.begun && !this.current && !this.racers()) {
          this.due = now;
        } else if (this.current) {
          this.lifeBy = Math.min(this.lifeBy, by);
        }
      };
      Negotiation.prototype.next = function(now) {
        var step = this.steps.shift();
        if (step) {
          return step;
        }
        for (var i = 0; i < this.attempts.length; i++) {
          var attempt_1 = this.attempts[i];
          if (attempt_1.until < now - BUSY) {
            attempt_1.until = now + HEAD_START;
          } else if (attempt_1.until <= now) {
            this.failed(now, attempt_1.id, "timeout");
            return {
              type: "cancel",
              id: attempt_1.id
            };
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
          this.probeAt = NEVER$1;
          this.toProbe = this.doubtful.length ? this.doubtful : this.ways.slice(0, this.rank(this.current));
          this.doubtful = [];
          this.probeNext(now);
        }
        return this.steps.shift() || null;
      };
      Negotiation.prototype.nextTimeout = function() {
        var next = Math.min(this.due, this.lifeBy, this.closing ? NEVER$1 : this.probeAt);
        for (var i = 0; i < this.attempts.length; i++) {
          next = Math.min(next, this.attempts[i].until);
        }
        return next;
      };
      // ---- racing
            Negotiation.prototype.race = function(now, pause) {
        this.left = this.order(now);
        this.due = now + pause;
      };
      /** What worked last, then what is not known to fail here, then what worked for a while, then the rest. */      Negotiation.prototype.order = function(now) {
        var first = [];
        var then = [];
        var died = [];
        var last = [];
        for (var i = 0; i < this.ways.length; i++) {
          var way = this.ways[i];
          var bad = this.memory.failed[way.name];
          var why = this.suspects[way.name] || bad && bad.until > now && bad.why;
          if (why) {
            (why === "died" ? died : last).push(way);
          } else if (way.name === this.memory.best && this.memory.until > now) {
            first.push(way);
          } else {
            then.push(way);
          }
        }
        return first.concat(then, died, last);
      };
      /** The next transport of the race is due. */      Negotiation.prototype.step = function(now) {
        while (this.left.length && this.under(this.left[0].name)) {
          this.left.shift();
        }
        if (this.racers() && this.due < now - BUSY) {
          this.due = now + this.headStart();
          return;
        }
        var way = this.left.shift();
        if (way) {
          this.start(now, way);
        } else if (this.racers()) {
          this.due = NEVER$1;
        } else if (this.renewing) {
          this.calm();
        } else {
          this.roundOver(now);
        }
      };
      /** All have failed. That says more of the network than of any of them. */      Negotiation.prototype.roundOver = function(now) {
        this.rounds++;
        this.suspects = {};
        this.steps.push({
          type: "failing",
          code: this.code || "no_transport",
          why: this.why
        });
        this.retry(now, this.pause());
      };
      Negotiation.prototype.retry = function(now, pause) {
        if (!this.ways.length || this.rounds > this.limits.attempts) {
          this.due = NEVER$1;
          this.steps.push({
            type: "give_up"
          });
        } else {
          this.race(now, pause);
        }
      };
      Negotiation.prototype.start = function(now, way) {
        var id = ++this.ids;
        var patience = Math.min(MAX_PATIENCE, PATIENCE * (this.rounds + 1));
        var due = now + this.headStart() * Math.pow(2, this.racers());
        // Only of a connection that does not stand yet nobody else keeps the time.
                var until = way.kind === "duplex" ? now + patience : NEVER$1;
        this.attempts.push({
          id: id,
          name: way.name,
          kind: way.kind,
          at: now,
          openedAt: -1,
          due: due,
          until: until,
          late: false
        });
        if (!this.current || this.renewing) {
          this.due = due;
        }
        this.steps.push({
          type: "start",
          id: id,
          name: way.name,
          patience: patience
        });
      };
      /** `winner` carries data. Another two-way connection that is better has some time left; what cannot harm is let go. */      Negotiation.prototype.outrun = function(other, winner) {
        if (other.kind !== "duplex" || other.openedAt >= 0 && !other.late) {
          return;
        }
        if (this.rank(other) < this.rank(winner)) {
          other.until = Math.min(other.until, other.at + LATE);
        } else if (other !== winner) {
          this.remove(other);
          this.steps.push({
            type: "cancel",
            id: other.id
          });
        }
      };
      Negotiation.prototype.died = function(now, attempt, code) {
        var lived = now - this.carriedAt;
        this.current = null;
        var name = attempt.name;
        var stood = code === "end" || lived >= STOOD;
        this.deaths[name] = code === "end" || lived >= QUICK ? 0 : (this.deaths[name] || 0) + 1;
        if (lived >= PROBE_RESET) {
          this.probes = 0;
        }
        if (code === "timeout") {
          this.suspects[name] = "mute";
        } else if (this.deaths[name] >= QUICK_DEATHS) {
          this.suspects[name] = "died";
        }
        this.rounds = stood ? 0 : this.rounds + 1;
        this.probeAt = this.lifeBy = NEVER$1;
        if (this.renewing) {
          this.renewing = false;
        } else {
          var pause = actionOf(code) === "backoff" || !stood ? this.pause() : 0;
          this.retry(now, this.racers() ? Math.max(pause, this.headStart()) : pause);
        }
      };
      /** What a proxy holds back comes late, and together with the end: as when the next attach makes the server end this stream. */      Negotiation.prototype.heldBack = function(now, attempt) {
        return attempt.kind === "stream" && this.carriedAt >= attempt.due && now - this.carriedAt < BUSY;
      };
      /** Another is about to carry; if it does not in time, the race begins anew. */      Negotiation.prototype.superseded = function(now, attempt) {
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
      };
      Negotiation.prototype.suspect = function(now, attempt, why, code) {
        this.suspects[attempt.name] = this.why = why;
        this.code = code;
        // One that was started later still has its time.
                if (attempt.due >= this.due || !this.racers()) {
          this.due = now;
        }
      };
      /** This one has shown that it works. */      Negotiation.prototype.again = function(now, way) {
        if (!this.current) {
          this.left.unshift(way);
          this.due = now;
        } else if (this.rank(way) < this.rank(this.current) && !this.closing) {
          this.start(now, way);
        }
      };
      Negotiation.prototype.renew = function(now) {
        var current = this.current;
        this.lifeBy = NEVER$1;
        if (current && !this.renewing && !this.closing) {
          this.race(now, 0);
          this.left.unshift(current);
          this.renewing = true;
        }
      };
      Negotiation.prototype.headStart = function() {
        return Math.max(HEAD_START, 3 * this.memory.rtt);
      };
      Negotiation.prototype.calm = function() {
        this.renewing = false;
        this.left = [];
        this.due = this.lifeBy = NEVER$1;
      };
      Negotiation.prototype.pause = function() {
        return backoff(Math.max(0, this.rounds - 1), this.limits.delay, this.limits.maxDelay, this.random);
      };
      // ---- upward
            Negotiation.prototype.planProbe = function(now) {
        var better = this.current && this.rank(this.current) > 0;
        var pause = this.doubtful.length ? 0 : backoff(this.probes, PROBE_FIRST, PROBE_MAX, this.random);
        this.probeAt = better ? now + PROBE_LEAST + pause : NEVER$1;
      };
      Negotiation.prototype.probeNext = function(now) {
        while (this.toProbe.length && !this.worthProbing(this.toProbe[0])) {
          this.toProbe.shift();
        }
        var way = this.toProbe[0];
        if (way) {
          this.steps.push({
            type: "probe",
            name: way.name
          });
        } else {
          this.probes++;
          this.planProbe(now);
        }
      };
      Negotiation.prototype.worthProbing = function(way) {
        return !this.under(way.name) && !!this.current && this.rank(way) < this.rank(this.current);
      };
      Negotiation.prototype.demote = function(now, name, why) {
        this.memory.failed[name] = {
          why: why,
          until: now + KEPT
        };
        this.steps.push({
          type: "learnt"
        });
      };
      // ---- the lists
            Negotiation.prototype.rank = function(way) {
        var i = 0;
        while (i < this.ways.length && this.ways[i].name !== way.name) {
          i++;
        }
        return i;
      };
      Negotiation.prototype.find = function(id) {
        for (var i = 0; i < this.attempts.length; i++) {
          if (this.attempts[i].id === id) {
            return this.attempts[i];
          }
        }
        return null;
      };
      Negotiation.prototype.remove = function(attempt) {
        for (var i = this.attempts.length; i--; ) {
          if (this.attempts[i] === attempt) {
            this.attempts.splice(i, 1);
          }
        }
      };
      /** Is it being tried? */      Negotiation.prototype.under = function(name) {
        for (var i = 0; i < this.attempts.length; i++) {
          var attempt_2 = this.attempts[i];
          if (attempt_2.name === name && attempt_2 !== this.current && !attempt_2.late) {
            return true;
          }
        }
        return false;
      };
      Negotiation.prototype.betterUnder = function(way) {
        for (var i = 0; i < this.rank(way); i++) {
          if (this.under(this.ways[i].name)) {
            return true;
          }
        }
        return false;
      };
      Negotiation.prototype.racers = function() {
        var racers = 0;
        for (var i = 0; i < this.attempts.length; i++) {
          var attempt_3 = this.attempts[i];
          racers += attempt_3 === this.current || attempt_3.late ? 0 : 1;
        }
        return racers;
      };
      return Negotiation;
    }();
    /** What to remember of a failure. */    function reason(attempt, code) {
      if (code && code !== "timeout") {
        return code;
      }
      if (!code && !attempt.late) {
        return "failed";
      }
      return attempt.kind === "stream" ? "buffered" : attempt.openedAt >= 0 ? "mute" : "silent";
    }
    /** It is kept by the time of day, and used by the clock of the session. */    function load(env, key) {
      var memory = {
        best: "",
        until: 0,
        rtt: 0,
        failed: {}
      };
      var now = env.now();
      // However wrong the time of day was or is.
            var here = function(until) {
        return Math.min(now + KEPT, until - env.wall() + now);
      };
      try {
        var kept_1 = JSON.parse(env.store.get(key) || "{}");
        if (here(kept_1.until) > now) {
          memory.best = kept_1.best;
          memory.until = here(kept_1.until);
          memory.rtt = +kept_1.rtt || 0;
        }
        for (var name in kept_1.failed) {
          var _a = kept_1.failed[name], why = _a.why, until = _a.until;
          memory.failed[name] = {
            why: why,
            until: here(until)
          };
        }
      } catch (_) {
        // What cannot be read is not known.
      }
      return memory;
    }
    function save(env, key, memory) {
      var failed = {};
      var now = env.now();
      var ahead = env.wall() - now;
      for (var name in memory.failed) {
        var _a = memory.failed[name], why = _a.why, until = _a.until;
        if (until > now) {
          failed[name] = {
            why: why,
            until: until + ahead
          };
        }
      }
      try {
        env.store.set(key, JSON.stringify({
          best: memory.best,
          until: memory.until + ahead,
          rtt: memory.rtt,
          failed: failed
        }));
      } catch (_) {
        // The user's store is the user's.
      }
    }
    /** What may be sent before the welcome has named the server's window and limits. */    var INITIAL_WINDOW = 65536;
    var SendHalf = /** @class */ function() {
      function SendHalf() {
        /** The messages after `base`: sent and unconfirmed, then waiting. */
        this.log = [];
        /** How many the peer has confirmed. */        this.base = 0;
        /** The highest number ever sent. */        this.sent = 0;
        /** Of the log. */        this.bytes = 0;
        this.window = INITIAL_WINDOW;
        /** The size of all credited messages up to each of the log, itself included. */        this.credits = [];
        this.credited = 0;
        /** The same up to `base`. */        this.floor = 0;
        this.consumed = 0;
      }
      SendHalf.prototype.push = function(message) {
        this.log.push(message);
        this.bytes += message.size;
        this.credited += message.credited ? message.size : 0;
        this.credits.push(this.credited);
      };
      /** Of the events of the log. */      SendHalf.prototype.bytesCredited = function() {
        return this.credited - this.floor;
      };
      /** The number of the last message, sent or not. */      SendHalf.prototype.last = function() {
        return this.base + this.log.length;
      };
      /** Message `number`, if it exists and credit allows it (and so all before it). */      SendHalf.prototype.ready = function(number) {
        var at = number - this.base - 1;
        var message = this.log[at];
        return message && this.credits[at] <= this.consumed + this.window ? message : null;
      };
      SendHalf.prototype.markSent = function(number) {
        this.sent = Math.max(this.sent, number);
      };
      /** The peer's counts. False if it confirms what was never sent. */      SendHalf.prototype.confirm = function(received, consumed) {
        if (received > this.sent) {
          return false;
        }
        this.consumed = Math.max(this.consumed, consumed);
        for (;this.base < received; this.base++) {
          this.floor = this.credits.shift();
          this.bytes -= this.log.shift().size;
        }
        return true;
      };
      /** Takes out waiting messages that are larger than the peer takes. */      SendHalf.prototype.dropLarger = function(max) {
        var waiting = this.log.splice(Math.max(0, this.sent - this.base), this.log.length);
        var dropped = [];
        this.credits.length = this.log.length;
        this.credited = this.log.length ? this.credits[this.log.length - 1] : this.floor;
        for (var i = 0; i < waiting.length; i++) {
          var message = waiting[i];
          this.bytes -= message.size;
          if (message.size > max) {
            dropped.push(message);
          } else {
            this.push(message);
          }
        }
        return dropped;
      };
      return SendHalf;
    }();
    var ReceiveHalf = /** @class */ function() {
      function ReceiveHalf(window) {
        this.window = window;
        this.received = 0;
        /** The size of the credited messages that the application is done with. */        this.consumed = 0;
        this.bytes = 0;
        this.saidBytes = 0;
        this.saidConsumed = 0;
      }
      /** Takes the message at a position if it is the next one: 0 then, below 0 if it was seen, above 0 if there is a gap. */      ReceiveHalf.prototype.accept = function(position, size) {
        var ahead = position - this.received - 1;
        if (ahead === 0) {
          this.received = position;
          this.bytes += size;
        }
        return ahead;
      };
      /** Have the counts grown enough that the peer should hear of it? */      ReceiveHalf.prototype.due = function() {
        return Math.max(this.bytes - this.saidBytes, this.consumed - this.saidConsumed) * 4 >= this.window;
      };
      ReceiveHalf.prototype.said = function() {
        this.saidBytes = this.bytes;
        this.saidConsumed = this.consumed;
      };
      return ReceiveHalf;
    }();
    // UTF-8 and base64 with the language's own means, so that they run in every engine.
        var ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    function newBytes(length) {
      return typeof Uint8Array === "undefined" ? [] : new Uint8Array(length);
    }
    /** A part of some bytes, without a copy where that is possible. */    function part(bytes, start, end) {
      return "subarray" in bytes ? bytes.subarray(start, end) : bytes.slice(start, end);
    }
    /** How many bytes the text takes as UTF-8. */    function utf8Length(text) {
      var length = text.length;
      if (!/[^\x00-\x7f]/.test(text)) {
        return length;
      }
      for (var i = text.length; i--; ) {
        var unit = text.charCodeAt(i);
        // Each half of a surrogate pair counts two of the four bytes.
                length += unit < 128 ? 0 : unit < 2048 || (unit & 63488) === 55296 ? 1 : 2;
      }
      return length;
    }
    /** The UTF-8 of a text, one character for each byte. */    function toUtf8(text) {
      return unescape(encodeURIComponent(text));
    }
    /** Null if the bytes are not UTF-8. */    function fromUtf8(bytes) {
      var escaped = "";
      for (var i = 0; i < bytes.length; i++) {
        var octet = bytes[i];
        escaped += (octet < 16 ? "%0" : "%") + octet.toString(16);
      }
      try {
        return decodeURIComponent(escaped);
      } catch (_) {
        return null;
      }
    }
    function toBase64(bytes) {
      var out = [];
      for (var i = 0; i < bytes.length; i += 3) {
        var left = bytes.length - i;
        var bits = bytes[i] << 16 | (bytes[i + 1] || 0) << 8 | (bytes[i + 2] || 0);
        out.push(ALPHABET.charAt(bits >> 18) + ALPHABET.charAt(bits >> 12 & 63) + (left > 1 ? ALPHABET.charAt(bits >> 6 & 63) : "=") + (left > 2 ? ALPHABET.charAt(bits & 63) : "="));
      }
      return out.join("");
    }
    var sextets;
    /** Null unless the text is base64 with its padding and nothing else. */    function fromBase64(text) {
      var digits = text.replace(/==?$/, "");
      if (text.length % 4 || digits.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(digits)) {
        return null;
      }
      if (!sextets) {
        sextets = [];
        for (var i = 64; i--; ) {
          sextets[ALPHABET.charCodeAt(i)] = i;
        }
      }
      var length = digits.length * 6 >> 3;
      var bytes = newBytes(length);
      var bits = 0;
      var held = 0;
      var at = 0;
      for (var i = 0; i < digits.length; i++) {
        bits = (bits << 6 | sextets[digits.charCodeAt(i)]) & 4095;
        held += 6;
        if (held >= 8) {
          held -= 8;
          bytes[at++] = bits >> held & 255;
        }
      }
      // Bits that are not part of a byte must be zero, or two texts would mean the same bytes.
            return bits & (1 << held) - 1 ? null : bytes;
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
        var MAX_DEPTH = 64;
    var MAX_ATTACHMENTS = 1e3;
    var MAX_INTEGER = 9007199254740991;
    /** type → may have a namespace (N); may (i), must (I) have an id; what its body is, `?` being any or none. */    var SHAPES = {
      A: "  {",
      W: "  {",
      P: "  {",
      h: "   ",
      n: "  n",
      r: "  {",
      z: "  {",
      v: "N [",
      e: "Ni[",
      a: "NI[",
      x: "Ni{",
      c: "N ?",
      o: "N {",
      d: "N {",
      l: "N {"
    };
 // prettier-ignore
    /** Is it one of the messages that are counted? */    function isCounted(type) {
      return "eaxcodl".indexOf(type) >= 0;
    }
    /** Reads a packet in either form. A string as answer is the code of what is wrong with it. */    function parse(data) {
      return typeof data === "string" ? parseText(data) : parseBinary(data);
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
    /** Throws `bad_data` on what JSON, or this protocol, cannot carry. */    function encode(type, namespace, id, body) {
      var binary = survey(body, 1);
      if (binary === TOO_DEEP) {
        throw failure("bad_data", "nested deeper than " + MAX_DEPTH);
      }
      var attachments = [];
      var text = binary ? JSON.stringify(body, placeholders(attachments)) : JSON.stringify(body);
      if (attachments.length > MAX_ATTACHMENTS || hasLoneSurrogate(text || "")) {
        throw failure("bad_data", attachments.length ? "too many binary values" : "a lone surrogate in a string");
      }
      var head = type + (namespace === "/" ? "" : namespace + ",") + (id === null ? "" : id) + (
      // A body that is a number would read as an id.
      /^\d/.test(text) ? " " : "") + (text === undefined ? "" : text);
      return attachments.length ? frame(toUtf8(head), attachments) : head;
    }
    function parseText(text) {
      var type = text.charAt(0);
      var shape = SHAPES[type];
      if (!shape || /[\r\n]/.test(text)) {
        return "bad_packet";
      }
      if (type === "n") {
        var counts = /^n(0|[1-9]\d{0,15}),(0|[1-9]\d{0,15})$/.exec(text);
        var body = counts && [ +counts[1], +counts[2] ];
        return body && isInteger(body[0]) && isInteger(body[1]) ? {
          type: type,
          namespace: "/",
          id: null,
          body: body
        } : "bad_packet";
      }
      var head = /^.(?:(\/[^,\x00-\x1f\x7f]+),)?(0|[1-9]\d{0,15})?(?![\d/])/.exec(text);
      if (!head) {
        return "bad_packet";
      }
      var namespace = head[1] || "/";
      var id = head[2] ? +head[2] : null;
      if (namespace !== "/" && (shape.charAt(0) !== "N" || utf8Length(namespace) > 128) || (id === null ? shape.charAt(1) === "I" : shape.charAt(1) === " " || !isInteger(id))) {
        return "bad_packet";
      }
      return parseBody({
        type: type,
        namespace: namespace,
        id: id,
        body: undefined
      }, text.slice(head[0].length), shape.charAt(2));
    }
    function parseBody(packet, text, wanted) {
      if (text === "" || wanted === " ") {
        return text === "" && (wanted === " " || wanted === "?") ? packet : "bad_packet";
      }
      var body;
      try {
        body = JSON.parse(text);
      } catch (_) {
        return "bad_json";
      }
      // Nothing shorter can be nested too deep.
            if (hasLoneSurrogate(text) || text.length > 2 * MAX_DEPTH && survey(body, 1) === TOO_DEEP) {
        return "bad_json";
      }
      if (wanted !== "?" && wanted !== (isArray(body) ? "[" : isObject(body) ? "{" : "")) {
        return "bad_packet";
      }
      packet.body = body;
      return packet;
    }
    function parseBinary(bytes) {
      var parts = [];
      for (var at = 0; at < bytes.length; ) {
        // A length cut short reads as NaN; more than 2^31 as negative.
        var length = bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
        at += 4;
        if (at > bytes.length || length < 0 || length > bytes.length - at) {
          return parts.length ? "attachments" : "bad_packet";
        }
        parts.push(part(bytes, at, at + length));
        at += length;
      }
      var head = parts.shift();
      var text = head && fromUtf8(head);
      if (typeof text !== "string") {
        return head ? "utf8" : "bad_packet";
      }
      var packet = parseText(text);
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
     */    function placeholdersMatch(text, count) {
      var next = 0;
      var strings = /"((?:[^"\\]+|\\.)*)"(\s*:)?/g;
      for (var found = void 0; found = strings.exec(text); ) {
        if (!found[2] && found[1].slice(0, 6) === "\\u0000") {
          var value = JSON.parse('"' + found[1] + '"');
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
        for (var i = 0; i < value.length; i++) {
          value[i] = restore(value[i], attachments);
        }
      } else if (isObject(value)) {
        for (var key in value) {
          // Assigning to "__proto__" would set the prototype; JSON.parse made it a property, which defineProperty keeps.
          if (key !== "__proto__") {
            value[key] = restore(value[key], attachments);
          } else {
            Object.defineProperty(value, key, {
              value: restore(value[key], attachments),
              enumerable: true
            });
          }
        }
      }
      return value;
    }
    /** A replacer for JSON.stringify. It asks the holder for the value, since a Buffer's toJSON has already run. */    function placeholders(attachments) {
      return function(key, value) {
        var original = this[key];
        if (isBinary(original)) {
          return "\0" + (attachments.push(viewOf(original)) - 1);
        }
        return typeof value === "string" && value.charAt(0) === "\0" ? "\0" + value : value;
      };
    }
    function frame(head, attachments) {
      var length = 4 + head.length;
      for (var i = 0; i < attachments.length; i++) {
        length += 4 + attachments[i].length;
      }
      var out = newBytes(length);
      var at = writeLength(out, 0, head.length);
      for (var i = 0; i < head.length; i++) {
        out[at++] = head.charCodeAt(i);
      }
      for (var i = 0; i < attachments.length; i++) {
        var bytes = attachments[i];
        at = writeLength(out, at, bytes.length);
        out.set(bytes, at);
        at += bytes.length;
      }
      return out;
    }
    function writeLength(out, at, length) {
      for (var shift = 24; shift >= 0; shift -= 8) {
        out[at++] = length >>> shift;
      }
      return at;
    }
    var TOO_DEEP = 2;
    /** 0: nothing special, 1: holds binary, TOO_DEEP. */    function survey(value, depth) {
      if (typeof value !== "object" || value === null) {
        return 0;
      }
      if (isBinary(value)) {
        return 1;
      }
      if (depth > MAX_DEPTH) {
        return TOO_DEEP;
      }
      var custom = value.toJSON;
      if (typeof custom === "function") {
        return survey(custom.call(value, ""), depth);
      }
      var found = 0;
      if (isArray(value)) {
        for (var i = 0; i < value.length && found < TOO_DEEP; i++) {
          found = Math.max(found, survey(value[i], depth + 1));
        }
      } else {
        for (var key in value) {
          found = Math.max(found, survey(value[key], depth + 1));
          if (found === TOO_DEEP) {
            break;
          }
        }
      }
      return found;
    }
    /** By what it looks like, not by instanceof: a buffer of another frame or realm is a buffer too. */    function isBinary(value) {
      if (typeof value !== "object" || value === null || typeof value.byteLength !== "number") {
        return false;
      }
      var buffer = value.buffer || value;
      return /ArrayBuffer\]$/.test(Object.prototype.toString.call(buffer));
    }
    function viewOf(binary) {
      return "buffer" in binary ? new Uint8Array(binary.buffer, binary.byteOffset, binary.byteLength) : new Uint8Array(binary);
    }
    /** Every engine of today writes a lone surrogate as an escape, and pairs as they are. */    function hasLoneSurrogate(text) {
      return /\\ud[89a-f]/i.test(text) && /\\ud[89a-f]/i.test(text.replace(/\\\\|\\ud[89ab][\da-f]{2}\\ud[c-f][\da-f]{2}/gi, ""));
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
        var CLOSE_TIME = 5e3;
    var SCRIPT_RESEND = 5e3;
    var MAX_LINES = 1e3;
    /** Larger batches would only wait longer to be confirmed; a first body goes to a server whose limit is not known. */    var MAX_BODY = 65536;
    var NEVER = Infinity;
    var Session = /** @class */ function() {
      /** `secret` draws 128 random bits as 22 characters of base64url. */
      function Session(window, secret) {
        this.secret = secret;
        this.state = "opening";
        /** The limits of the welcome. */        this.max = NEVER;
        this.acks = 1e3;
        /** The server's heartbeat interval. */        this.ping = 1e4;
        this.send = new SendHalf;
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
        /** The server's `z`, while messages before it are still missing. */        this.farewell = null;
        this.receive = new ReceiveHalf(window);
        this.key = secret();
      }
      /** A new carrier, numbered by the caller. It is given up after `patience` if it has not carried anything by then. */      Session.prototype.attach = function(now, id, kind, patience) {
        this.carriers.push({
          id: id,
          kind: kind,
          attach: ++this.attaches,
          token: this.token,
          attached: false,
          patience: patience,
          welcomed: false,
          deadline: now + patience,
          position: 0,
          cursor: -1,
          polls: 0,
          ticket: kind === "script" ? this.secret() : "",
          strikes: 0,
          requests: []
        });
      };
      /** A frame of a WebSocket. */      Session.prototype.packet = function(now, id, data) {
        var carrier = find(this.carriers, id);
        if (carrier) {
          this.take(now, carrier, carrier, data);
        }
      };
      /** A line of a stream that was opened by ticket. */      Session.prototype.line = function(now, id, line) {
        this.packet(now, id, fromLine(line));
      };
      /** A line of the answer to a request. */      Session.prototype.answer = function(now, id, line) {
        var carrier = this.carrierOf(id);
        if (carrier) {
          this.take(now, carrier, find(carrier.requests, id), fromLine(line));
        }
      };
      /** The answer to a request is over. */      Session.prototype.answered = function(id) {
        var carrier = this.carrierOf(id);
        if (!carrier) {
          return;
        }
        var request = remove(carrier.requests, id);
        var batch = this.batch;
        carrier.strikes = 0;
        if (batch && batch.request === id && (carrier.kind !== "script" || batch.last <= this.send.base)) {
          this.batch = null;
        }
        // A stream without ticket is the answer to its attach. An answer without welcome is no answer, only scripts have one elsewhere.
                var over = request.kind === "attach" && carrier.kind === "stream" && !carrier.ticket;
        if (over || request.position === 0 && (carrier.kind !== "script" || request.kind !== "post")) {
          this.lose(carrier, carrier.welcomed && over ? "end" : "");
        }
      };
      /** A request got no answer, (`""`), or a refusal with this code. */      Session.prototype.failed = function(now, id, code) {
        var carrier = this.carrierOf(id);
        if (!carrier) {
          return;
        }
        var request = remove(carrier.requests, id);
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
      };
      /** The carrier is gone, with a code if its end had one, else `""`. */      Session.prototype.lost = function(now, id, code) {
        var carrier = find(this.carriers, id);
        if (carrier && code) {
          this.refused(now, carrier, code);
        } else if (carrier) {
          this.lose(carrier, "");
        }
      };
      /** Sends in time, once and in order. */      Session.prototype.push = function(message) {
        this.send.push(message);
      };
      /** Sends now or not at all. */      Session.prototype.pushVolatile = function(data) {
        if (this.state === "open") {
          this.fleeting.push(data);
        }
      };
      /** The application is done with so many bytes of what was delivered. */      Session.prototype.consumed = function(bytes) {
        this.receive.consumed += bytes;
      };
      /** Sends what is there, then ends the session; in 5 s at the latest. */      Session.prototype.close = function(now, code) {
        if (this.state === "closing" || this.state === "ended") {
          return;
        }
        this.closeCode = code;
        this.closeDeadline = now + CLOSE_TIME;
        this.state = "closing";
        if (!this.attaches && !this.send.bytesCredited()) {
          this.end(code, "", 0);
        }
      };
      /** A last body for a page that goes away, or null if there is no session to close. It changes nothing here. */      Session.prototype.beacon = function(limit) {
        if (!this.token || this.state === "ended") {
          return null;
        }
        var lines = [];
        var last = this.fill(lines, limit);
        lines.push("z" + JSON.stringify({
          code: "client_disconnect",
          "final": Math.max(last, this.send.sent)
        }));
        return this.header("P", {
          serial: this.serial + 1,
          first: this.send.base + 1
        }) + lines.join("\n");
      };
      /** Ends the session without a word to the server. */      Session.prototype.abort = function(code) {
        this.end(code, "", 0);
      };
      Session.prototype.timeout = function(now) {
        for (var i = this.carriers.length; i--; ) {
          var carrier = this.carriers[i];
          if (deadlineOf(carrier) <= now) {
            this.lose(carrier, "timeout");
          }
        }
        var batch = this.batch;
        if (batch && batch.deadline <= now) {
          batch.request = 0;
          batch.deadline = NEVER;
        }
        if (this.closeDeadline <= now && this.state !== "ended") {
          var z = this.farewell;
          this.end(z ? String(z["code"]) : this.closeCode, z ? reasonOf(z) : "", z ? retryOf(z) : 0);
        }
      };
      /** When `timeout` has something to do; null if never. */      Session.prototype.nextTimeout = function() {
        var next = this.closeDeadline;
        for (var i = 0; i < this.carriers.length; i++) {
          next = Math.min(next, deadlineOf(this.carriers[i]));
        }
        if (this.batch) {
          next = Math.min(next, this.batch.deadline);
        }
        return this.state === "ended" || next === NEVER ? null : next;
      };
      /** What is to be done next, or null. */      Session.prototype.next = function(now) {
        if (!this.queue.length && this.state !== "ended") {
          for (var i = 0; i < this.carriers.length; i++) {
            var carrier = this.carriers[i];
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
      };
      // ---- going up
            Session.prototype.write = function(carrier) {
        var _this = this;
        var out = function(data) {
          _this.queue.push({
            type: "write",
            carrier: carrier.id,
            data: data
          });
        };
        if (!carrier.attached) {
          carrier.attached = true;
          // Only an opening client knows where the server stands: at nothing.
                    var opening = !this.id;
          out(this.header("A", {
            attach: carrier.attach,
            first: opening ? this.send.base + 1 : undefined
          }).slice(0, -1));
          carrier.cursor = opening ? this.send.base : -1;
        }
        // Once another carrier has opened, only its own welcome tells what this one opened: after a restart of the server it is another session.
                if (carrier.cursor < 0 || this.id && carrier !== this.current) {
          return;
        }
        for (var message = void 0; message = this.send.ready(carrier.cursor + 1); ) {
          out(message.data);
          this.send.markSent(++carrier.cursor);
        }
        if (carrier !== this.current) {
          return;
        }
        var done = carrier.cursor === this.send.last();
        for (var i = 0; done && i < this.fleeting.length; i++) {
          out(this.fleeting[i]);
        }
        if (this.owesCounts || this.receive.due()) {
          out("n" + this.receive.received + "," + this.receive.consumed);
          this.said();
        }
        if (done && this.state === "closing" && !this.saidClose) {
          out(this.closing());
        }
      };
      Session.prototype.post = function(now, carrier) {
        if (!carrier.attached) {
          carrier.attached = true;
          this.request(now, carrier, "attach", true);
        } else if (carrier === this.current && carrier.welcomed) {
          var closing = this.state === "closing" && !this.saidClose;
          var free = !this.batch || !this.batch.request;
          var load_1 = free && (this.send.ready(this.send.base + 1) !== null || this.fleeting.length > 0 || closing);
          var due = load_1 || this.owesCounts || this.receive.due();
          var polls = count$1(carrier.requests, "poll");
          if (carrier.kind === "poll") {
            if (polls === 0 || polls === 1 && due) {
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
      };
      /** Makes a request; with `load` it takes along what there is to send. */      Session.prototype.request = function(now, carrier, kind, load) {
        var id = ++this.requests;
        var lines = [];
        var fields = {};
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
        var body = this.header(kind === "attach" ? "A" : "P", fields) + lines.join("\n");
        var ticket = carrier.ticket;
        if (kind === "poll") {
          carrier.ticket = "";
        }
        var deadline = kind === "attach" || carrier.kind === "script" ? NEVER : now + this.ping + this.timeoutMs;
        carrier.requests.push({
          id: id,
          kind: kind,
          position: 0,
          deadline: deadline
        });
        this.queue.push({
          type: "request",
          request: {
            id: id,
            kind: kind,
            carrier: carrier.id,
            body: body,
            ticket: ticket,
            poll: carrier.polls,
            received: this.receive.received,
            consumed: this.receive.consumed
          }
        });
        this.said();
      };
      Session.prototype.load = function(now, id, carrier, lines, fields) {
        var repeated = this.batch;
        var first = this.send.base + 1;
        var last = this.fill(lines, Math.min(this.max, MAX_BODY));
        if (lines.length) {
          fields.first = first;
          this.send.markSent(last);
        }
        var done = last === this.send.last();
        // Volatile events of a repeated serial would be dropped.
                for (var i = 0; done && !repeated && i < this.fleeting.length; i++) {
          lines.push(toLine(this.fleeting[i]));
        }
        this.fleeting = [];
        if (done && this.state === "closing" && carrier.welcomed && !this.saidClose) {
          lines.push(this.closing());
        }
        if (lines.length) {
          fields.serial = repeated ? repeated.serial : ++this.serial;
          var deadline = carrier.kind === "script" ? now + SCRIPT_RESEND : NEVER;
          this.batch = {
            serial: fields.serial,
            last: last >= first ? last : 0,
            request: id,
            deadline: deadline
          };
        } else if (repeated) {
          this.batch = null;
        }
      };
      /** Adds what may be sent, in lines of about `limit` characters in all; at least one. Says the number of the last. */      Session.prototype.fill = function(lines, limit) {
        var last = this.send.base;
        var room = limit - 1024;
        for (var message = void 0; lines.length < MAX_LINES && (message = this.send.ready(last + 1)); last++) {
          room -= message.size * (typeof message.data === "string" ? 1 : 4 / 3) + 1;
          if (room < 0 && lines.length) {
            break;
          }
          lines.push(toLine(message.data));
        }
        return last;
      };
      Session.prototype.header = function(type, fields) {
        var known = type === "P" || this.id;
        return type + JSON.stringify({
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
          ticket: fields.ticket
        }) + "\n";
      };
      Session.prototype.closing = function() {
        this.saidClose = true;
        return "z" + JSON.stringify({
          code: this.closeCode,
          "final": this.send.sent
        });
      };
      Session.prototype.said = function() {
        this.owesCounts = false;
        this.receive.said();
      };
      // ---- coming down
            Session.prototype.take = function(now, carrier, down, data) {
        if (this.state === "ended") {
          return;
        }
        // What keeps a stream alive is its own lines, not the answers to posts.
                var alive = carrier.kind !== "stream" || down === carrier || !carrier.ticket && down.kind === "attach";
        if (carrier.welcomed && alive) {
          carrier.deadline = now + this.ping + this.timeoutMs;
        }
        var packet = parse(data);
        if (typeof packet === "string") {
          this.malformed(carrier, packet);
          return;
        }
        var body = isObject(packet.body) ? packet.body : {};
        if (packet.type === "W") {
          this.welcome(now, carrier, down, body);
        } else if (packet.type === "r") {
          // After a welcome, what was refused in a body is a ticket: spent, perhaps, by a browser that asked twice. It is no proof.
          var ticket = carrier.welcomed && carrier.kind !== "duplex" && body["error"] === "unknown_session";
          this.refused(now, carrier, ticket ? "stale" : String(body["error"]));
        } else if (!down.position) {
          this.malformed(carrier, "bad_packet");
        } else if (isCounted(packet.type)) {
          this.counted(carrier, down, packet, sizeOf(data));
        } else if (packet.type === "v") {
          this.queue.push({
            type: "deliver",
            packet: packet,
            size: 0
          });
        } else if (packet.type === "h") {
          this.owesCounts = true;
        } else if (packet.type === "n" && isArray(packet.body)) {
          this.counts(packet.body[0], packet.body[1]);
        } else if (packet.type === "z") {
          this.closed(now, body);
        } else {
          this.malformed(carrier, "bad_packet");
        }
      };
      Session.prototype.counted = function(carrier, down, packet, size) {
        var ahead = this.receive.accept(down.position++, size);
        if (ahead === 0) {
          this.queue.push({
            type: "deliver",
            packet: packet,
            size: packet.type === "e" ? size : 0
          });
          this.finish();
        } else if (ahead > 0 && (carrier.kind !== "poll" || carrier.requests.length < 2)) {
          // With two polls under way the later may be answered first: what it skips, the next one asks for.
          this.lose(carrier, "gap");
        }
      };
      Session.prototype.welcome = function(now, carrier, down, body) {
        var full = body["session"] !== undefined;
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
            this.queue.push({
              type: "stream",
              carrier: carrier.id,
              ticket: carrier.ticket
            });
          }
        }
      };
      Session.prototype.adopt = function(now, carrier, body) {
        carrier.welcomed = true;
        if (this.current && this.current.attach > carrier.attach) {
          return;
        }
        this.id = String(body["session"]);
        this.token = String(body["token"]);
        this.ping = numberOf(body["ping"], 1e4);
        this.timeoutMs = numberOf(body["timeout"], 8e3);
        this.send.window = numberOf(body["window"], this.send.window);
        this.max = numberOf(body["max"], this.max);
        this.acks = numberOf(body["acks"], this.acks);
        carrier.deadline = now + this.ping + this.timeoutMs;
        var dropped = this.send.dropLarger(this.max);
        for (var i = 0; i < dropped.length; i++) {
          this.queue.push({
            type: "rejected",
            message: dropped[i]
          });
        }
        this.current = carrier;
        // Older ones have nothing more to say. Newer ones may still win.
                for (var i = this.carriers.length; i--; ) {
          var other = this.carriers[i];
          if (other.attach < carrier.attach) {
            this.drop(other, null);
          }
        }
        var before = this.state;
        if (before !== "closing") {
          this.state = "open";
        }
        if (before === "open") {
          this.queue.push({
            type: "moved",
            carrier: carrier.id
          });
        } else {
          this.queue.push({
            type: "opened",
            carrier: carrier.id,
            resumed: before === "suspended"
          });
        }
      };
      Session.prototype.counts = function(received, consumed) {
        if (!this.send.confirm(numberOf(received, 0), numberOf(consumed, 0))) {
          this.end("bad_ack", "", 0);
          return false;
        }
        var batch = this.batch;
        if (batch && batch.last && batch.last <= this.send.base) {
          this.batch = null;
        }
        return true;
      };
      /** A carrier is given up for a packet that cannot be read; the session, if the same one cannot be read twice. */      Session.prototype.malformed = function(carrier, code) {
        if (carrier.welcomed && this.poison === this.receive.received) {
          this.end(code, "", 0);
        } else {
          this.poison = carrier.welcomed ? this.receive.received : -1;
          this.lose(carrier, code);
        }
      };
      Session.prototype.refused = function(now, carrier, code) {
        // Said of a proof that has a successor by now, it is no news of the session.
        var outdated = code === "unknown_session" && !carrier.welcomed && carrier.token !== this.token;
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
      };
      Session.prototype.closed = function(now, body) {
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
      };
      /** Answers the server's `z` once everything before it is here. */      Session.prototype.finish = function() {
        var z = this.farewell;
        if (!z || this.receive.received < numberOf(z["final"], 0)) {
          return;
        }
        this.closeCode = String(z["code"]);
        var current = this.current;
        var line = this.closing();
        if (current && current.kind === "duplex") {
          this.queue.push({
            type: "write",
            carrier: current.id,
            data: line
          });
        } else {
          this.queue.push({
            type: "farewell",
            body: this.header("P", {
              serial: ++this.serial
            }) + line
          });
        }
        this.end(this.closeCode, reasonOf(z), retryOf(z));
      };
      // ---- ends
            Session.prototype.lose = function(carrier, code) {
        // A stream by ticket has to show that it carries, too.
        var welcomed = carrier.welcomed && (carrier.kind !== "stream" || !carrier.ticket || carrier.position > 0);
        // The server may tell the old carrier sooner than the new one: the session has one.
                var moving = code === "taken_over" && this.newer(carrier);
        this.drop(carrier, code);
        if (carrier === this.current) {
          this.current = null;
        }
        if (!this.current && !moving && this.state === "open") {
          this.state = "suspended";
          this.queue.push({
            type: "suspended"
          });
        }
        if (!this.carriers.length) {
          this.queue.push({
            type: "lost",
            carrier: carrier.id,
            code: code,
            welcomed: welcomed
          });
        }
      };
      Session.prototype.newer = function(carrier) {
        for (var i = 0; i < this.carriers.length; i++) {
          if (this.carriers[i].attach > carrier.attach) {
            return true;
          }
        }
        return false;
      };
      Session.prototype.drop = function(carrier, code) {
        remove(this.carriers, carrier.id);
        var batch = this.batch;
        if (batch && find(carrier.requests, batch.request)) {
          batch.request = 0;
        }
        this.saidClose = false;
        this.queue.push({
          type: "drop",
          carrier: carrier.id,
          code: code
        });
      };
      Session.prototype.end = function(code, reason, retry) {
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
        this.queue.push({
          type: "ended",
          code: code,
          reason: reason,
          retry: retry,
          unconfirmed: this.send.log
        });
      };
      Session.prototype.carrierOf = function(request) {
        for (var i = 0; i < this.carriers.length; i++) {
          if (find(this.carriers[i].requests, request)) {
            return this.carriers[i];
          }
        }
        return null;
      };
      return Session;
    }();
    /** When it is given up, over itself or one of its requests. */    function deadlineOf(carrier) {
      var deadline = carrier.deadline;
      for (var i = 0; i < carrier.requests.length; i++) {
        deadline = Math.min(deadline, carrier.requests[i].deadline);
      }
      return deadline;
    }
    function find(list, id) {
      for (var i = 0; i < list.length; i++) {
        if (list[i].id === id) {
          return list[i];
        }
      }
      return null;
    }
    function remove(list, id) {
      for (var i = 0; i < list.length; i++) {
        if (list[i].id === id) {
          return list.splice(i, 1)[0];
        }
      }
      return null;
    }
    function count$1(requests, kind) {
      var found = 0;
      for (var i = 0; i < requests.length; i++) {
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
    /** A volatile event does not wait behind more bytes than this. */    var CONGESTED = 65536;
    /** How often to look whether the machine has slept, and how late a heartbeat may be after that. */    var PULSE = 5e3;
    var LATE_HEARTBEAT = 1e3;
    var Driver = /** @class */ function() {
      /** Without `probe` this is one, which keeps what it finds to itself. */
      function Driver(io, usable, limits, listener, probe) {
        this.io = io;
        this.usable = usable;
        this.listener = listener;
        this.probe = probe;
        this.links = {};
        this.timer = null;
        this.timerAt = 0;
        this.pulse = null;
        /** Time of day of the last pulse, and when something came over the carrier. */        this.pulseAt = 0;
        this.heardAt = 0;
        this.draining = false;
        this.soon = false;
        this.stopWatching = function() {};
        this.stopProbe = function() {};
        var env = io.env;
        this.session = new Session(io.options.window || 1048576, env.secret);
        this.memory = load(env, this.place());
        this.plan = new Negotiation(usable, limits, env.random, this.memory);
      }
      Driver.prototype.start = function() {
        var _this = this;
        var env = this.io.env;
        if (this.probe) {
          this.stopWatching = env.watchPage(env.root, function() {
            return _this.leave();
          }, function(surely) {
            return _this.check(surely);
          });
          this.beat();
        }
        this.plan.begin(env.now());
        this.drain();
      };
      /** Sends what this turn has given to the session once the turn is over, so that it goes in one piece. */      Driver.prototype.flush = function() {
        var _this = this;
        if (!this.soon) {
          this.soon = true;
          this.io.env.soon(function() {
            _this.soon = false;
            _this.drain();
          });
        }
      };
      Driver.prototype.pushVolatile = function(data) {
        for (var id in this.links) {
          var _a = this.links[id], duplex = _a.duplex, late = _a.late;
          if (duplex && !late && duplex.buffered() > CONGESTED) {
            return;
          }
        }
        this.session.pushVolatile(data);
        this.flush();
      };
      Driver.prototype.close = function(code) {
        this.plan.closing = true;
        this.session.close(this.io.env.now(), code);
        this.check(false);
      };
      /** Attaches at once if there is no carrier; if there is one, it has to show soon, or at once, that it lives. */      Driver.prototype.check = function(surely) {
        var env = this.io.env;
        var now = env.now();
        var left = this.heardAt + this.session.ping + LATE_HEARTBEAT - env.wall();
        this.plan.check(now, surely ? now : now + Math.max(LATE_HEARTBEAT, left));
        this.drain();
      };
      /** Machines sleep without a word, and their clocks may stop. */      Driver.prototype.beat = function() {
        var _this = this;
        var env = this.io.env;
        var wall = env.wall();
        if (this.pulseAt && wall - this.pulseAt > PULSE + this.session.ping) {
          this.check(false);
        }
        this.pulseAt = wall;
        this.pulse = env.later(function() {
          return _this.beat();
        }, PULSE);
      };
      /** The page is going away: the last words go by beacon. */      Driver.prototype.leave = function() {
        var navigator = this.io.env.root.navigator;
        var body = this.session.beacon(32768);
        if (body && navigator && navigator.sendBeacon) {
          navigator.sendBeacon(this.io.url + "/send", body);
        }
      };
      // ---- what negotiation wants
            Driver.prototype.take = function(step) {
        var _this = this;
        if (step.type === "start") {
          this.attempt(step.id, step.name, step.patience);
        } else if (step.type === "cancel") {
          this.unlink(step.id);
        } else if (step.type === "learnt") {
          if (this.probe && this.usable.length > 1) {
            save(this.io.env, this.place(), this.memory);
          }
        } else if (step.type === "failing") {
          this.listener.failing(step.code, step.why);
        } else if (step.type === "give_up") {
          this.session.abort("no_transport");
        } else if (this.probe) {
          this.stopProbe = this.probe(this.io, this.named(step.name), function(why) {
            _this.plan.probed(_this.io.env.now(), step.name, why);
            _this.drain();
          });
        }
      };
      /** What is learnt counts for this origin, and among these transports. */      Driver.prototype.place = function() {
        var names = this.io.options.transports;
        return "everwire " + this.io.url.replace(/^(\w+:\/\/[^/]+).*/, "$1") + (names ? " " + names.join() : "");
      };
      Driver.prototype.named = function(name) {
        var i = 0;
        while (this.usable[i].name !== name) {
          i++;
        }
        return this.usable[i];
      };
      Driver.prototype.attempt = function(id, name, patience) {
        var transport = this.named(name);
        var link = {
          transport: transport,
          duplex: null,
          late: false,
          silent: false,
          aborts: {}
        };
        this.links[id] = link;
        if (transport.open) {
          this.connect(id, link, patience);
        } else {
          this.session.attach(this.io.env.now(), id, transport.kind, patience);
        }
      };
      Driver.prototype.connect = function(id, link, patience) {
        var _this = this;
        var env = this.io.env;
        var session = this.session;
        var attached = false;
        var gone = function(code) {
          if (attached && !link.late) {
            session.lost(env.now(), id, code);
          } else {
            _this.unlink(id);
            _this.plan.failed(env.now(), id, code);
          }
          _this.drain();
        };
        var opened = function() {
          attached = true;
          session.attach(env.now(), id, "duplex", patience);
          _this.plan.opened(env.now(), id);
          _this.drain();
        };
        var packet = function(data) {
          if (link.late) {
            _this.plan.alive(env.now(), id);
          } else {
            _this.heard(id);
            session.packet(env.now(), id, data);
          }
          _this.drain();
        };
        try {
          link.duplex = link.transport.open(this.io, opened, packet, gone);
        } catch (_) {
          // As a WebSocket without TLS on a page with it.
          gone("");
        }
      };
      // ---- between session and transports
            Driver.prototype.drain = function() {
        if (this.draining) {
          return;
        }
        this.draining = true;
        try {
          for (var step = void 0; step !== null; ) {
            if (step) {
              this.take(step);
            }
            for (var output = void 0; output = this.session.next(this.io.env.now()); ) {
              this.perform(output);
            }
            step = this.session.state === "ended" ? null : this.plan.next(this.io.env.now());
          }
        } finally {
          this.draining = false;
        }
        this.schedule();
      };
      Driver.prototype.perform = function(output) {
        var listener = this.listener;
        if (output.type === "deliver") {
          listener.deliver(output.packet);
          this.session.consumed(output.size);
        } else if (output.type === "write") {
          var link = this.links[output.carrier];
          if (link && link.duplex) {
            link.duplex.send(output.data);
          }
        } else if (output.type === "request") {
          this.request(output.request);
        } else if (output.type === "stream") {
          this.stream(output.carrier, output.ticket);
        } else if (output.type === "drop") {
          this.dropped(output.carrier, output.code);
        } else if (output.type === "opened" || output.type === "moved") {
          var link = this.links[output.carrier];
          if (link) {
            listener.carried(link.transport.name, output.type === "opened" && output.resumed);
            if (link.transport.stream) {
              link.silent = true;
            } else {
              this.proven(output.carrier);
            }
          }
        } else if (output.type === "suspended") {
          listener.suspended();
        } else if (output.type === "rejected") {
          listener.rejected(output.message);
        } else if (output.type === "farewell") {
          this.farewell(output.body);
        } else if (output.type === "ended") {
          this.end();
          listener.ended(output.code, output.reason, output.retry, output.unconfirmed);
        }
      };
      Driver.prototype.dropped = function(id, code) {
        var link = this.links[id];
        var now = this.io.env.now();
        if (code !== null) {
          this.unlink(id);
          this.plan.failed(now, id, code);
        } else if (link && this.plan.overtaken(now, id)) {
          link.late = true;
        } else {
          this.unlink(id);
        }
      };
      Driver.prototype.proven = function(id) {
        this.plan.carried(this.io.env.now(), id);
        this.heard(id);
        if (this.listener.proven) {
          this.listener.proven();
        }
      };
      Driver.prototype.heard = function(id) {
        this.heardAt = this.io.env.wall();
        this.plan.heard(id);
      };
      Driver.prototype.request = function(request) {
        var _this = this;
        var env = this.io.env;
        var link = this.links[request.carrier];
        var run = link && link.transport.request;
        if (!link || !run) {
          return;
        }
        var over = false;
        var line = function(text) {
          // What keeps a stream alive is its own lines.
          if (link.transport.kind !== "stream" || request.kind === "attach" && !link.transport.stream) {
            _this.heard(request.carrier);
          }
          _this.session.answer(env.now(), request.id, text);
          _this.drain();
        };
        var done = function(failure) {
          over = true;
          delete link.aborts[request.id];
          if (failure === null) {
            _this.session.answered(request.id);
          } else {
            _this.session.failed(env.now(), request.id, failure);
          }
          _this.drain();
        };
        var abort = run(this.io, request, line, done);
        if (!over) {
          link.aborts[request.id] = abort;
        }
      };
      Driver.prototype.stream = function(carrier, ticket) {
        var _this = this;
        var env = this.io.env;
        var link = this.links[carrier];
        var open = link && link.transport.stream;
        if (!link || !open) {
          return;
        }
        var line = function(text) {
          _this.heard(carrier);
          _this.session.line(env.now(), carrier, text);
          if (link.silent && _this.links[carrier]) {
            link.silent = false;
            _this.proven(carrier);
          }
          _this.drain();
        };
        var closed = function() {
          _this.session.lost(env.now(), carrier, "");
          _this.drain();
        };
        link.aborts["stream"] = open(this.io, ticket, line, closed);
      };
      Driver.prototype.farewell = function(body) {
        var _a = this.io, env = _a.env, url = _a.url, options = _a.options;
        if (env.post) {
          env.post(url + "/send", body, options, null, function() {});
        }
      };
      Driver.prototype.unlink = function(carrier) {
        var link = this.links[carrier];
        delete this.links[carrier];
        if (link) {
          for (var id in link.aborts) {
            link.aborts[id]();
          }
          if (link.duplex) {
            link.duplex.close();
          }
        }
      };
      Driver.prototype.schedule = function() {
        var _this = this;
        var env = this.io.env;
        var next = this.session.state === "ended" ? Infinity : Math.min(this.session.nextTimeout() || Infinity, this.plan.nextTimeout());
        // One that is too early does no harm: it sets the next.
                if (next === Infinity || this.timer !== null && this.timerAt <= next) {
          return;
        }
        env.cancel(this.timer);
        this.timerAt = next;
        this.timer = env.later(function() {
          _this.timer = null;
          _this.session.timeout(env.now());
          _this.drain();
        }, Math.max(0, next - env.now()));
      };
      Driver.prototype.end = function() {
        var env = this.io.env;
        env.cancel(this.timer);
        env.cancel(this.pulse);
        this.stopProbe();
        this.stopWatching();
        for (var id in this.links) {
          this.unlink(+id);
        }
      };
      return Driver;
    }();
    /** Handlers by name. The lists are never changed in place, so a handler may add and remove any while it runs. */    var Emitter = /** @class */ function() {
      function Emitter() {
        this.lists = {};
        this.every = [];
      }
      Emitter.prototype.on = function(event, run, once) {
        var key = keyOf(event);
        this.lists[key] = (this.lists[key] || []).concat({
          run: run,
          once: !!once
        });
      };
      /** Without `run`: all of that name; without a name: all. */      Emitter.prototype.off = function(event, run) {
        if (event === undefined) {
          this.lists = {};
          return;
        }
        var key = keyOf(event);
        this.lists[key] = run ? without(this.lists[key] || [], function(entry) {
          return entry.run === run;
        }) : [];
      };
      Emitter.prototype.onAny = function(run) {
        this.every = this.every.concat(run);
      };
      Emitter.prototype.offAny = function(run) {
        this.every = run ? without(this.every, function(one) {
          return one === run;
        }) : [];
      };
      /** Calls them all, whatever any of them throws; `thrown` is told. Says whether the event had a handler. */      Emitter.prototype.fire = function(event, args, thrown, any) {
        var list = this.lists[keyOf(event)] || [];
        var every = any ? this.every : [];
        for (var i = 0; i < every.length; i++) {
          attempt(every[i], [ event ].concat(args), thrown);
        }
        var _loop_1 = function(i) {
          var entry = list[i];
          if (entry.once) {
            this_1.lists[keyOf(event)] = without(this_1.lists[keyOf(event)] || [], function(one) {
              return one === entry;
            });
          }
          attempt(entry.run, args, thrown);
        };
        var this_1 = this;
        for (var i = 0; i < list.length; i++) {
          _loop_1(i);
        }
        return list.length > 0;
      };
      return Emitter;
    }();
    /** A name like `__proto__` is a name like others. */    function keyOf(event) {
      return "$" + event;
    }
    function attempt(run, args, thrown) {
      try {
        run.apply(undefined, args);
      } catch (error) {
        thrown(error);
      }
    }
    /** The list without the first that matches. */    function without(list, matches) {
      for (var i = 0; i < list.length; i++) {
        if (matches(list[i])) {
          return list.slice(0, i).concat(list.slice(i + 1));
        }
      }
      return list;
    }
    /** Posts by fetch. */    function fetchPost(run, root) {
      return function(url, body, options, progress, done) {
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
        var init = {
          method: "POST",
          body: body,
          credentials: options.withCredentials ? "include" : "same-origin"
        };
        if (options.extraHeaders) {
          init.headers = options.extraHeaders;
        }
        if (abort) {
          init.signal = abort.signal;
        }
        var follow = function(reader, decoder) {
          reader.read().then(function(chunk) {
            if (chunk.done) {
              finish(200, "");
            } else if (!over && progress) {
              progress(decoder.decode(chunk.value, {
                stream: true
              }));
              follow(reader, decoder);
            }
          }, fail);
        };
        // Not as a method of something: browsers refuse that.
                var answer = run.call(undefined, url, init);
        answer.then(function(response) {
          if (progress && response.status === 200 && response.body && root.TextDecoder) {
            follow(response.body.getReader(), new root.TextDecoder);
          } else {
            response.text().then(function(text) {
              return finish(response.status, text);
            }, fail);
          }
        }, fail);
        return function() {
          over = true;
          if (abort) {
            abort.abort();
          }
        };
      };
    }
    /** Tells when the page is left for good, and when to look after the connection at once: `surely` if it has most likely gone. */    function watchPage(root, leave, wake) {
      var add = root.addEventListener;
      if (!add || !root.document) {
        return function() {};
      }
      var document = root.document;
      var hide = function(event) {
        // A page that is only stored away may come back, and resume.
        if (!event.persisted) {
          leave();
        }
      };
      var seen = function() {
        if (!document.hidden) {
          wake(false);
        }
      };
      var back = function(event) {
        if (event.persisted) {
          wake(true);
        }
      };
      var online = function() {
        return wake(true);
      };
      add.call(root, "pagehide", hide);
      add.call(root, "pageshow", back);
      add.call(root, "online", online);
      document.addEventListener("visibilitychange", seen);
      return function() {
        var remove = root.removeEventListener;
        remove.call(root, "pagehide", hide);
        remove.call(root, "pageshow", back);
        remove.call(root, "online", online);
        document.removeEventListener("visibilitychange", seen);
      };
    }
    /** A page's storage, which may be full or forbidden; elsewhere, and then, what lasts as long as the process. */    function storage(root) {
      return {
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
    }
    var kept = {};
    /** Posts by XMLHttpRequest, or what Internet Explorer 6 has for it. Null if there is neither. */    function xhrPost(root) {
      var Native = root.XMLHttpRequest;
      var ActiveX = root.ActiveXObject;
      if (!Native && !ActiveX) {
        return null;
      }
      return function(url, body, options, progress, done) {
        var xhr = Native ? new Native : new ActiveX("Microsoft.XMLHTTP");
        var seen = 0;
        var over = false;
        var finish = function(status, text) {
          if (!over) {
            over = true;
            done(status, text);
          }
        };
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
          if (progress && status === 200 && text.length > seen) {
            var from = seen;
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
          for (var name in options.extraHeaders) {
            xhr.setRequestHeader(name, options.extraHeaders[name]);
          }
          xhr.setRequestHeader("Content-Type", "text/plain;charset=UTF-8");
          xhr.send(body);
        } catch (_) {
          // Another origin, where that is not allowed.
          setTimeout(function() {
            return finish(0, "");
          }, 0);
        }
        return function() {
          over = true;
          xhr.abort();
        };
      };
    }
    // The only folder that touches globals, and only when a client connects: so the module loads anywhere.
        var BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    function environment(options) {
      var root = typeof globalThis !== "undefined" ? globalThis : typeof window !== "undefined" ? window : {};
      var clock = root.performance;
      var given = options.fetch;
      // A fetch that cannot be aborted (Chrome before 66) is worse than XMLHttpRequest; its streams are held back, too.
            var usable = given || (root.fetch && (root.AbortController || !root.XMLHttpRequest) ? root.fetch : undefined);
      return {
        root: root,
        now: clock && clock.now ? function() {
          return Math.floor(clock.now());
        } : function() {
          return (new Date).getTime();
        },
        wall: function() {
          return (new Date).getTime();
        },
        random: Math.random,
        secret: function() {
          return secret(root);
        },
        later: function(run, ms) {
          return setTimeout(run, ms);
        },
        cancel: function(timer) {
          return clearTimeout(timer);
        },
        soon: function(run) {
          if (root.Promise) {
            root.Promise.resolve().then(run);
          } else {
            setTimeout(run, 0);
          }
        },
        post: usable ? fetchPost(usable, root) : xhrPost(root),
        // XMLHttpRequest shows a growing answer since it knows other origins.
        streams: usable ? !!(root.ReadableStream && root.TextDecoder) : !!root.XMLHttpRequest && "withCredentials" in new root.XMLHttpRequest,
        watchPage: watchPage,
        store: options.memory || storage(root)
      };
    }
    function secret(root) {
      var source = root.crypto;
      var random = newBytes(22);
      if (source && source.getRandomValues) {
        // PhantomJS 1.9 fills the array and returns nothing.
        source.getRandomValues(random);
      } else {
        // Engines before 2012 and node 18 have nothing better. What is drawn here is good for seconds only.
        for (var i = 0; i < 22; i++) {
          random[i] = Math.floor(Math.random() * 256);
        }
      }
      var text = "";
      for (var i = 0; i < 22; i++) {
        // The last of 22 characters stands for two bits.
        text += BASE64URL.charAt(random[i] & (i < 21 ? 63 : 48));
      }
      return text;
    }
    // Tries one transport alone, with a session of its own that belongs to nobody: it opens, asks, and closes.
    /** In all. */    var TIME = 8e3;
    function trial(io, transport, done) {
      var env = io.env;
      var began = env.now();
      var report = {
        ok: false,
        code: "no_transport",
        why: "silent",
        openMs: null,
        rttMs: null
      };
      var asked = 0;
      var finish = function() {
        env.cancel(timer);
        driver.close("client_disconnect");
        done(report);
        done = function() {};
      };
      var driver = new Driver(io, [ transport ], {
        attempts: 0,
        delay: 0,
        maxDelay: 0
      }, {
        deliver: function() {
          // That nobody knows the event.
          if (report.openMs !== null && report.rttMs === null) {
            report.rttMs = env.now() - asked;
            report.ok = true;
            report.code = report.why = "";
            finish();
          }
        },
        proven: function() {
          if (report.openMs === null) {
            var data = encode("e", "/", 0, [ "trial" ]);
            asked = env.now();
            report.openMs = asked - began;
            driver.session.push({
              namespace: "/",
              data: data,
              size: sizeOf(data),
              credited: true,
              id: 0
            });
            driver.flush();
          }
        },
        carried: function() {},
        suspended: function() {
          // A stream that comes with its end was held back.
          report.why = transport.kind === "stream" ? "buffered" : "died";
          finish();
        },
        rejected: function() {},
        failing: function(code, why) {
          report.code = code;
          report.why = why;
        },
        ended: function(code) {
          report.code = report.code === "no_transport" ? code : report.code;
          finish();
        }
      });
      var timer = env.later(finish, TIME);
      driver.start();
      return function() {
        done = function() {};
        finish();
      };
    }
    /** For those who only want to know whether it works. */    var probe = function(io, transport, done) {
      return trial(io, transport, function(report) {
        return done(report.ok ? null : report.why);
      });
    };
    // One namespace of a session, as its user sees it.
        var RESERVED = " connect connect_error disconnect disconnecting suspended resumed transport error ";
    var MAX_QUEUED = 4194304;
    /** `const socket = connect("/everwire"); socket.on("said", text => show(text)); socket.emit("say", "hello");` */    var Socket = /** @class */ function() {
      function Socket(host, namespace, auth) {
        var _this = this;
        this.host = host;
        this.namespace = namespace;
        this.auth = auth;
        /** From `connect` to `disconnect`: a session that is suspended is still connected. */        this.connected = false;
        /** The server's name for this socket. */        this.id = null;
        /** The transport in use, or null. */        this.transport = null;
        this.recovered = false;
        /** @internal Does the user want it connected? */        this.wanted = false;
        /** @internal Has this session been asked for the namespace? */        this.joined = false;
        /** @internal What was emitted before that. */        this.waiting = [];
        this.waitingBytes = 0;
        this.events = new Emitter;
        this.pending = {};
        this.pendingCount = 0;
        this.lastId = 0;
        // In brackets: a reserved word of ES3.
                this["volatile"] = {
          emit: function(event) {
            var args = [];
            for (var _i = 1; _i < arguments.length; _i++) {
              args[_i - 1] = arguments[_i];
            }
            var data = encodeEvent("v", namespace, null, event, args);
            if (sizeOf(data) > host.max()) {
              throw failure("too_large");
            }
            if (_this.connected) {
              host.pushVolatile(data);
            }
          }
        };
      }
      Socket.prototype.on = function(event, handler) {
        this.events.on(event, handler);
        return this;
      };
      Socket.prototype.once = function(event, handler) {
        this.events.on(event, handler, true);
        return this;
      };
      Socket.prototype.off = function(event, handler) {
        this.events.off(event, handler);
        return this;
      };
      /** Every event from the server, its name first. */      Socket.prototype.onAny = function(handler) {
        this.events.onAny(handler);
        return this;
      };
      Socket.prototype.offAny = function(handler) {
        this.events.offAny(handler);
        return this;
      };
      /**
         * Sends an event, once and in order, now or as soon as there is a connection. A function as last argument is the ack:
         * `(err, ...values)`. Throws an EverwireError if it cannot be sent at all.
         */      Socket.prototype.emit = function(event) {
        var args = [];
        for (var _i = 1; _i < arguments.length; _i++) {
          args[_i - 1] = arguments[_i];
        }
        this.send(event, args, 0);
        return this;
      };
      /** Resolves to the first value of the answer. */      Socket.prototype.emitWithAck = function(event) {
        var args = [];
        for (var _i = 1; _i < arguments.length; _i++) {
          args[_i - 1] = arguments[_i];
        }
        return this.ask(event, args, 0);
      };
      /** `socket.timeout(2000).emitWithAck("add", 1, 2)`: fails with `timeout` if there is no answer within so many milliseconds. */      Socket.prototype.timeout = function(ms) {
        var _this = this;
        return {
          emit: function(event) {
            var args = [];
            for (var _i = 1; _i < arguments.length; _i++) {
              args[_i - 1] = arguments[_i];
            }
            _this.send(event, args, ms);
          },
          emitWithAck: function(event) {
            var args = [];
            for (var _i = 1; _i < arguments.length; _i++) {
              args[_i - 1] = arguments[_i];
            }
            return _this.ask(event, args, ms);
          }
        };
      };
      /** Connects again after the end. */      Socket.prototype.connect = function() {
        this.host.open(this);
        return this;
      };
      /** Leaves the namespace, after what was emitted. The last one closes the session. */      Socket.prototype.close = function() {
        this.host.close(this);
        return this;
      };
      // ---- for the host
      /** @internal */      Socket.prototype.fire = function(event) {
        var _this = this;
        var args = [];
        for (var _i = 1; _i < arguments.length; _i++) {
          args[_i - 1] = arguments[_i];
        }
        this.events.fire(event, args, function(error) {
          return _this.rethrow(error);
        });
      };
      /** @internal A packet of this namespace. */      Socket.prototype.take = function(packet) {
        var body = packet.body;
        if (packet.type === "a" || packet.type === "x") {
          this.answered(packet);
        } else if (isArray(body)) {
          var name = body[0];
          var bad = nameError(name);
          if (bad) {
            this.refuse(packet, bad, "");
          } else {
            this.handle(packet, String(name), body.slice(1));
          }
        }
      };
      /** @internal */      Socket.prototype.refuse = function(packet, code, message) {
        if (packet.type === "e") {
          var body = packet.body;
          var event = typeof body[0] === "string" ? body[0].slice(0, 128) : undefined;
          this.post("x", packet.id, {
            code: code,
            event: event,
            message: message || undefined
          });
        }
      };
      /** @internal The namespace, or the whole session, is over. */      Socket.prototype.end = function(code, reason, unconfirmed) {
        var was = this.connected;
        this.connected = this.recovered = this.joined = false;
        this.id = this.transport = null;
        var pending = this.pending;
        this.pending = {};
        this.pendingCount = 0;
        for (var id in pending) {
          var one = pending[id];
          this.host.cancel(one.timer);
          this.call(one.done, failure("session_ended"), []);
        }
        if (was) {
          this.fire("disconnect", {
            code: code,
            reason: reason,
            unconfirmed: unconfirmed
          });
        }
      };
      /** @internal The namespace has been asked for: what has waited goes behind. */      Socket.prototype.release = function() {
        var waiting = this.waiting;
        this.joined = true;
        this.waiting = [];
        this.waitingBytes = 0;
        for (var i = 0; i < waiting.length; i++) {
          this.host.push(waiting[i]);
        }
      };
      /** @internal The server would not take this message. */      Socket.prototype.rejected = function(message) {
        var pending = message.id === null ? null : this.settle(message.id);
        if (pending) {
          this.call(pending.done, failure("too_large"), []);
        } else {
          this.fire("error", {
            code: "too_large",
            event: null,
            message: ""
          });
        }
      };
      // ---- going out
            Socket.prototype.ask = function(event, args, ms) {
        var _this = this;
        return new Promise(function(resolve, reject) {
          var done = function(error, value) {
            return error ? reject(error) : resolve(value);
          };
          _this.send(event, args.concat(done), ms);
        });
      };
      Socket.prototype.send = function(event, args, ms) {
        var _this = this;
        var done = args[args.length - 1];
        if (typeof done !== "function") {
          this.post("e", null, undefined, event, args);
          return;
        }
        if (this.pendingCount >= this.host.acks()) {
          throw failure("pending_acks");
        }
        var id = ++this.lastId;
        this.post("e", id, undefined, event, args.slice(0, -1));
        this.pendingCount++;
        this.pending[id] = {
          done: done,
          timer: ms ? this.host.later(function() {
            _this.settle(id);
            _this.call(done, failure("timeout"), []);
          }, ms) : null
        };
      };
      Socket.prototype.post = function(type, id, body, event, args) {
        var data = args ? encodeEvent(type, this.namespace, id, event, args) : encode(type, this.namespace, id, body);
        var size = sizeOf(data);
        var queued = size + this.waitingBytes + this.host.queued();
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
        var message = {
          namespace: this.namespace,
          data: data,
          size: size,
          credited: type === "e",
          id: id
        };
        if (this.joined) {
          this.host.push(message);
        } else if (type === "e") {
          this.waiting.push(message);
          this.waitingBytes += size;
        }
      };
      // ---- coming in
            Socket.prototype.handle = function(packet, event, args) {
        var _this = this;
        var id = packet.type === "e" ? packet.id : null;
        var open = id !== null;
        if (open) {
          args.push(function() {
            var values = [];
            for (var _i = 0; _i < arguments.length; _i++) {
              values[_i] = arguments[_i];
            }
            if (open) {
              _this.post("a", id, values);
              open = false;
            }
          });
        }
        var thrown = function(error) {
          if (open) {
            open = false;
            _this.post("x", id, {
              code: "handler_error",
              event: event
            });
          }
          _this.rethrow(error);
        };
        if (!this.events.fire(event, args, thrown, true) && open) {
          open = false;
          this.post("x", id, {
            code: "no_handler",
            event: event
          });
        }
      };
      Socket.prototype.answered = function(packet) {
        var body = packet.body;
        var pending = packet.id === null ? null : this.settle(packet.id);
        if (packet.type === "a") {
          if (pending) {
            this.call(pending.done, null, body);
          }
        } else if (isObject(body)) {
          var code = String(body["code"]);
          var message = typeof body["message"] === "string" ? body["message"] : "";
          if (pending) {
            this.call(pending.done, failure(code, message), []);
          } else if (packet.id === null) {
            this.fire("error", {
              code: code,
              event: typeof body["event"] === "string" ? body["event"] : null,
              message: message
            });
          }
        }
      };
      Socket.prototype.settle = function(id) {
        var pending = this.pending[id];
        if (!pending) {
          return null;
        }
        delete this.pending[id];
        this.pendingCount--;
        this.host.cancel(pending.timer);
        return pending;
      };
      Socket.prototype.call = function(done, error, values) {
        try {
          done.apply(undefined, __spreadArray([ error ], values, true));
        } catch (thrown) {
          this.rethrow(thrown);
        }
      };
      /** An error of the user's code is the user's: it appears as uncaught, and hurts nothing here. */      Socket.prototype.rethrow = function(error) {
        this.host.later(function() {
          throw error;
        }, 0);
      };
      return Socket;
    }();
    function encodeEvent(type, namespace, id, event, args) {
      var bad = nameError(event);
      if (bad) {
        throw failure(bad, String(event));
      }
      return encode(type, namespace, id, [ event ].concat(args));
    }
    function nameError(name) {
      return typeof name !== "string" || !name || utf8Length(name) > 128 ? "bad_event" : RESERVED.indexOf(" " + name + " ") >= 0 ? "reserved_event" : null;
    }
    /** Cuts what arrives into lines. A line without its end was cut off, padding says nothing: neither is told (protocol.md, 2.3). */    function lineReader(line) {
      var rest = "";
      return function(text) {
        var lines = (rest + text).split("\n");
        rest = lines.pop();
        for (var i = 0; i < lines.length; i++) {
          var one = lines[i];
          if (one && one.charAt(0) !== " ") {
            line(one);
          }
        }
      };
    }
    /** One request whose answer is a body of lines. */    function postLines(io, path, body, progressive, line, done) {
      var read = lineReader(line);
      var post = io.env.post;
      if (!post) {
        throw new Error("no way to make requests");
      }
      return post(io.url + path, body, io.options, progressive ? read : null, function(status, text) {
        if (status === 200) {
          read(text);
          done(null);
        } else {
          done(status ? refusal(text) : "");
        }
      });
    }
    /** The code of a refusal; `""` if it is anything else, as what a proxy says. */    function refusal(text) {
      try {
        var code = JSON.parse(text).error;
        return typeof code === "string" && actionOf(code) ? code : "";
      } catch (_) {
        return "";
      }
    }
    var eventSource = {
      name: "event_source",
      kind: "stream",
      enabled: function(io) {
        return !!io.env.post && !!classOf$1(io);
      },
      request: function(io, request, line, done) {
        return postLines(io, request.kind === "attach" ? "/event_source" : "/send", request.body, false, line, done);
      },
      stream: function(io, ticket, line, closed) {
        var source = null;
        var close = function() {
          if (source) {
            source.close();
            source.onmessage = source.onerror = null;
            source = null;
          }
        };
        try {
          source = new (classOf$1(io))(io.url + "/event_source?ticket=" + ticket, {
            withCredentials: !!io.options.withCredentials
          });
        } catch (_) {
          // PhantomJS 1.9 and its like, for another origin.
          io.env.soon(closed);
          return close;
        }
        source.onmessage = function(event) {
          return line(event.data);
        };
        source.onerror = function() {
          // It would come back by itself, with a ticket that is spent.
          close();
          closed();
        };
        return close;
      }
    };
    function classOf$1(io) {
      return io.options.EventSource || io.env.root.EventSource;
    }
    /** A frame that nobody sees. `loaded` is told when its document is at its end, however that came. */    function hiddenFrame(io, url, loaded, name) {
      var document = io.env.root.document;
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
        element: element,
        remove: function() {
          if (place.parentNode) {
            place.parentNode.removeChild(place);
          }
        }
      };
    }
    /** How long what a frame has posted may be under way when its document is at its end. */    var LAST_MESSAGES = 100;
    var foreverIframe = {
      name: "forever_iframe",
      kind: "stream",
      enabled: function(io) {
        return !!io.env.post && !!io.env.root.document && !!io.env.root.postMessage && !!io.env.root.addEventListener;
      },
      request: function(io, request, line, done) {
        return postLines(io, request.kind === "attach" ? "/forever_iframe" : "/send", request.body, false, line, done);
      },
      stream: function(io, ticket, line, closed) {
        var root = io.env.root;
        var page = root.location;
        var read = lineReader(line);
        var server = /^https?:\/\/[^/]+/.exec(io.url)[0].toLowerCase();
        var listen = function(event) {
          var data = event.data;
          if (event.source !== frame.element.contentWindow || event.origin !== server || !data || data.everwire !== ticket) {
            return;
          }
          if (typeof data.data === "string") {
            read(data.data + "\n");
          } else {
            end();
          }
        };
        var close = function() {
          root.removeEventListener.call(root, "message", listen);
          frame.remove();
          closed = function() {};
        };
        var end = function() {
          var tell = closed;
          close();
          tell();
        };
        var origin = encodeURIComponent(page.protocol + "//" + page.host);
        root.addEventListener.call(root, "message", listen);
        var frame = hiddenFrame(io, io.url + "/forever_iframe?ticket=" + ticket + "&origin=" + origin, function() {
          io.env.later(end, LAST_MESSAGES);
        });
        return close;
      }
    };
    var count = 0;
    /** For pages that can do nothing else: scripts down, forms up. Only used when it is named. */    var jsonp = {
      name: "jsonp",
      kind: "script",
      enabled: function(io) {
        return !!io.env.root.document;
      },
      request: function(io, request, line, done) {
        if (request.kind === "post") {
          return postForm(io, request.body, function() {
            return done(null);
          });
        }
        var stopForm = request.kind === "attach" ? postForm(io, request.body, function() {}) : function() {};
        var query = "ticket=" + request.ticket + (request.kind === "poll" ? "&poll=" + request.poll + "&received=" + request.received + "&consumed=" + request.consumed : "");
        var stopScript = loadScript(io, query, line, done);
        return function() {
          stopForm();
          stopScript();
        };
      }
    };
    /** The answer to a form is nothing that a page could read: only that it has come. */    function postForm(io, body, done) {
      var document = io.env.root.document;
      var name = "everwire_form_" + ++count;
      var sent = false;
      var frame = hiddenFrame(io, "", function() {
        // A frame loads once when it is made, too.
        if (sent) {
          stop();
          done();
        }
      }, name);
      var form = document.createElement("form");
      var field = document.createElement("textarea");
      form.method = "POST";
      form.action = io.url + "/jsonp";
      form.target = name;
      form.acceptCharset = "utf-8";
      field.name = "d";
      field.value = body;
      form.appendChild(field);
      frame.element.parentNode.appendChild(form);
      var stop = function() {
        // Taking a frame out while it tells that it has loaded upsets some engines.
        io.env.later(frame.remove, 0);
        done = function() {};
      };
      io.env.later(function() {
        sent = true;
        form.submit();
      }, 0);
      return stop;
    }
    function loadScript(io, query, line, done) {
      var _a;
      var root = io.env.root;
      var document = io.env.root.document;
      var name = "everwire_" + ++count;
      var script = document.createElement("script");
      var read = lineReader(line);
      var answered = false;
      var stop = function() {
        // It may still come, when its element is long gone.
        root[name] = function() {};
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
      root[name] = function(text) {
        answered = true;
        read(text);
      };
      script.onload = script.onerror = end;
      script.onreadystatechange = function() {
        if (/loaded|complete/.test(script.readyState)) {
          end();
        }
      };
      script.src = io.url + "/jsonp?c=" + name + "&" + query;
      (_a = document.getElementsByTagName("head")[0]) === null || _a === void 0 ? void 0 : _a.appendChild(script);
      return stop;
    }
    var longPolling = {
      name: "long_polling",
      kind: "poll",
      enabled: function(io) {
        return !!io.env.post;
      },
      request: function(io, request, line, done) {
        return postLines(io, "/long_polling", request.body, false, line, done);
      }
    };
    var streaming = {
      name: "streaming",
      kind: "stream",
      enabled: function(io) {
        return !!io.env.post && io.env.streams;
      },
      request: function(io, request, line, done) {
        var attach = request.kind === "attach";
        return postLines(io, attach ? "/streaming" : "/send", request.body, attach, line, done);
      }
    };
    var websocket = {
      name: "websocket",
      kind: "duplex",
      // What speaks only the draft of 2010 (Safari 5, PhantomJS 1) has no binaryType.
      enabled: function(io) {
        var Class = classOf(io);
        return !!Class && (!!io.options.WebSocket || !Class.prototype || "binaryType" in Class.prototype);
      },
      open: function(io, opened, packet, closed) {
        var Class = classOf(io);
        var socket = null;
        var end = function(code) {
          if (socket) {
            socket.onopen = socket.onmessage = socket.onclose = null;
            // The `ws` package throws errors that nobody listens to.
                        socket.onerror = function() {};
            socket = null;
            closed(code);
          }
        };
        var url = io.url.replace(/^http/, "ws") + "/websocket";
        var headers = io.options.extraHeaders;
        // Only an implementation for node takes headers.
                var made = socket = headers && io.options.WebSocket ? new Class(url, [], {
          headers: headers
        }) : new Class(url);
        made.binaryType = "arraybuffer";
        made.onopen = opened;
        made.onmessage = function(event) {
          return packet(typeof event.data === "string" ? event.data : new Uint8Array(event.data));
        };
        // Some engines tell of a failure by `close` alone, some by `error` first: `close` always comes.
                made.onerror = function() {};
        made.onclose = function(event) {
          return end(event && actionOf(event.reason) ? event.reason : "");
        };
        return {
          send: function(data) {
            if (socket && socket.readyState === 1) {
              socket.send(data);
            }
          },
          close: function() {
            if (socket) {
              closed = function() {};
              end("");
              made.close();
            }
          },
          buffered: function() {
            return made.bufferedAmount;
          }
        };
      }
    };
    function classOf(io) {
      return io.options.WebSocket || io.env.root.WebSocket;
    }
    /** In order of preference. */    var transports = [ websocket, streaming, eventSource, longPolling, foreverIframe, jsonp ];
    // connect(), and what the namespaces of one URL share: a session, and a new one when that has ended.
    /**
     * Connects to a namespace of a server. Several namespaces of one URL share a session.
     *
     * ```js
     * const socket = connect("https://example.com/everwire");
     * socket.on("said", text => show(text));
     * socket.emit("say", "hello");
     * ```
     */    function connect(url, options) {
      var given = options || {};
      var env = environment(given);
      var io = {
        env: env,
        url: resolve(url || "", given.path || "/everwire", env),
        options: given
      };
      var namespace = given.namespace || "/";
      var client = given.multiplex === false ? null : shared(io, namespace);
      if (!client) {
        client = new Client(io);
      }
      var socket = new Socket(client, namespace, given.auth);
      client.open(socket);
      return socket;
    }
    /** Those that have a session, or want one. */    var clients = [];
    /** A session's second socket of the same namespace would be the first one: that one gets a session of its own. */    function shared(io, namespace) {
      for (var i = 0; i < clients.length; i++) {
        var client = clients[i];
        if (client.suits(io) && !client.socketOf(namespace)) {
          return client;
        }
      }
      return null;
    }
    var Client = /** @class */ function() {
      function Client(io) {
        this.io = io;
        this.sockets = [];
        this.driver = null;
        this.starting = false;
        this.timer = null;
        this.tries = 0;
        this.openedAt = 0;
        this.name = null;
        var wanted = io.options.reconnection;
        var limits = wanted || {};
        this.env = io.env;
        this.limits = {
          attempts: wanted === false ? 0 : limits.attempts === undefined ? Infinity : limits.attempts,
          delay: limits.delay || 500,
          maxDelay: limits.maxDelay || 1e4
        };
      }
      Client.prototype.suits = function(io) {
        var mine = this.io.options;
        var other = io.options;
        return mine.multiplex !== false && this.io.url === io.url && String(mine.transports) === String(other.transports) && !mine.withCredentials === !other.withCredentials && JSON.stringify(mine.extraHeaders) === JSON.stringify(other.extraHeaders) && mine.WebSocket === other.WebSocket && mine.fetch === other.fetch && mine.EventSource === other.EventSource && mine.memory === other.memory;
      };
      Client.prototype.socketOf = function(namespace) {
        for (var i = 0; i < this.sockets.length; i++) {
          if (this.sockets[i].namespace === namespace) {
            return this.sockets[i];
          }
        }
        return null;
      };
      // ---- what sockets ask for
            Client.prototype.open = function(socket) {
        var _this = this;
        if (socket.wanted) {
          return;
        }
        var other = this.socketOf(socket.namespace);
        if (other && other !== socket) {
          throw failure("bad_data", "another socket has this namespace");
        }
        if (!other) {
          this.sockets.push(socket);
        }
        clients = without(clients, function(one) {
          return one === _this;
        }).concat(this);
        socket.wanted = true;
        if (this.driver) {
          this.join(this.driver, socket, function() {});
        } else if (this.timer === null) {
          this.start();
        }
      };
      Client.prototype.close = function(socket) {
        var driver = this.driver;
        if (!socket.wanted) {
          return;
        }
        if (driver && socket.joined) {
          this.push(control("l", socket.namespace, {
            code: "client_disconnect"
          }));
        }
        this.forget(socket);
        socket.end("client_disconnect", "", driver ? countEvents(driver.session.send.log, socket.namespace) : 0);
      };
      Client.prototype.push = function(message) {
        if (this.driver) {
          this.driver.session.push(message);
          this.driver.flush();
        }
      };
      Client.prototype.pushVolatile = function(data) {
        if (this.driver) {
          this.driver.pushVolatile(data);
        }
      };
      Client.prototype.max = function() {
        return this.driver ? this.driver.session.max : Infinity;
      };
      Client.prototype.acks = function() {
        return this.driver ? this.driver.session.acks : 1e3;
      };
      Client.prototype.queued = function() {
        return this.driver ? this.driver.session.send.bytes : 0;
      };
      Client.prototype.abort = function(code) {
        if (this.driver) {
          this.driver.session.abort(code);
          this.driver.flush();
        }
      };
      Client.prototype.later = function(run, ms) {
        return this.env.later(run, ms);
      };
      Client.prototype.cancel = function(timer) {
        this.env.cancel(timer);
      };
      // ---- sessions
      /** Opens a session once this turn is over, so that handlers and events of the same turn are part of it. */      Client.prototype.start = function() {
        var _this = this;
        if (!this.starting) {
          this.starting = true;
          this.env.soon(function() {
            _this.starting = false;
            if (_this.sockets.length && !_this.driver) {
              _this.openSession();
            }
          });
        }
      };
      Client.prototype.openSession = function() {
        var _this = this;
        var current = function() {
          return _this.driver === driver;
        };
        var driver = new Driver(this.io, usable(this.io), this.limits, this.listener(current), probe);
        this.driver = driver;
        this.name = null;
        var sockets = this.sockets.slice();
        // One flight opens the session and its namespaces, so all auths have to be there.
                var missing = sockets.length;
        for (var i = 0; i < sockets.length; i++) {
          this.join(driver, sockets[i], function() {
            if (! --missing && _this.driver === driver) {
              driver.start();
            }
          });
        }
      };
      /** Asks for the socket's auth, then for its namespace. */      Client.prototype.join = function(driver, socket, then) {
        var _this = this;
        var answer = function(auth) {
          if (_this.driver === driver && socket.wanted && !socket.joined) {
            _this.push(control("c", socket.namespace, auth));
            socket.transport = _this.name;
            socket.release();
          }
          then();
        };
        var fail = function(error) {
          _this.refuse(socket, "auth", error instanceof Error ? error.message : String(error), undefined);
          then();
        };
        ask(socket.auth, answer, fail);
      };
      Client.prototype.refuse = function(socket, code, message, data) {
        this.forget(socket);
        socket.end(code, "", 0);
        socket.fire("connect_error", failure(code, message, data));
      };
      /** The socket is not wanted any more; without any, the session is not. */      Client.prototype.forget = function(socket) {
        var _this = this;
        socket.wanted = false;
        this.sockets = without(this.sockets, function(one) {
          return one === socket;
        });
        if (!this.sockets.length) {
          var driver = this.driver;
          this.driver = null;
          this.env.cancel(this.timer);
          this.timer = null;
          clients = without(clients, function(one) {
            return one === _this;
          });
          if (driver) {
            driver.close("client_disconnect");
          }
        }
      };
      /** `current` says whether this is still the session of its sockets, or one that only ends in peace. */      Client.prototype.listener = function(current) {
        var _this = this;
        var each = function(tell) {
          var sockets = current() ? _this.sockets.slice() : [];
          for (var i = 0; i < sockets.length; i++) {
            var socket = sockets[i];
            if (socket.joined) {
              tell(socket);
            }
          }
        };
        return {
          deliver: function(packet) {
            if (current()) {
              _this.deliver(packet);
            }
          },
          carried: function(name, resumed) {
            var changed = _this.name !== name;
            _this.name = name;
            _this.openedAt = _this.openedAt || _this.env.now();
            each(function(socket) {
              socket.transport = name;
              if (resumed) {
                socket.fire("resumed");
              }
              if (changed) {
                socket.fire("transport", name);
              }
            });
          },
          suspended: function() {
            return each(function(socket) {
              socket.transport = null;
              socket.fire("suspended");
            });
          },
          rejected: function(message) {
            var socket = current() ? _this.socketOf(message.namespace) : null;
            if (socket) {
              socket.rejected(message);
            }
          },
          failing: function(code) {
            return each(function(socket) {
              if (!socket.connected) {
                socket.fire("connect_error", failure(code, "no transport works"));
              }
            });
          },
          ended: function(code, reason, retry, unconfirmed) {
            if (current()) {
              _this.ended(code, reason, retry, unconfirmed);
            }
          }
        };
      };
      Client.prototype.deliver = function(packet) {
        var socket = this.socketOf(packet.namespace);
        var body = isObject(packet.body) ? packet.body : {};
        if (!socket || !socket.joined) {
          if (packet.type === "e") {
            this.push(control("x", packet.namespace, {
              code: "unknown_namespace"
            }, packet.id));
          }
        } else if (packet.type === "o") {
          socket.id = String(body["id"]);
          socket.connected = true;
          socket.fire("connect", {
            recovered: false
          });
        } else if (packet.type === "d") {
          this.refuse(socket, "denied", String(body["message"]), body["data"]);
        } else if (packet.type === "l") {
          this.forget(socket);
          socket.end(String(body["code"]), String(body["reason"] || ""), 0);
        } else {
          socket.take(packet);
        }
      };
      Client.prototype.ended = function(code, reason, retry, unconfirmed) {
        var _this = this;
        var action = actionOf(code);
        var over = action === "never" || code === "no_transport" || this.limits.attempts === 0;
        var sockets = this.sockets.slice();
        var stood = this.openedAt && this.env.now() - this.openedAt > 1e3;
        var opened = this.openedAt;
        this.driver = null;
        this.openedAt = 0;
        for (var i = 0; i < sockets.length; i++) {
          var socket = sockets[i];
          var connected = socket.connected;
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
        } else {
          var pause = backoff(this.tries, this.limits.delay, this.limits.maxDelay, this.env.random);
          this.timer = this.env.later(function() {
            _this.timer = null;
            _this.start();
          }, Math.max(retry, pause));
        }
      };
      return Client;
    }();
    function control(type, namespace, body, id) {
      if (id === void 0) {
        id = null;
      }
      var data = encode(type, namespace, id, body);
      return {
        namespace: namespace,
        data: data,
        size: sizeOf(data),
        credited: false,
        id: null
      };
    }
    function countEvents(log, namespace) {
      var events = 0;
      for (var i = 0; i < log.length; i++) {
        var message = log[i];
        events += message.credited && message.namespace === namespace ? 1 : 0;
      }
      return events;
    }
    /** An auth may be a value, a function that gives one or a promise, or one that calls back. */    function ask(auth, answer, fail) {
      if (typeof auth !== "function") {
        answer(auth);
        return;
      }
      var open = true;
      var once = function(run) {
        return function(value) {
          if (open) {
            open = false;
            run(value);
          }
        };
      };
      try {
        var value = auth(once(answer));
        if (isObject(value) && typeof value["then"] === "function") {
          value.then(once(answer), once(fail));
        } else if (value !== undefined || !auth.length) {
          once(answer)(value);
        }
      } catch (error) {
        once(fail)(error);
      }
    }
    function usable(io) {
      var names = io.options.transports;
      var chosen = [];
      var wanted = names || [];
      for (var n = 0; n < (names ? wanted.length : 1); n++) {
        for (var i = 0; i < transports.length; i++) {
          var transport = transports[i];
          if ((names ? wanted[n] === transport.name : transport.name !== "jsonp") && transport.enabled(io)) {
            chosen.push(transport);
          }
        }
      }
      return chosen;
    }
    /** The mount as an absolute HTTP URL without a slash at the end. */    function resolve(url, path, env) {
      var parts = /^(?:(?:http|ws)(s?):)?(?:\/\/([^/?#]+))?([^?#]*)/i.exec(url);
      var here = env.root.location;
      var secure = /^\w+:/.test(url) ? parts[1] : here && here.protocol === "https:" ? "s" : "";
      var host = parts[2] || here && here.host;
      if (!host) {
        throw failure("bad_data", "the URL needs a host here: " + url);
      }
      var mount = parts[3].replace(/\/+$/, "") || path;
      return "http" + secure + "://" + host + (mount.charAt(0) === "/" ? "" : "/") + mount.replace(/\/+$/, "");
    }
    // What works from here, transport by transport: apart from `connect`, so that who does not use it does not load it.
    /**
     * Tries each transport alone, those of `options.transports` or all, one after the other.
     *
     * ```js
     * console.table(await diagnose("https://example.com/everwire"));
     * ```
     */    function diagnose(url, options) {
      var given = options || {};
      var env = environment(given);
      var io = {
        env: env,
        url: resolve(url || "", given.path || "/everwire", env),
        options: given
      };
      var rows = [];
      return new Promise(function(done) {
        var next = function(at) {
          var transport = transports[at];
          var names = given.transports;
          if (!transport) {
            done(rows);
          } else if (names && names.indexOf(transport.name) < 0) {
            next(at + 1);
          } else {
            examine(io, transport, function(report) {
              rows.push(__assign({
                transport: transport.name
              }, report));
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
      } else {
        done({
          ok: false,
          code: "no_transport",
          why: "unavailable",
          openMs: null,
          rttMs: null
        });
      }
    }
    exports.connect = connect;
    exports.diagnose = diagnose;
  });
}).call(this);
//# sourceMappingURL=everwire.js.map
