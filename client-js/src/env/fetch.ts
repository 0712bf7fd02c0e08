import type { Post, Root } from "./index.ts";

/** Posts by fetch. */
export function fetchPost(run: typeof fetch, root: Root): Post {
  return (url, body, options, progress, done) => {
    const abort = root.AbortController && new root.AbortController();
    let over = false;
    const finish = (status: number, text: string): void => {
      if (!over) {
        over = true;
        done(status, text);
      }
    };
    const fail = (): void => finish(0, "");
    const init: RequestInit = { method: "POST", body, credentials: options.withCredentials ? "include" : "same-origin" };
    if (options.extraHeaders) {
      init.headers = options.extraHeaders;
    }
    if (abort) {
      init.signal = abort.signal;
    }
    const follow = (reader: ReadableStreamDefaultReader<Uint8Array>, decoder: TextDecoder): void => {
      reader.read().then((chunk) => {
        if (chunk.done) {
          finish(200, "");
        } else if (!over && progress) {
          progress(decoder.decode(chunk.value, { stream: true }));
          follow(reader, decoder);
        }
      }, fail);
    };
    // Not as a method of something: browsers refuse that.
    const answer = run.call(undefined, url, init);
    answer.then((response) => {
      if (progress && response.status === 200 && response.body && root.TextDecoder) {
        follow(response.body.getReader(), new root.TextDecoder());
      } else {
        response.text().then((text) => finish(response.status, text), fail);
      }
    }, fail);
    return () => {
      over = true;
      if (abort) {
        abort.abort();
      }
    };
  };
}
