// What a failure means, in words, and what to do about it.

export const TRANSPORTS = [
  { name: "websocket", how: "One connection, both ways. The fastest, where it is let through." },
  { name: "streaming", how: "An endless answer down, requests up." },
  { name: "event_source", how: "The browser's own event stream down, requests up." },
  { name: "long_polling", how: "Requests that wait for news. Works behind almost everything." },
  { name: "forever_iframe", how: "A hidden frame of scripts down, requests up. For old browsers." },
  { name: "jsonp", how: "Script tags down, forms up. For the oldest; off unless a server turns it on." },
];

const LACKING = {
  websocket: () => typeof WebSocket === "undefined" && "WebSocket",
  streaming: () => typeof ReadableStream === "undefined" && "streamed answers",
  event_source: () => typeof EventSource === "undefined" && "EventSource",
};

const BLOCKED = {
  websocket:
    "Something on the way does not let WebSockets through: often a proxy without upgrade support (nginx: proxy_http_version 1.1 and the Upgrade " +
    "and Connection headers), a company filter, an antivirus program or a browser extension.",
  streaming:
    "A proxy probably holds the answer back until it is whole. Turn buffering off for this path (nginx: proxy_buffering off), and compression too.",
  event_source:
    "A proxy probably holds the event stream back, or an extension blocks it. Turn buffering and compression off for this path (nginx: proxy_buffering off).",
  long_polling: "Requests that wait are cut on the way. Let the proxy wait for at least 30 s (nginx: proxy_read_timeout), or lower the server's ping.",
  forever_iframe: "A proxy holds the frame's answer back, or frames are forbidden here by a policy or an extension.",
  jsonp:
    "Scripts or forms to this path are blocked here, by a content security policy or an extension; or the page has the referrer policy no-referrer, " +
    "with which its forms hide where they come from.",
};

/** What this browser lacks for a transport, or a falsy value. */
export function lacking(name) {
  return LACKING[name]?.();
}

/** Why a transport failed. Asks the server whether it offers the transport at all, by a plain request, which it answers in any case. */
export async function explain(name, mount, failure) {
  const missing = lacking(name);
  if (missing) {
    return `This browser has no ${missing}. Others do; nothing is wrong with the network.`;
  }
  if (failure.stage !== "open") {
    return `It opened, but ${failure.message}. ${BLOCKED[name]}`;
  }
  const offered = await offer(name, mount);
  if (offered === "unreachable") {
    return "The server cannot be reached at all at the moment. Is it still running, and is this machine online?";
  }
  if (offered === "transport") {
    return "The server has this transport turned off. Whoever runs it can turn it on in Config::transports.";
  }
  if (offered === "origin") {
    return "The server does not let pages of this origin in. Whoever runs it can allow them in Config::origins.";
  }
  return `The server offers it, but ${failure.message}. ${BLOCKED[name]}`;
}

/** The code that the server answers with, or `unreachable`. */
async function offer(name, mount) {
  try {
    const answer = await fetch(`${mount}/${name}`, { cache: "no-store" });
    const body = await answer.json().catch(() => null);
    return typeof body?.error === "string" ? body.error : "offered";
  } catch {
    return "unreachable";
  }
}
