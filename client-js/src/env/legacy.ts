// What engines of the past have, and lack.
import { failure } from "../errors.ts";
import type { AnyOptions } from "../options.ts";
import { fetchPost } from "./fetch.ts";
import { root, wall, type Root } from "./index.ts";
import { platform } from "./platform.ts";
import { MAX_ANSWER, type Post } from "./post.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

interface XDomainRequest {
  responseText: string;
  onload: () => void;
  onerror: () => void;
  ontimeout: () => void;
  onprogress: () => void;
  open(method: string, url: string): void;
  send(body: string): void;
  abort(): void;
}

type OldRoot = Root & {
  XDomainRequest?: new () => XDomainRequest;
  ActiveXObject?: new (name: string) => XMLHttpRequest;
  crypto?: { getRandomValues?: unknown };
  btoa?: unknown;
};

/** Internet Explorer before 10 has neither base64 nor random bits; before 2012 hardly anybody had those. */
export function mend(): void {
  const old = root as OldRoot;
  if (typeof JSON === "undefined") {
    throw failure("bad_data", "JSON is missing here: load json2.js before Everwire");
  }
  platform._locate = locate;
  if (!old.btoa) {
    platform._btoa = encodeBase64;
    platform._atob = decodeBase64;
  }
  if (!old.crypto || !old.crypto.getRandomValues) {
    // What is drawn here is good for seconds only.
    platform._random = () => {
      const bytes: number[] = [];
      while (bytes.length < 16) {
        bytes.push(Math.floor(Math.random() * 256));
      }
      return bytes;
    };
  }
  if (!old.performance || !old.performance.now) {
    platform._now = wall;
  }
  if (!old.Promise) {
    platform._soon = (run) => void setTimeout(run, 0);
    platform._promise = (run, done, fail, then) => {
      let open = true;
      const once = (end: (value: unknown) => void) => (value: unknown): void => {
        if (open) {
          open = false;
          try {
            end(value);
          } catch (error) {
            fail(error);
          }
          if (then) {
            then();
          }
        }
      };
      try {
        run(once(done));
      } catch (error) {
        once(fail)(error);
      }
    };
  }
}

