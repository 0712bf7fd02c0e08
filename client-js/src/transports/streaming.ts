import { STREAM } from "../session/state.ts";
import { httpTransport, streams } from "./http.ts";

export const streaming = /* @__PURE__ */ httpTransport("streaming", STREAM, streams, true);
