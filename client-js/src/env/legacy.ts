import type { Post } from "./index.ts";

export interface XhrRoot {
  XMLHttpRequest?: typeof XMLHttpRequest;
  ActiveXObject?: new (name: string) => XMLHttpRequest;
  XDomainRequest?: new () => XDomainRequest;
  location?: Location;
}

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

/** Posts by XMLHttpRequest, or what Internet Explorer 6 has for it. Null if there is neither. */
export function xhrPost(root: XhrRoot): Post | null {
  const Native = root.XMLHttpRequest;
  const ActiveX = root.ActiveXObject;
  if (!Native && !ActiveX) {
    return null;
  }
  const foreign = root.XDomainRequest;
  return (url, body, options, progress, done) => {
    if (foreign && !isOwn(url, root.location)) {
      return xdrPost(new foreign(), url, body, done);
    }
    const xhr = Native ? new Native() : new (ActiveX as new (name: string) => XMLHttpRequest)("Microsoft.XMLHTTP");
    let seen = 0;
    let over = false;
    const finish = (status: number, text: string): void => {
      if (!over) {
        over = true;
        done(status, text);
      }
    };
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
      if (progress && status === 200 && text.length > seen) {
        const from = seen;
        seen = text.length;
        progress(text.slice(from));
      }
      if (xhr.readyState === 4) {
        finish(status, text.slice(seen));
      }
    };
    try {
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
    } catch (_) {
      // Another origin, where that is not allowed.
      setTimeout(() => finish(0, ""), 0);
    }
    return () => {
      over = true;
      xhr.abort();
    };
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
  const fail = (): void => finish(0, "");
  xdr.onload = () => {
    const text = xdr.responseText;
    // Without a status, a refusal comes as a packet.
    const refused = text.charAt(0) === "r";
    finish(refused ? 400 : 200, refused ? text.slice(1) : text);
  };
  xdr.onerror = xdr.ontimeout = fail;
  // Internet Explorer 9 gives up requests at will where this is not set.
  xdr.onprogress = () => {};
  try {
    xdr.open("POST", url + "?status=200");
    xdr.send(body);
  } catch (_) {
    // Another scheme.
    setTimeout(fail, 0);
  }
  return () => {
    over = true;
    xdr.abort();
  };
}

function isOwn(url: string, page: Location | undefined): boolean {
  return !page || url.indexOf(page.protocol + "//" + page.host + "/") === 0;
}
