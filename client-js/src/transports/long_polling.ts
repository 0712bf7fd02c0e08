import { postLines } from "./http.ts";
import type { Transport } from "./index.ts";

export const longPolling: Transport = {
  name: "long_polling",
  kind: "poll",
  enabled: (io) => !!io.env.post,
  request: (io, request, line, done) => postLines(io, "/long_polling", request.body, false, line, done),
};
