// Tries one transport alone, with a session of its own that belongs to nobody: it opens, asks, and closes.
import { createDriver } from "./driver.ts";
import { later } from "./env/index.ts";
import { encode } from "./packet.ts";
import { messageOf } from "./session/halves.ts";
import type { Session } from "./session/state.ts";
import type { Io, Transport } from "./transports/transport.ts";

/** In all. */
const TIME = 8000;

/** `done` is told null when an event and its answer have gone over it, else the code of what has failed; `opened`, when the session is open. */
export function trial(io: Io, transport: Transport, done: (failed: string | null, session: Session) => void, opened?: () => void): () => void {
  let asked = false;
  const stop = (): void => {
    clearTimeout(timer as number);
    driver._close("client_disconnect");
  };
  const finish = (failed: string | null): void => {
    stop();
    done(failed, driver._session);
  };
  const driver = createDriver(
    io,
    [transport],
    { _attempts: 0, _pause: () => 0 },
    {
      _deliver() {
        // That nobody knows the event.
        if (asked) {
          finish(null);
        }
      },
      _proven() {
        if (!asked) {
          asked = true;
          if (opened) {
            opened();
          }
          driver._push(messageOf("/", encode("e", "/", 0, ["trial"]), true));
        }
      },
      _carried() {},
      _sent() {},
      _suspended: finish,
      _failing: finish,
      _ended: finish,
    },
    false,
  );
  const timer = later(() => finish("timeout"), TIME);
  driver._start();
  return stop;
}
