// Examines one transport: opens a session over it alone, and looks at everything that a session promises.
// The script has all transports, the module only those of today.
import "/client/everwire.js";

const { connect } = window.everwire;

export const MOUNT = "/everwire";
const OPEN_MS = 8_000;
const STEP_MS = 8_000;
const EVENTS = 100;
const TRIPS = 5;

/** The figures; throws an error with the `stage` at which it failed. `progress` is told what is done now. */
export async function examine(transport, progress) {
  const seen = watchTraffic();
  performance.clearResourceTimings();
  performance.setResourceTimingBufferSize(2_000);
  const begun = performance.now();
  const socket = connect(MOUNT, {
    transports: [transport],
    namespace: "/doctor",
    multiplex: false,
    fetch: seen.fetch,
    WebSocket: seen.WebSocket,
  });
  try {
    progress("opening");
    await stage("open", OPEN_MS, opened(socket));
    const openMs = performance.now() - begun;
    const flights = seen.flights();
    progress("round trips");
    const tripMs = await stage("round trip", STEP_MS, roundTrip(socket));
    progress("numbered events");
    await stage("events up", STEP_MS, eventsUp(socket));
    await stage("events down", STEP_MS, eventsDown(socket));
    progress("binary");
    await stage("binary", STEP_MS, binary(socket));
    return {
      openMs,
      flights: transport === "jsonp" ? scripts(begun, openMs) : flights,
      handshake: transport === "websocket",
      tripMs,
      requests: requests(begun, seen),
    };
  } finally {
    socket.off().close();
  }
}

/** Waits for a step, but not for ever, and marks its failure. */
async function stage(name, ms, step) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came back within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([step, late]);
  } catch (error) {
    throw Object.assign(new Error(error.message), { stage: name });
  } finally {
    clearTimeout(timer);
  }
}

function opened(socket) {
  return new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", (error) => reject(new Error(`connecting failed (${error.code})`)));
  });
}

async function roundTrip(socket) {
  const times = [];
  for (let trip = 0; trip < TRIPS; trip++) {
    const begun = performance.now();
    const answer = await socket.emitWithAck("echo", trip);
    times.push(performance.now() - begun);
    if (answer !== trip) {
      throw new Error("an answer did not match its question");
    }
  }
  return times.sort((a, b) => a - b)[Math.floor(TRIPS / 2)];
}

async function eventsUp(socket) {
  for (let number = 0; number < EVENTS; number++) {
    socket.emit("up", number);
  }
  const { received, misplaced } = await socket.emitWithAck("report");
  if (received !== EVENTS || misplaced) {
    throw new Error(`${received} of ${EVENTS} events arrived at the server, ${misplaced} out of order`);
  }
}

async function eventsDown(socket) {
  const numbers = [];
  socket.on("number", (number) => numbers.push(number));
  await socket.emitWithAck("down", EVENTS);
  const misplaced = numbers.filter((number, index) => number !== index).length;
  if (numbers.length !== EVENTS || misplaced) {
    throw new Error(`${numbers.length} of ${EVENTS} events arrived here, ${misplaced} out of order`);
  }
}

async function binary(socket) {
  const bytes = Uint8Array.from({ length: 4_096 }, (_, index) => (index * 31) % 256);
  const answer = await socket.emitWithAck("echo", bytes);
  const same = answer instanceof Uint8Array && answer.length === bytes.length && answer.every((byte, at) => byte === bytes[at]);
  if (!same) {
    throw new Error("4 KB of binary came back changed");
  }
}

/** Implementations for the client that count what goes through them. */
function watchTraffic() {
  let flights = 0;
  let up = false;
  let requests = 0;
  const sent = () => (up = true);
  // Several sent before an answer are one flight.
  const answered = () => {
    flights += up ? 1 : 0;
    up = false;
  };
  const countingFetch = async (url, init) => {
    requests++;
    sent();
    const answer = await fetch(url, init);
    answered();
    return answer;
  };
  const CountingWebSocket = function (url) {
    const socket = new WebSocket(url);
    requests++;
    socket.send = (data) => {
      sent();
      WebSocket.prototype.send.call(socket, data);
    };
    socket.addEventListener("message", answered);
    return socket;
  };
  return {
    fetch: typeof fetch === "undefined" ? undefined : countingFetch,
    WebSocket: typeof WebSocket === "undefined" ? undefined : CountingWebSocket,
    flights: () => flights,
    requests: () => requests,
  };
}

function entries(begun) {
  return performance
    .getEntriesByType("resource")
    .filter((entry) => entry.startTime >= begun && entry.name.includes(`${MOUNT}/`));
}

/** Scripts that were answered until the session was open: each waits for the one before. */
function scripts(begun, openMs) {
  return entries(begun).filter((entry) => entry.initiatorType === "script" && entry.responseEnd <= begun + openMs).length;
}

/** What was counted, and what the browser asked for itself: event streams, frames, scripts. */
function requests(begun, seen) {
  const others = entries(begun).filter((entry) => !["fetch", "xmlhttprequest"].includes(entry.initiatorType));
  return seen.requests() + others.length;
}
