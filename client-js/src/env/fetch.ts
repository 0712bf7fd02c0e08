import { root } from "./index.ts";
import type { Post } from "./post.ts";

/** Posts by fetch. */
export const fetchPost: Post = (url, body, options, progress, done) => {
  // Not as a method of something: browsers refuse that.
  const run = (options.fetch || root.fetch) as typeof fetch;
  const abort = root.AbortController && new root.AbortController();
  let over = false;
  const finish = (status: number, text: string): void => {
    if (!over) {
      over = true;
      done(status, text);
    }
  };
  const fail = (): void => finish(0, "");
  run(url, {
    method: "POST",
    body,
    credentials: options.withCredentials ? "include" : "same-origin",
    headers: options.extraHeaders || {},
    signal: abort ? abort.signal : null,
  }).then((response) => {
    const { status } = response;
    if (progress && status === 200) {
      const reader = (response.body as NonNullable<Response["body"]>).getReader();
      const decoder = new TextDecoder();
      const follow = (): void => {
        reader.read().then(({ done: last, value }) => {
          if (last) {
            finish(200, "");
          } else if (!over) {
            progress(decoder.decode(value, { stream: true }));
            follow();
          }
        }, fail);
      };
      follow();
    } else {
      response.text().then((text) => finish(status, text), fail);
    }
  }, fail);
  return () => {
    over = true;
    if (abort) {
      abort.abort();
    }
  };
};
