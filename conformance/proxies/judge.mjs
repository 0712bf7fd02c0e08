// What a session behind a proxy should have seen.

/** The name of the run that may use every transport. */
export const FREE = "all";

/** How long the client waits for a transport that says nothing, and how much longer its machine may be busy. */
const PATIENCE_MS = 5_000;
const BUSY_MS = 8_000;

export function canCarry(config, name) {
  return config.works.includes(name) || (name === FREE && config.works.length > 0);
}

/** What the proxy made of the connection, which was not expected; or null. */
export function judgePath(config, name, { first, log, over, stage, error }) {
  const happened = (event) => log.some((entry) => entry[1] === event);
  if (config.refused) {
    return log.some(([, event, code]) => event === "connect_error" && code === "origin") ? null : "not refused";
  }
  if (!canCarry(config, name)) {
    return happened("connect_error") || happened("suspended") ? null : "it works, and was not expected to";
  }
  if (first !== "connect" || stage !== "done") {
    return `ended in stage ${stage}: ${error ?? first}`;
  }
  const expected = name === FREE ? config.free ?? over : name;
  if (over !== expected) {
    return `it is over ${over}`;
  }
  const [connectedMs] = log.find(([, event]) => event === "connect");
  if (name === FREE && connectedMs > (config.silent ?? 0) * PATIENCE_MS + BUSY_MS) {
    return `connected after ${connectedMs} ms`;
  }
  return !config.cuts && happened("suspended") ? "its carrier did not last" : null;
}

/** What was lost, doubled, changed or out of order: never right, whatever the path. Or null. */
export function judgeDelivery({ log, rounds }) {
  const wrong = rounds.flatMap((round) => Object.keys(round).filter((part) => round[part] !== true));
  if (wrong.length > 0) {
    return `not right: ${wrong}`;
  }
  const events = log.map(([, event]) => event);
  const lasted = !events.includes("disconnect") && events.filter((event) => event === "connect").length <= 1;
  return lasted || rounds.length === 0 ? null : "the session did not last";
}
