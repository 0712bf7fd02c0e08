import { hiddenFrame } from "./frame.ts";
import { lineReader } from "./http.ts";
import type { Done, Io, Transport } from "./index.ts";

let count = 0;

/** For pages that can do nothing else: scripts down, forms up. Only used when it is named. */
export const jsonp: Transport = {
  name: "jsonp",
  kind: "script",
  enabled: (io) => !!io.env.root.document,
  request(io, request, line, done) {
    if (request.kind === "post") {
      return postForm(io, request.body, () => done(null));
    }
    const stopForm = request.kind === "attach" ? postForm(io, request.body, () => {}) : () => {};
    const query =
      "ticket=" +
      request.ticket +
      (request.kind === "poll" ? "&poll=" + request.poll + "&received=" + request.received + "&consumed=" + request.consumed : "");
    const stopScript = loadScript(io, query, line, done);
    return () => {
      stopForm();
      stopScript();
    };
  },
};

/** The answer to a form is nothing that a page could read: only that it has come. */
function postForm(io: Io, body: string, done: () => void): () => void {
  const document = io.env.root.document as Document;
  const name = "everwire_form_" + ++count;
  let sent = false;
  const frame = hiddenFrame(
    io,
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
  form.action = io.url + "/jsonp";
  form.target = name;
  form.acceptCharset = "utf-8";
  field.name = "d";
  field.value = body;
  form.appendChild(field);
  (frame.element.parentNode as Node).appendChild(form);
  const stop = (): void => {
    // Taking a frame out while it tells that it has loaded upsets some engines.
    io.env.later(frame.remove, 0);
    done = () => {};
  };
  io.env.later(() => {
    sent = true;
    form.submit();
  }, 0);
  return stop;
}

function loadScript(io: Io, query: string, line: (line: string) => void, done: Done): () => void {
  const root = io.env.root as unknown as { [name: string]: unknown };
  const document = io.env.root.document as Document;
  const name = "everwire_" + ++count;
  const script = document.createElement("script");
  const read = lineReader(line);
  let answered = false;
  const stop = (): void => {
    // It may still come, when its element is long gone.
    root[name] = () => {};
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
  root[name] = (text: string) => {
    answered = true;
    read(text);
  };
  script.onload = script.onerror = end;
  (script as unknown as LegacyScript).onreadystatechange = () => {
    if (/loaded|complete/.test((script as unknown as LegacyScript).readyState)) {
      end();
    }
  };
  if (io.options.nonce) {
    script.setAttribute("nonce", io.options.nonce);
  }
  script.src = io.url + "/jsonp?c=" + name + "&" + query;
  document.getElementsByTagName("head")[0]?.appendChild(script);
  return stop;
}

interface LegacyScript {
  readyState: string;
  onreadystatechange: (() => void) | null;
}
