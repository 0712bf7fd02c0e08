// What the default entry is made of.
import { binaryForm } from "./binary.ts";
import type { Kit } from "./kit.ts";
import { named } from "./named.ts";
import { event_source } from "./transports/event_source.ts";
import { sayFarewell } from "./transports/http.ts";
import { long_polling } from "./transports/long_polling.ts";
import { streaming } from "./transports/streaming.ts";
import type { Transport } from "./transports/transport.ts";
import { websocket } from "./transports/websocket.ts";
import { negotiate } from "./upward.ts";
import { watch } from "./watch.ts";

/** In order of preference. */
export const modernTransports: Transport[] = [websocket, streaming, event_source, long_polling];

export const modern: Kit = {
  _choose: (wanted = modernTransports) => named(modernTransports, wanted),
  _plan: negotiate,
  _binary: binaryForm,
  _watch: watch,
  _farewell: sayFarewell,
};
