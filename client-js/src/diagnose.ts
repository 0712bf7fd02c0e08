// What works from here, transport by transport: apart from `connect`, so that who does not use it does not load it.
import { resolve } from "./client.ts";
import { environment } from "./env/index.ts";
import type { Options, TransportName } from "./options.ts";
import { trial, type Report } from "./trial.ts";
import { transports, type Io, type Transport } from "./transports/index.ts";

/** One row: `why` is empty if it works; else `unavailable` (not in this environment), `failed`, `silent`, `mute`, `buffered`, `crowded`, or a code. */
export interface Diagnosis extends Report {
  transport: TransportName;
}

/**
 * Tries each transport alone, those of `options.transports` or all, one after the other.
 *
 * ```js
 * console.table(await diagnose("https://example.com/everwire"));
 * ```
 */
export function diagnose(url?: string, options?: Options): Promise<Diagnosis[]> {
  const given = options || {};
  const env = environment(given);
  const io: Io = { env, url: resolve(url || "", given.path || "/everwire", env), options: given };
  const rows: Diagnosis[] = [];
  return new Promise((done) => {
    const next = (at: number): void => {
      const transport = transports[at] as Transport;
      const names = given.transports;
      if (!transport) {
        done(rows);
      } else if (names && names.indexOf(transport.name) < 0) {
        next(at + 1);
      } else {
        examine(io, transport, (report) => {
          rows.push({ transport: transport.name, ...report });
          next(at + 1);
        });
      }
    };
    next(0);
  });
}

function examine(io: Io, transport: Transport, done: (report: Report) => void): void {
  if (transport.enabled(io)) {
    trial(io, transport, done);
  } else {
    done({ ok: false, code: "no_transport", why: "unavailable", openMs: null, rttMs: null });
  }
}
