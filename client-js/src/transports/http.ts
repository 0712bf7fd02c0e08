// What transports over HTTP have in common.
import { learn } from "../codes.ts";
import type { Hub } from "../driver.ts";
import { now, root } from "../env/index.ts";
import { fetchPost } from "../env/fetch.ts";
import { MAX_ANSWER, type Post } from "../env/post.ts";
import type { TransportName } from "../options.ts";
import { fromLine } from "../packet.ts";
import type { Attempt } from "../plan.ts";
import { heard, refused } from "../session/down.ts";
import { answer, answered, ask, lastWord, post, welcomed } from "../session/http.ts";
import { ATTACHING, POLL, STREAM, type Request } from "../session/state.ts";
import type { Done, Io, Transport } from "./transport.ts";

type Lines = (line: string) => void;

/** How to stop. */
type Stop = () => void;

/** How requests are made here; null if they cannot be. */
export function posterOf(io: Io): Post | null {
  return io._kit._post ? io._kit._post(io._options) : io._options.fetch || root.fetch ? fetchPost : null;
}

/** Can an answer be read as it grows? */
export function streams(io: Io): boolean {
  return io._kit._streams ? io._kit._streams(io._options) : !!root.ReadableStream && !!root.TextDecoder;
}

/** A transport of one request down, or a stream by ticket, and posts up. */
export function httpTransport(
  name: TransportName,
  kind: number,
  enabled: (io: Io) => unknown,
  progressive?: boolean,
  open?: (io: Io, ticket: string, line: Lines, closed: () => void) => Stop,
): Transport {
  const transport: Transport = {
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
        return (posterOf(io) as Post)(
          io._url + "/" + (first || kind === POLL ? name : "send"),
          request._body,
          io._options,
          first && progressive ? read : null,
          (status, text) => {
            if (status === 200) {
              read(text);
              done(null);
            } else {
              done(status ? refusal(text) : "");
            }
          },
        );
      });
    },
  };
  if (open) {
    transport._stream = (hub, attempt, ticket) => {
      const session = hub._session;
      attempt._aborts.push(
        open(
          hub._io,
          ticket,
          (line) => {
            measure(hub, attempt, line);
            heard(session, now(), attempt, fromLine(line));
            if (!attempt._heard && !attempt._closed) {
              attempt._heard = true;
              hub._proven(attempt);
            }
            hub._drain();
          },
          () => {
            refused(session, attempt, "");
            hub._drain();
          },
        ),
      );
    };
  }
  return transport;
}

/** Makes a request, and tells the session what becomes of it. */
export function track(hub: Hub, attempt: Attempt, request: Request, make: (line: Lines, done: Done) => Stop): void {
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
  request._abort = make(
    (line) => {
      if (crowd && request._kind !== ATTACHING) {
        crowd._answered(attempt);
      }
      // What keeps a stream alive is its own lines.
      if (transport._kind !== STREAM || (request._kind === ATTACHING && !transport._stream)) {
        measure(hub, attempt, line);
      }
      answer(session, now(), request, line);
      hub._drain();
    },
    (code) => {
      if (crowd) {
        crowd._answered(attempt);
      }
      answered(session, now(), request, code);
      hub._drain();
    },
  );
}

/** The answer to the server's `z`. */
export function sayFarewell(hub: Hub, line: string): void {
  const { _io: io } = hub;
  const poster = posterOf(io);
  if (poster) {
    poster(io._url + "/send", lastWord(hub._session, line), io._options, null, () => {});
  }
}

/** Something has come over it. A stream of which much has come is replaced, before the server ends it. */
function measure(hub: Hub, attempt: Attempt, line: string): void {
  hub._heard(attempt);
  attempt._length += line.length;
  // A character is three bytes at most.
  if (attempt._length * 4 > (hub._session._limits["stream"] as number)) {
    attempt._length = 0;
    hub._replace(attempt);
  }
}

/** Cuts what arrives into lines. A line without its end was cut off, padding says nothing: neither is told (protocol.md, 2.3). */
export function lineReader(line: Lines): (text: string) => void {
  let rest = "";
  return (text) => {
    // To cut what has been looked at again with each piece would take its time with long lines.
    const lines = text.indexOf("\n") < 0 ? [] : (rest + text).split("\n");
    rest = lines.length ? (lines.pop() as string) : rest + text;
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
function refusal(text: string): string {
  try {
    const { error, then } = JSON.parse(text) as { error?: unknown; then?: unknown };
    return then ? learn(error, then) : "";
  } catch (_) {
    return "";
  }
}
