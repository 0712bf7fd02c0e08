import { lineReader, postLines } from "./http.ts";
import { hiddenFrame } from "./frame.ts";
import type { Transport } from "./index.ts";

/** How long what a frame has posted may be under way when its document is at its end. */
const LAST_MESSAGES = 100;

export const foreverIframe: Transport = {
  name: "forever_iframe",
  kind: "stream",
  enabled: (io) => !!io.env.post && !!io.env.root.document && !!io.env.root.postMessage && !!io.env.root.addEventListener,
  request: (io, request, line, done) =>
    postLines(io, request.kind === "attach" ? "/forever_iframe" : "/send", request.body, false, line, done),
  stream(io, ticket, line, closed) {
    const root = io.env.root;
    const page = root.location as Location;
    const read = lineReader(line);
    const server = (/^https?:\/\/[^/]+/.exec(io.url) as RegExpExecArray)[0].toLowerCase();
    const listen = (event: MessageEvent): void => {
      const data = event.data as { everwire?: unknown; data?: unknown } | null;
      if (event.source !== frame.element.contentWindow || event.origin !== server || !data || data.everwire !== ticket) {
        return;
      }
      if (typeof data.data === "string") {
        read(data.data + "\n");
      } else {
        end();
      }
    };
    const close = (): void => {
      (root.removeEventListener as Window["removeEventListener"]).call(root, "message", listen as EventListener);
      frame.remove();
      closed = () => {};
    };
    const end = (): void => {
      const tell = closed;
      close();
      tell();
    };
    const origin = encodeURIComponent(page.protocol + "//" + page.host);
    (root.addEventListener as Window["addEventListener"]).call(root, "message", listen as EventListener);
    const frame = hiddenFrame(io, io.url + "/forever_iframe?ticket=" + ticket + "&origin=" + origin, () => {
      io.env.later(end, LAST_MESSAGES);
    });
    return close;
  },
};
