import { postLines } from "./http.ts";
import type { Transport } from "./index.ts";

export const streaming: Transport = {
  name: "streaming",
  kind: "stream",
  enabled: (io) => !!io.env.post && io.env.streams,
  request(io, request, line, done) {
    const attach = request.kind === "attach";
    return postLines(io, attach ? "/streaming" : "/send", request.body, attach, line, done);
  },
};
