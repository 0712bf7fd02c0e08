import { root } from "./index.ts";
import { MAX_ANSWER, type Post } from "./post.ts";

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
  const stop = (): void => {
    over = true;
    if (abort) {
      abort.abort();
    }
  };
  run(url, {
    method: "POST",
    body,
    credentials: options.withCredentials ? "include" : "same-origin",
    headers: options.extraHeaders || {},
    signal: abort ? abort.signal : null,
  }).then((response) => {
    const { status, body: stream } = response;
    // Where streams are known: what never ends must not be kept for ever.
    if (stream && stream.getReader && root.TextDecoder) {
      const reader = stream.getReader();
      const decoder = new root.TextDecoder();
      let text = "";
      const follow = (): void => {
        reader.read().then(({ done: last, value }) => {
          if (last) {
            finish(status, text);
          } else if (!over) {
            const more = decoder.decode(value, { stream: true });
            if (progress && status === 200) {
              progress(more);
            } else if ((text += more).length > MAX_ANSWER) {
              fail();
              stop();
            }
            follow();
          }
        }, fail);
      };
      follow();
    } else {
      response.text().then((text) => finish(status, text), fail);
    }
  }, fail);
  return stop;
};
