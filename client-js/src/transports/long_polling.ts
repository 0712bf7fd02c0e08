import { POLL } from "../session/state.ts";
import { httpTransport } from "./http.ts";

export const long_polling = /* @__PURE__ */ httpTransport("long_polling", POLL, () => true);
