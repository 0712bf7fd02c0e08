import { postLines } from "./http.ts";
import type { Io, Transport } from "./index.ts";

type EventSourceClass = new (url: string, init?: EventSourceInit) => EventSource;

export const eventSource: Transport = {
  name: "event_source",
  kind: "stream",
  enabled: (io) => !!io.env.post && !!classOf(io),
  request: (io, request, line, done) =>
    postLines(io, request.kind === "attach" ? "/event_source" : "/send", request.body, false, line, done),
  stream(io, ticket, line, closed) {
    let source: EventSource | null = null;
    const close = (): void => {
      if (source) {
        source.close();
        source.onmessage = source.onerror = null;
        source = null;
      }
    };
    try {
      source = new (classOf(io) as EventSourceClass)(io.url + "/event_source?ticket=" + ticket, {
        withCredentials: !!io.options.withCredentials,
      });
    } catch (_) {
      // PhantomJS 1.9 and its like, for another origin.
      io.env.soon(closed);
      return close;
    }
    source.onmessage = (event) => line(event.data as string);
    source.onerror = () => {
      // It would come back by itself, with a ticket that is spent.
      close();
      closed();
    };
    return close;
  },
};

function classOf(io: Io): EventSourceClass | undefined {
  return (io.options.EventSource || io.env.root.EventSource) as EventSourceClass | undefined;
}
