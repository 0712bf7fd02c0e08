// One client that numbers its events and checks those of the server. It is sent into pages as text, so it refers to nothing outside.
// `tell` is given what src/run/told.rs calls a report.

export function startPeer(everwire, { name, url, options, pause }, tell) {
  const totals = { sent: 0, asked: 0, answered: 0, failed: 0, suspended: 0, resumed: 0, moved: 0, volatile: 0 };
  const last = [];
  let opened = 0;
  let session = null;
  let lastNews = null;
  let lastWhim = 0;
  let lastAnswer = 0;
  let leaving = false;
  let over = false;

  function note(what) {
    last.push(what);
    last.splice(0, last.length - 12);
  }

  function violated(what) {
    tell({ kind: "violation", client: name, text: [what, ...last].join("\n    ") });
  }

  /** What binary goes with an event of this number: some have none, some much. */
  function blobOf(number) {
    const length = number % 50 === 0 ? 30_000 : number % 7 === 0 ? (number * 31) % 400 : null;
    return length === null ? null : new Uint8Array(length).fill(number % 251);
  }

  function isBlobOf(number, blob) {
    const wanted = blobOf(number);
    if (wanted === null || blob === null) {
      return wanted === blob;
    }
    return wanted.length === blob.length && blob.every((byte) => byte === number % 251);
  }

  function endSession(code, unconfirmed) {
    const seen = session ?? { ordinal: 0, down: 0, news: 0 };
    session = null;
    tell({ kind: "session", client: name, session: { ...seen, code, unconfirmed, last: last.slice() } });
  }

  const kept = {};
  const socket = everwire.connect(url, {
    multiplex: false,
    reconnection: { delay: 50, maxDelay: 1_000 },
    memory: { get: (key) => kept[key], set: (key, value) => void (kept[key] = value) },
    ...options,
    auth: () => ({ client: name, session: ++opened }),
  });

  const on = (event, handler) => socket.on(event, (...args) => (over ? undefined : handler(...args)));
  on("connect", ({ recovered }) => {
    note("connect");
    if (recovered) {
      violated("a new session says that it was recovered");
    }
    tell({ kind: "connected", client: name });
  });
  on("disconnect", ({ code, unconfirmed }) => {
    note(`disconnect ${code} ${unconfirmed}`);
    endSession(code, unconfirmed);
  });
  on("connect_error", ({ code }) => note(`connect_error ${code}`));
  on("error", ({ code, event }) => violated(`error ${code} ${event}`));
  on("suspended", () => {
    note("suspended");
    totals.suspended++;
  });
  on("resumed", () => {
    note("resumed");
    totals.resumed++;
  });
  on("transport", (transport) => {
    note(`transport ${transport}`);
    totals.moved++;
  });
  on("hello", (ordinal) => {
    note(`session ${ordinal}`);
    if (session) {
      violated(`session ${ordinal} begins, and the end of the one before was not told`);
    }
    session = { ordinal, down: 0, news: 0 };
    lastNews = null;
    lastWhim = lastAnswer = 0;
  });
  on("down", (ordinal, number, blob, answer) => {
    note(`heard ${number}`);
    if (!session || session.ordinal !== ordinal || session.down + 1 !== number) {
      violated(`event ${number} of session ${ordinal} came down, ${session && session.down + 1} was next`);
    } else if (!isBlobOf(number, blob)) {
      violated(`event ${number} came down with other bytes`);
    }
    session.down = number;
    answer?.(number);
  });
  on("news", (number) => {
    note(`news ${number}`);
    if (!session || (lastNews !== null && lastNews + 1 !== number)) {
      violated(`news ${number} came after ${lastNews}`);
    }
    session.news++;
    lastNews = number;
  });
  on("whim", (number) => {
    totals.volatile++;
    if (number < lastWhim) {
      violated(`volatile event ${number} came after ${lastWhim}`);
    }
    lastWhim = number;
  });

  function answered(number, error, value) {
    if (error) {
      totals.failed++;
      if (error.code !== "session_ended") {
        violated(`event ${number} was answered with ${error.code}`);
      }
      return;
    }
    totals.answered++;
    if (value !== number || number <= lastAnswer) {
      violated(`event ${number} was answered with ${value}, after ${lastAnswer}`);
    }
    lastAnswer = number;
  }

  function say() {
    const number = ++totals.sent;
    if (Math.random() < 0.2) {
      totals.asked++;
      socket.emit("up", number, blobOf(number), (error, value) => answered(number, error, value));
    } else {
      socket.emit("up", number, blobOf(number));
    }
    socket.volatile.emit("whim", number);
  }

  function talk() {
    if (leaving) {
      return;
    }
    for (let count = 1 + Math.floor(Math.random() * 4); count > 0; count--) {
      say();
    }
    setTimeout(talk, 20 + Math.random() * (pause - 20));
  }

  /** Says goodbye until it is answered, and leaves. All that the server sent has come before its answer. */
  function goodbye() {
    leaving = true;
    socket.emit("goodbye", (error, down, news) => {
      if (error) {
        // Once more, in the next session.
        note(`goodbye ${error.code}`);
        setTimeout(goodbye, 0);
        return;
      }
      if (session.down !== down || session.news !== news) {
        violated(`heard ${session.down} events and ${session.news} broadcasts, of ${down} and ${news}`);
      }
      over = true;
      endSession("goodbye", 0);
      socket.close();
      tell({ kind: "done", client: name, totals });
    });
  }

  function state() {
    if (!over) {
      const { connected, transport } = socket;
      tell({ kind: "state", client: name, text: JSON.stringify({ connected, transport, leaving, session, totals, last }) });
    }
  }

  talk();
  return { goodbye, state };
}
