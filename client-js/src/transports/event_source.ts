import { root, soon } from "../env/index.ts";
import { STREAM } from "../session/state.ts";
import { httpTransport } from "./http.ts";
import type { Io } from "./transport.ts";

type EventSourceClass = new (url: string, init?: EventSourceInit) => EventSource;

export const event_source = /* @__PURE__ */ httpTransport("event_source", STREAM, classOf, false, (io, ticket, line, closed) => {
  const Class = classOf(io) as EventSourceClass;
  let source: EventSource | undefined;
  const close = (): void => {
    if (source) {
      source.close();
    }
  };
  try {
    source = new Class(io._url + "/event_source?ticket=" + ticket, { withCredentials: !!io._options.withCredentials });
    source.onmessage = (event) => line(event.data as string);
    source.onerror = () => {
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

function classOf(io: Io): EventSourceClass | undefined {
  return (io._options.EventSource || root.EventSource) as EventSourceClass | undefined;
}
