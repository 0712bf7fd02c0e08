// What the entry for old browsers is made of: everything.
import { binaryForm } from "./binary.ts";
import { legacyPost, legacyStreams } from "./env/legacy.ts";
import type { Kit } from "./kit.ts";
import { modernTransports } from "./modern.ts";
import { named } from "./named.ts";
import { forever_iframe } from "./transports/forever_iframe.ts";
import { sayFarewell } from "./transports/http.ts";
import { jsonp } from "./transports/jsonp.ts";
import { negotiate } from "./upward.ts";
import { watch } from "./watch.ts";

const usual = /* @__PURE__ */ modernTransports.concat(forever_iframe);

export const legacyTransports = /* @__PURE__ */ usual.concat(jsonp);

export const legacy: Kit = {
  _choose: (wanted = usual) => named(legacyTransports, wanted),
  _plan: negotiate,
  _binary: binaryForm,
  _watch: watch,
  _farewell: sayFarewell,
  _post: legacyPost,
  _streams: legacyStreams,
};
