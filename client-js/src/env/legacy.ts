import type { Post } from "./index.ts";

export interface XhrRoot {
  XMLHttpRequest?: typeof XMLHttpRequest;
  ActiveXObject?: new (name: string) => XMLHttpRequest;
}

/** Posts by XMLHttpRequest, or what Internet Explorer 6 has for it. Null if there is neither. */
export function xhrPost(root: XhrRoot): Post | null {
  const Native = root.XMLHttpRequest;
  const ActiveX = root.ActiveXObject;
  if (!Native && !ActiveX) {
    return null;
  }
  return (url, body, options, progress, done) => {
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
      xhr.withCredentials = !!options.withCredentials;
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