/** The parts of a URL, what it lacks from the page. */
function locate(url: string): { protocol: string; host: string; pathname: string } {
  const parts = /^(\w+:)?(?:\/\/([^/?#]+))?([^?#]*)/.exec(url) as RegExpExecArray;
  const page = root.location;
  const protocol = parts[1] || (page && page.protocol) || "http:";
  const host = parts[2] || (page && page.host);
  if (!host) {
    throw failure("bad_data", "the URL needs a host here: " + url);
  }
  return { protocol, host, pathname: (parts[3] as string).replace(/^([^/])/, "/$1") };
}

/** By fetch, XMLHttpRequest, or what Internet Explorer 6 has for it. Null if there is none of them. */
export function legacyPost(options: AnyOptions): Post | null {
  const old = root as OldRoot;
  if (usesFetch(options)) {
    return fetchPost;
  }
  return old.XMLHttpRequest || old.ActiveXObject ? xhrPost : null;
}

/** XMLHttpRequest shows a growing answer since it knows other origins. */
export function legacyStreams(options: AnyOptions): boolean {
  return usesFetch(options)
    ? !!root.ReadableStream && !!root.TextDecoder
    : !!root.XMLHttpRequest && "withCredentials" in new root.XMLHttpRequest();
}

/** A fetch that cannot be aborted (Chrome before 66) is worse than XMLHttpRequest; its streams are held back, too. */
function usesFetch(options: AnyOptions): boolean {
  return !!options.fetch || (!!root.fetch && (!!root.AbortController || !root.XMLHttpRequest));
}

const xhrPost: Post = (url, body, options, progress, done) => {
  const old = root as OldRoot;
  try {
    const Foreign = isOwn(url) ? undefined : old.XDomainRequest;
    if (Foreign) {
      return xdrPost(new Foreign(), url, body, done);
    }
    const ActiveX = old.ActiveXObject as NonNullable<OldRoot["ActiveXObject"]>;
    return send(root.XMLHttpRequest ? new root.XMLHttpRequest() : new ActiveX("Microsoft.XMLHTTP"), url, body, options, progress, done);
  } catch (_) {
    // Another origin or scheme, where that is not allowed; or a class that is only there to be seen.
    setTimeout(() => done(0, ""), 0);
    return () => {};
  }
};

function send(
  xhr: XMLHttpRequest,
  url: string,
  body: string,
  options: AnyOptions,
  progress: ((text: string) => void) | null,
  done: (status: number, text: string) => void,
): () => void {
  let seen = 0;
  let over = false;
  xhr.onreadystatechange = () => {
    if (over || xhr.readyState < 3) {
      return;
    }
    let status = 0;
    let text = "";
    try {
      // Internet Explorer throws on both before the end.
      status = xhr.status;
      text = xhr.responseText;
    } catch (_) {}
    if (text.length > MAX_ANSWER) {
      over = true;
      xhr.abort();
      done(0, "");
      return;
    }
    if (progress && status === 200 && text.length > seen) {
      const from = seen;
      seen = text.length;
      progress(text.slice(from));
    }
    if (xhr.readyState === 4) {
      over = true;
      done(status, text.slice(seen));
    }
  };
  xhr.open("POST", url, true);
  // What ActiveX makes takes no properties of ours.
  if (options.withCredentials) {
    xhr.withCredentials = true;
  }
  for (const name in options.extraHeaders) {
    xhr.setRequestHeader(name, options.extraHeaders[name] as string);
  }
  xhr.setRequestHeader("Content-Type", "text/plain;charset=UTF-8");
  xhr.send(body);
  return () => {
    over = true;
    xhr.abort();
  };
}

/** Internet Explorer 8 and 9 have a class of its own for other origins: no cookies, no headers, no status, and only to the page's own scheme. */
function xdrPost(xdr: XDomainRequest, url: string, body: string, done: (status: number, text: string) => void): () => void {
  let over = false;
  const finish = (status: number, text: string): void => {
    if (!over) {
      over = true;
      done(status, text);
    }
  };
  xdr.onload = () => {
    const text = xdr.responseText;
    // Without a status, a refusal comes as a packet.
    const refused = text.charAt(0) === "r";
    finish(refused ? 400 : 200, refused ? text.slice(1) : text);
  };
  xdr.onerror = xdr.ontimeout = () => finish(0, "");
  // Internet Explorer 9 gives up requests at will where this is not set.
  xdr.onprogress = () => {};
  xdr.open("POST", url + "?status=200");
  xdr.send(body);
  return () => {
    over = true;
    xdr.abort();
  };
}

function isOwn(url: string): boolean {
  const page = root.location;
  return !page || url.indexOf(page.protocol + "//" + page.host + "/") === 0;
}

function encodeBase64(chars: string): string {
  let out = "";
  for (let i = 0; i < chars.length; i += 3) {
    const left = chars.length - i;
    const bits = (chars.charCodeAt(i) << 16) | ((chars.charCodeAt(i + 1) || 0) << 8) | (chars.charCodeAt(i + 2) || 0);
    out +=
      ALPHABET.charAt(bits >> 18) +
      ALPHABET.charAt((bits >> 12) & 63) +
      (left > 1 ? ALPHABET.charAt((bits >> 6) & 63) : "=") +
      (left > 2 ? ALPHABET.charAt(bits & 63) : "=");
  }
  return out;
}

/** Of what is not base64 it makes something that is written otherwise, which shows. */
function decodeBase64(text: string): string {
  let chars = "";
  let bits = 0;
  let held = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = ALPHABET.indexOf(text.charAt(i));
    if (digit >= 0) {
      bits = ((bits << 6) | digit) & 0xfff;
      held += 6;
      if (held >= 8) {
        held -= 8;
        chars += String.fromCharCode((bits >> held) & 255);
      }
    }
  }
  return chars;
}

