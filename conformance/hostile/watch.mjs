// What an application sees of a server, in node and in a page: these functions are sent there as text.

/** Are they among what has happened, in this order? */
export function hasHeard(log, hears) {
  let at = 0;
  log.forEach((text) => (at += at < hears.length && new RegExp(`^${hears[at]}$`).test(text)));
  return at === hears.length;
}

/**
 * Connects, asks something at each connection, and gives a log: of what happens until the answer has come, or for `ms`, and longer
 * until what is to be heard has been: a machine may be slow. */
export function watch(connect, url, options, plan) {
  return new Promise((resolve) => {
    const log = [];
    const seen = { works: false };
    const word = (value) => (typeof value === "string" ? value.slice(0, 20) : typeof value);
    const tell = (text, value) => log.length < 50 && log.push(value === undefined ? text : `${text} ${word(value)}`);
    const socket = connect(url, { multiplex: false, reconnection: { delay: 100, maxDelay: 1000 }, ...options });
    let asked = 0;
    const ask = () => {
      // An answer of nonsense is an answer: asked again.
      socket.emitWithAck("echo").then(() => (seen.works = true), () => ++asked < 3 && ask());
    };
    const began = Date.now();
    const look = setInterval(() => {
      const isThere = hasHeard(log, plan.hears) && seen.works === plan.works;
      seen.ms = Date.now() - began;
      if (isThere && (plan.works || seen.ms >= plan.ms) || seen.ms > 10 * plan.ms) {
        clearInterval(look);
        resolve({ ...seen, log: log.slice() });
        socket.close();
      }
    }, 50);
    socket.on("connect", () => (tell("connect"), ask()));
    socket.on("suspended", () => tell("suspended"));
    socket.on("resumed", () => (tell("resumed"), ask()));
    socket.on("connect_error", (error) => tell("connect_error", error.code));
    socket.on("disconnect", ({ code }) => tell("disconnect", code));
    socket.on("error", ({ code }) => tell("error", code));
    socket.onAny((name) => tell("event", name));
  });
}
