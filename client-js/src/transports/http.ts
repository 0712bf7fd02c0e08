import { actionOf } from "../codes.ts";
import type { Done, Io } from "./index.ts";

/** Cuts what arrives into lines. A line without its end was cut off, padding says nothing: neither is told (protocol.md, 2.3). */
export function lineReader(line: (line: string) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() as string;
    for (let i = 0; i < lines.length; i++) {
      const one = lines[i] as string;
      if (one && one.charAt(0) !== " ") {
        line(one);
      }
    }
  };
}

/** One request whose answer is a body of lines. */
export function postLines(
  io: Io,
  path: string,
  body: string,
  progressive: boolean,
  line: (line: string) => void,
  done: Done,
): () => void {
  const read = lineReader(line);
  const post = io.env.post;
  if (!post) {
    throw new Error("no way to make requests");
  }
  return post(io.url + path, body, io.options, progressive ? read : null, (status, text) => {
    if (status === 200) {
      read(text);
      done(null);
    } else {
      done(status ? refusal(text) : "");
    }
  });
}

/** The code of a refusal; `""` if it is anything else, as what a proxy says. */
export function refusal(text: string): string {
  try {
    const code = (JSON.parse(text) as { error?: unknown }).error;
    return typeof code === "string" && actionOf(code) ? code : "";
  } catch (_) {
    return "";
  }
}
