import { root } from "../env/index.ts";
import { ask, post, welcomed } from "../session/http.ts";
import { ATTACHING, POLLING, POSTING, SCRIPT } from "../session/state.ts";
import { hiddenFrame } from "./frame.ts";
import { lineReader, track } from "./http.ts";
import type { Done, Io, Transport } from "./transport.ts";

let count = 0;

/** For pages that can do nothing else: scripts down, forms up. Only used when it is named. */
export const jsonp: Transport = {
  name: "jsonp",
  _kind: SCRIPT,
  _attach: ask,
  _flush: post,
  _welcomed: welcomed,
  _enabled: () => !!root.document,
  _request(hub, attempt, request) {
    track(hub, attempt, request, (line, done) => {
      const { _kind: kind, _body: body } = request;
      if (kind === POSTING) {
        return postForm(hub._io, body, () => done(null));
      }
      const stopForm = kind === ATTACHING ? postForm(hub._io, body, () => {}) : () => {};
      const { _received: received, _consumed: consumed } = hub._session;
      const counts = "&poll=" + request._carrier._polls + "&received=" + received + "&consumed=" + consumed;
      const stopScript = loadScript(hub._io, "ticket=" + request._ticket + (kind === POLLING ? counts : ""), line, done);
      return () => {
        stopForm();
        stopScript();
      };
    });
  },
};

/** The answer to a form is nothing that a page could read: only that it has come. */
function postForm(io: Io, body: string, done: () => void): () => void {
  const document = root.document as Document;
  const name = "everwire_form_" + ++count;
  let sent = false;
  const frame = hiddenFrame(
    "",
    () => {
      // A frame loads once when it is made, too.
      if (sent) {
        stop();
        done();
      }
    },
    name,
  );
  const form = document.createElement("form");
  const field = document.createElement("textarea");
  form.method = "POST";
  form.action = io._url + "/jsonp";
  form.target = name;
  form.acceptCharset = "utf-8";
  field.name = "d";
  field.value = body;
  form.appendChild(field);
  (frame._element.parentNode as Node).appendChild(form);
  const stop = (): void => {
    // Taking a frame out while it tells that it has loaded upsets some engines.
    setTimeout(frame._remove, 0);
    done = () => {};
  };
  setTimeout(() => {
    sent = true;
    form.submit();
  }, 0);
  return stop;
}

function loadScript(io: Io, query: string, line: (line: string) => void, done: Done): () => void {
  const global = root as unknown as { [name: string]: unknown };
  const document = root.document as Document;
  const name = "everwire_" + ++count;
  const script = document.createElement("script");
  const read = lineReader(line);
  let answered = false;
  const stop = (): void => {
    // It may still come, when its element is long gone.
    global[name] = () => {};
    script.onload = script.onerror = null;
    (script as unknown as LegacyScript).onreadystatechange = null;
    if (script.parentNode) {
      script.parentNode.removeChild(script);
    }
  };
  const end = (): void => {
    stop();
    done(answered ? null : "");
  };
  global[name] = (text: string) => {
    answered = true;
    read(text);
  };
  script.onload = script.onerror = end;
  (script as unknown as LegacyScript).onreadystatechange = () => {
    if (/loaded|complete/.test((script as unknown as LegacyScript).readyState)) {
      end();
    }
  };
  if (io._options.nonce) {
    script.setAttribute("nonce", io._options.nonce);
  }
  script.src = io._url + "/jsonp?c=" + name + "&" + query;
  (document.getElementsByTagName("head")[0] as Node).appendChild(script);
  return stop;
}

interface LegacyScript {
  readyState: string;
  onreadystatechange: (() => void) | null;
}
