// Browsers open six connections at most to a host that speaks HTTP/1.1, for all their pages together. When streams and hanging
// polls hold them all, what is asked beside them waits for ever, and so does everything else that a page wants of this host.
import type { Env } from "./env/index.ts";
import type { Request } from "./session.ts";

/** An answer takes less than this and four round trips. */
const TIME = 1500;
/** More takes its time to be sent. */
const SMALL = 4096;
/** Later than that, it was this machine that slept. */
const LATE = 1000;

/** Watches what is asked beside one carrier. */
export class Crowd {
  private timer: unknown = null;

  constructor(
    private env: Env,
    private crowded: () => void,
  ) {}

  /** A request is under way that is answered at once. */
  asked(request: Request, rtt: number): void {
    if (this.timer === null && request.body.length < SMALL) {
      this.wait(TIME + 4 * rtt);
    }
  }

  /** An answer has come, or none is wanted any more. */
  answered(): void {
    this.env.cancel(this.timer);
    this.timer = null;
  }

  private wait(time: number): void {
    const env = this.env;
    const due = env.now() + time;
    this.timer = env.later(() => {
      this.timer = null;
      if (env.now() > due + LATE) {
        this.wait(time);
      } else {
        this.crowded();
      }
    }, time);
  }
}
