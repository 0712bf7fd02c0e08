// What runs in the page, in every engine: so it is ES3, and takes nothing for granted but JSON. Its address says
//
//   run         whose reports these are
//   url         where the server is
//   transport   the one that is forced, or none: then negotiation is free, and `best` is where it must arrive
//   checks      their names, with commas
//
// It posts one report for each check, and one at the end.
/* global everwire */
(function () {
  var plan = parameters(location.search);
  var MANY = 100;
  var CHECK_MS = 45000;
  /** A forced transport that has not connected in so many rounds does not work here. */
  var ROUNDS = 3;
  var socket;
  var log = [];
  /** What is asked again whenever something has happened. */
  var waiting = null;

  function open() {
    var options = {
      auth: { name: "Ada", "\u043a\u043b\u044e\u0447": ["\u2603"] },
      multiplex: false,
      reconnection: { delay: 50, maxDelay: 500 },
      memory: { get: function () { return null; }, set: function () {} }
    };
    var names = ["connect", "connect_error", "disconnect", "suspended", "resumed", "transport", "error", "auth", "echo", "tick"];
    if (plan.transport) {
      options.transports = [plan.transport];
    }
    socket = everwire.connect(plan.url, options);
    for (var i = 0; i < names.length; i++) {
      listen(names[i]);
    }
  }

  function listen(name) {
    socket.on(name, function (first) {
      log.push([name, first]);
      if (waiting) {
        waiting();
      }
    });
  }

  function all(name) {
    var found = [];
    for (var i = 0; i < log.length; i++) {
      if (log[i][0] === name) {
        found.push(log[i][1]);
      }
    }
    return found;
  }

  var checks = {
    connect: function (done) {
      open();
      until(function () {
        var failed = all("connect_error");
        if (failed.length && (failed[0].code === "no_transport" || failed.length >= ROUNDS)) {
          done(failed[0].code === "no_transport" && failed.length === 1 ? "unavailable" : "failed");
          return true;
        }
        // A stream that never stands is noticed only after the opening POST.
        if (all("suspended").length >= ROUNDS) {
          done("failed");
          return true;
        }
        var wanted = plan.transport || plan.best;
        if (all("auth").length && (!wanted || socket.transport === wanted)) {
          same(done, all("auth")[0], { name: "Ada", "\u043a\u043b\u044e\u0447": ["\u2603"] });
          return true;
        }
        return false;
      });
    },

    /** A few bytes, behind the answer to what asked for them: so over the stream, where there is one, and nothing pushes them on. */
    few: function (done) {
      socket.emit("sleep", 50, function (error) {
        done(error && error.code);
      });
    },

    order: function (done) {
      for (var i = 0; i < MANY; i++) {
        socket.emit("echo", i);
      }
      socket.emit("count", MANY, function (error, count) {
        log.push(["counted", error || count]);
        waiting();
      });
      until(function () {
        if (!all("counted").length || all("echo").length < MANY) {
          return false;
        }
        same(done, [all("counted")[0], all("echo"), all("tick")], [MANY, numbers(MANY), numbers(MANY)]);
        return true;
      });
    },

    binary: function (done) {
      socket.emit("bytes", 255, function (error, bytes) {
        if (error || picture(bytes) !== picture(numbers(256))) {
          done("bytes of the server came as " + (error ? error.code : picture(bytes)));
        } else if (typeof Uint8Array === "undefined") {
          done(Object.prototype.toString.call(bytes) === "[object Array]" ? null : "not an array without Uint8Array");
        } else {
          echoBinary(bytes, done);
        }
      });
    },

    /** Keys that mean something to objects come as keys, and change no other object; beside binary, too. */
    plain: function (done) {
      var json = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
      var hostile = JSON.parse(json);
      socket.emit("message-with-ack", hostile, function (error, back) {
        if (error || JSON.stringify(back) !== json || back.polluted || {}.polluted) {
          done("came back as " + (error ? error.code : JSON.stringify(back)));
          return;
        }
        var marked = typeof Uint8Array === "undefined" ? 1 : new Uint8Array(1);
        socket.emit("message-with-ack", hostile, marked, function (failed, again) {
          done(failed || JSON.stringify(again) !== json || {}.polluted ? "beside binary: " + (failed ? failed.code : JSON.stringify(again)) : null);
        });
      });
    },

    acks: function (done) {
      socket.emit("message-with-ack", 1, "two", { three: [3] }, function (error, one, two, three) {
        if (error || one !== 1 || two !== "two" || JSON.stringify(three) !== '{"three":[3]}') {
          done("the ack said " + JSON.stringify([error, one, two, three]));
          return;
        }
        socket.emit("boom", function (failed) {
          if (!failed || failed.code !== "handler_panic") {
            done("a handler that panics was answered " + (failed && failed.code));
            return;
          }
          promised(done);
        });
      });
    },

    restart: function (done) {
      var before = all("disconnect").length;
      post("/control", "restart", function () {
        until(function () {
          if (all("disconnect").length === before || !socket.connected) {
            return false;
          }
          socket.emit("message-with-ack", "after", function (error, text) {
            done(error || text !== "after" ? "after the restart: " + (error ? error.code : text) : null);
          });
          return true;
        });
      });
    },

    /** A WebSocket of the draft of 2010 must see that it is refused, and close. */
    draft: function (done) {
      if (typeof WebSocket === "undefined" || "CLOSING" in WebSocket) {
        done(null);
        return;
      }
      var old = new WebSocket(plan.websocket);
      old.onopen = function () {
        done("a WebSocket of the draft has opened");
      };
      old.onclose = function (event) {
        done(event.code === undefined ? null : "its close has a code, so it is none of the draft");
      };
    },

    /** Stored away by the browser and shown again, or loaded anew: either way it works, and a stored one in its session. */
    stored: function (done) {
      var id = socket.id;
      window.addEventListener("pageshow", function (event) {
        if (event.persisted) {
          stillThere("restored", id, done);
        }
      }, false);
      window.name = "went away";
      location.href = "/away";
    },

    offline: function (done) {
      var id = socket.id;
      window.addEventListener("online", function () {
        stillThere("online", id, done);
      }, false);
      window.addEventListener("offline", function () {
        for (var i = 0; i < MANY; i++) {
          socket.emit("echo", i);
        }
      }, false);
      // The server sees that nobody is there before it is undone.
      post("/control", "offline");
    },

    hidden: function (done) {
      var id = socket.id;
      var was = false;
      document.addEventListener("visibilitychange", function () {
        if (document.hidden) {
          was = true;
          socket.emit("message-with-ack", "hidden", function () {
            post("/control", "show");
          });
        } else if (was) {
          stillThere("seen again", id, done);
        }
      }, false);
      post("/control", "hide");
    },

    /** Nothing got lost on the way that nobody restarted. */
    quiet: function (done) {
      var names = ["suspended", "disconnect", "connect_error", "error"];
      for (var i = 0; i < names.length; i++) {
        // A free negotiation may change its carrier, and be without one for a moment.
        if (all(names[i]).length && (plan.transport || i)) {
          done(names[i] + " " + JSON.stringify(all(names[i])[0]));
          return;
        }
      }
      done(null);
    }
  };

  /** The session has survived, and what was emitted meanwhile has come back in order. */
  function stillThere(word, id, done) {
    var echoes = all("echo").length;
    socket.emit("message-with-ack", word, function (error, text) {
      if (error || text !== word || socket.id !== id || all("disconnect").length) {
        done(word + ": " + (error ? error.code : text) + " " + JSON.stringify(shortLog()));
      } else if (echoes || all("echo").length) {
        same(done, all("echo"), numbers(MANY));
      } else {
        done(null);
      }
    });
  }

  function echoBinary(bytes, done) {
    var text = "\u0000\u00000 \u2028 \u2029 </script><!-- ' \" \\ & \u2603 \ud83d\ude00 \n\r";
    socket.emit("message-with-ack", { list: [bytes, { none: new Uint8Array(0) }], whole: new Uint8Array(bytes).buffer }, text, function (error, tree, back) {
      if (error || picture(tree.list[0]) !== picture(numbers(256)) || tree.list[1].none.length || picture(tree.whole) !== picture(numbers(256))) {
        done("binary came back as " + (error ? error.code : JSON.stringify(tree).slice(0, 300)));
      } else {
        done(back === text ? null : "a text came back as " + JSON.stringify(back));
      }
    });
  }

  function promised(done) {
    if (typeof Promise === "undefined") {
      try {
        socket.emitWithAck("message-with-ack", 1);
        done("emitWithAck did not throw without Promise");
      } catch (error) {
        done(/Promise/.test(error.message) ? null : "emitWithAck threw without Promise: " + error.message);
      }
      return;
    }
    socket.emitWithAck("message-with-ack", "promised").then(
      function (text) {
        done(text === "promised" ? null : "the promise said " + text);
      },
      function (error) {
        done("the promise failed: " + error.code);
      }
    );
  }

  // ---- how checks run

  function run(names) {
    var name = names.shift();
    var begun = new Date().getTime();
    var over = false;
    if (!name) {
      finish();
      return;
    }
    var timer = setTimeout(function () {
      done("nothing in " + CHECK_MS + " ms: " + JSON.stringify(shortLog()));
    }, CHECK_MS);
    function done(error) {
      if (!over) {
        over = true;
        waiting = null;
        clearTimeout(timer);
        report({ check: name, error: error || null, ms: new Date().getTime() - begun }, function () {
          if (error) {
            finish();
          } else {
            run(names);
          }
        });
      }
    }
    try {
      checks[name](done);
    } catch (error) {
      done("threw " + error.message);
    }
  }

  function finish() {
    var used = socket && socket.transport;
    if (socket) {
      socket.close();
    }
    report({
      end: true,
      agent: navigator.userAgent,
      used: used,
      // What this engine has: each trap is tried only where it is.
      traits: {
        bind: !!function () {}.bind,
        binaryType: typeof WebSocket !== "undefined" && !!WebSocket.prototype && "binaryType" in WebSocket.prototype,
        onLine: navigator.onLine,
        promise: typeof Promise !== "undefined",
        typedArrays: typeof Uint8Array !== "undefined",
        webSocket: typeof WebSocket !== "undefined"
      }
    });
  }

  function until(probe) {
    waiting = function () {
      if (waiting && probe()) {
        waiting = null;
      }
    };
    waiting();
  }

  function report(entry, done) {
    post("/report?run=" + plan.run, JSON.stringify(entry), done);
  }

  function post(path, body, done) {
    var xhr = window.XMLHttpRequest ? new XMLHttpRequest() : new ActiveXObject("Microsoft.XMLHTTP");
    xhr.onreadystatechange = function () {
      if (xhr.readyState === 4 && done) {
        done();
      }
    };
    xhr.open("POST", path, true);
    xhr.setRequestHeader("Content-Type", "text/plain");
    xhr.send(body);
  }

  // ---- values

  function same(done, found, wanted) {
    var one = JSON.stringify(found);
    var other = JSON.stringify(wanted);
    done(one === other ? null : "is " + one.slice(0, 300) + ", not " + other.slice(0, 300));
  }

  function numbers(count) {
    var list = [];
    for (var i = 0; i < count; i++) {
      list.push(i);
    }
    return list;
  }

  function picture(bytes) {
    var text = "";
    var list = bytes && bytes.byteLength !== undefined && bytes.length === undefined ? new Uint8Array(bytes) : bytes;
    for (var i = 0; list && i < list.length; i++) {
      text += list[i] + " ";
    }
    return text;
  }

  function shortLog() {
    var names = [];
    for (var i = Math.max(0, log.length - 20); i < log.length; i++) {
      names.push(log[i][0] === "echo" || log[i][0] === "tick" ? log[i][0] : log[i]);
    }
    return names;
  }

  function parameters(query) {
    var found = {};
    var pairs = query.slice(1).split("&");
    for (var i = 0; i < pairs.length; i++) {
      var at = pairs[i].indexOf("=");
      found[pairs[i].slice(0, at)] = decodeURIComponent(pairs[i].slice(at + 1));
    }
    return found;
  }

  if (window.name === "went away") {
    // The browser did not keep the page: this is another one.
    window.name = "";
    report({ check: "stored", error: null, anew: true }, finish);
  } else {
    run(plan.checks.split(","));
  }
})();
