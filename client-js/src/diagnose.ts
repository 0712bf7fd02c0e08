// What works from here, transport by transport: apart from `connect`, so that who does not use it does not load it.
import { createIo } from "./client.ts";
import type { Kit } from "./kit.ts";
import type { AnyOptions, TransportName } from "./options.ts";
import { trial, type Report } from "./trial.ts";
import type { Transport } from "./transports/transport.ts";

/** One row: `why` is empty if it works; else `unavailable` (not in this environment), `failed`, `silent`, `mute`, `buffered`, `crowded`, or a code. */
export interface Diagnosis extends Report {
  /** Which one was tried. */
  transport: TransportName;
}

export function diagnoseBy(kit: Kit, all: Transport[], url?: string, options?: AnyOptions): Promise<Diagnosis[]> {
  const io = createIo(kit, url, options);
  const wanted = kit._choose(io._options.transports || all);
  const rows: Diagnosis[] = [];
  return new Promise((done) => {
    const next = (): void => {
      const transport = wanted[rows.length] as Transport;
      const add = ({ ok, code, why, openMs, rttMs }: Report): void => {
        rows.push({ transport: transport.name, ok, code, why, openMs, rttMs });
        next();
      };
      if (!transport) {
        done(rows);
      } else if (transport._enabled(io)) {
        trial(io, transport, add);
      } else {
        add({ ok: false, code: "no_transport", why: "unavailable", openMs: null, rttMs: null });
      }
    };
    next();
  });
}
