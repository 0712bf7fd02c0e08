// What works from here, transport by transport: apart from `connect`, so that who does not use it does not load it.
import { createIo } from "./client.ts";
import { now } from "./env/index.ts";
import type { Kit } from "./kit.ts";
import { CROWDED } from "./negotiation.ts";
import type { AnyOptions, TransportName } from "./options.ts";
import { DUPLEX, STREAM } from "./session/state.ts";
import { trial } from "./trial.ts";
import type { Transport } from "./transports/transport.ts";

/** One row: `why` is empty if it works; else `unavailable` (not in this environment), `failed`, `silent`, `mute`, `died`, `buffered`, `crowded`, or a code. */
export interface Diagnosis {
  /** Which one was tried. */
  transport: TransportName;
  /** An event and its answer have gone over it. */
  ok: boolean;
  /** Of a refusal, or `no_transport`. */
  code: string;
  /** What is wrong, in a word. */
  why: string;
  /** Milliseconds until the session was open; null if it did not come to that. */
  openMs: number | null;
  /** Milliseconds for an event and its answer; null if there was none. */
  rttMs: number | null;
}

export function diagnoseBy(kit: Kit, all: Transport[], url?: string, options?: AnyOptions): Promise<Diagnosis[]> {
  const io = createIo(kit, url, options);
  const wanted = kit._choose(io._options.transports || all);
  const rows: Diagnosis[] = [];
  return new Promise((done) => {
    const next = (): void => {
      const transport = wanted[rows.length];
      if (!transport) {
        done(rows);
        return;
      }
      const row: Diagnosis = { transport: transport.name, ok: false, code: "no_transport", why: "unavailable", openMs: null, rttMs: null };
      const began = now();
      const end = (): void => {
        rows.push(row);
        next();
      };
      if (transport._enabled(io)) {
        trial(
          io,
          transport,
          (failed, session) => {
            if (failed === null) {
              row.ok = true;
              row.code = row.why = "";
              row.rttMs = now() - began - (row.openMs as number);
            } else {
              const opened = row.openMs !== null;
              row.why = causeOf(transport._kind, failed, opened, session._attaches > 0);
              row.code = !opened && row.why === failed ? failed : "no_transport";
            }
            end();
          },
          () => {
            row.openMs = now() - began;
          },
        );
      } else {
        end();
      }
    };
    next();
  });
}

function causeOf(kind: number, code: string, opened: boolean, attached: boolean): string {
  if (code === CROWDED) {
    return code;
  }
  // A stream that comes with its end was held back.
  if (kind === STREAM && (opened || code === "timeout")) {
    return "buffered";
  }
  if (opened) {
    return "died";
  }
  if (code === "timeout") {
    return kind === DUPLEX && attached ? "mute" : "silent";
  }
  return code || "failed";
}
