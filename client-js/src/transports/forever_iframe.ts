import { root } from "../env/index.ts";
import { STREAM } from "../session/state.ts";
import { hiddenFrame } from "./frame.ts";
import { httpTransport, lineReader } from "./http.ts";

/** How long what a frame has posted may be under way when its document is at its end. */
const LAST_MESSAGES = 100;

export const forever_iframe = /* @__PURE__ */ httpTransport(
  "forever_iframe",
  STREAM,
  () => root.document && root.postMessage && root.addEventListener,
  false,
  (io, ticket, line, closed) => {
    const page = root.location as Location;
    const window = root as Window;
    const read = lineReader(line);
    const server = (/^https?:\/\/[^/]+/.exec(io._url) as RegExpExecArray)[0].toLowerCase();
    const listen = (event: MessageEvent): void => {
      const data = event.data as { everwire?: unknown; data?: unknown } | null;
      if (event.source !== frame._element.contentWindow || event.origin !== server || !data || data.everwire !== ticket) {
        return;
      }
      if (typeof data.data === "string") {
        read(data.data + "\n");
      } else {
        end();
      }
    };
    const close = (): void => {
      window.removeEventListener("message", listen);
      frame._remove();
      closed = () => {};
    };
    const end = (): void => {
      const tell = closed;
      close();
      tell();
    };
    const origin = encodeURIComponent(page.protocol + "//" + page.host);
    window.addEventListener("message", listen);
    const frame = hiddenFrame(io._url + "/forever_iframe?ticket=" + ticket + "&origin=" + origin, () => {
      setTimeout(end, LAST_MESSAGES);
    });
    return close;
  },
);
