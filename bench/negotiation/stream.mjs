// Numbered events every 10 ms in both directions, while something is done to the way between them. The server's side is
// watched by a client of the same kind that is connected without any proxy: what it says comes down, what it hears went up.
import { until } from "../../client-js/test/browser/wait.mjs";

export const EVERY = 10;
const STEADY = 60;
const QUIET = 1_500;

export class Stream {
  constructor(place, watcher, peer, port) {
    Object.assign(this, { place, watcher, peer, port });
  }

  async open(origin, options, watcherOptions) {
    this.theirs = await this.watcher.run((...args) => kit.open(...args), this.peer, `http://127.0.0.1:${this.port}`, watcherOptions);
    await this.watcher.until("the watcher", (id) => kit.look(id).at.connect !== undefined, [this.theirs]);
    this.mine = await this.place.run((...args) => kit.open(...args), this.peer, origin, options);
    await this.place.until("connect", (id) => kit.look(id).at.connect !== undefined, [this.mine]);
    await this.place.run((id, ms) => kit.talk(id, "up", ms), this.mine, EVERY);
    await this.watcher.run((id, ms) => kit.talk(id, "down", ms), this.theirs, EVERY);
  }

  /** Both directions have flowed for a while, from now on. */
  async steady() {
    const [down, up] = await this.counts();
    await this.flows(down + STEADY, up + STEADY);
  }

  /** So many have come, or the time is over. */
  flows(downs, ups, limit = 30_000) {
    return until("events in both directions", async () => {
      const [down, up] = await this.counts();
      return down >= downs && up >= ups;
    }, limit);
  }

  async counts() {
    return [
      await this.place.run((id) => kit.look(id, "down").heard.length, this.mine),
      await this.watcher.run((id) => kit.look(id, "up").heard.length, this.theirs),
    ];
  }

  /** Until the client is on this transport, another one than before. */
  over(names, limit) {
    return this.place.until(`a move to ${names}`, (id, names) => names.includes(kit.look(id).moves.at(-1)?.[0]), [this.mine, names], limit);
  }

  /** Stops talking, waits for what is still to come, and answers with all of it. */
  async end() {
    await this.place.run((id) => kit.hush(id), this.mine);
    await this.watcher.run((id) => kit.hush(id), this.theirs);
    const looks = async () => [
      await this.place.run((id) => kit.look(id, "down"), this.mine),
      await this.watcher.run((id) => kit.look(id, "up"), this.theirs),
    ];
    let [mine, theirs] = await looks();
    const deadline = Date.now() + QUIET;
    while (Date.now() < deadline && (missing(mine, theirs.sent) > 0 || missing(theirs, mine.sent) > 0)) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      [mine, theirs] = await looks();
    }
    await this.close();
    return {
      moves: mine.moves,
      down: direction(mine.heard, theirs.sent),
      up: direction(theirs.heard, mine.sent),
    };
  }

  async close() {
    await this.place.run((id) => kit.close(id), this.mine);
    await this.watcher.run((id) => kit.close(id), this.theirs);
  }
}

function missing({ heard }, sent) {
  return sent - new Set(heard.map(([number]) => number)).size;
}

function direction(heard, sent) {
  const distinct = new Set(heard.map(([number]) => number));
  return {
    times: heard.map(([, time]) => time),
    // What was said before the other had connected is no loss.
    lost: sent - (heard[0]?.[0] ?? 0) - distinct.size,
    doubled: heard.length - distinct.size,
    disordered: heard.some(([number], at) => at > 0 && number < heard[at - 1][0]),
  };
}

/** The longest time without an event that lies at least partly between two times. */
export function largestGap({ times }, from = -Infinity, to = Infinity) {
  let largest = 0;
  for (let i = 1; i < times.length; i++) {
    if (times[i] >= from && times[i - 1] <= to) {
      largest = Math.max(largest, times[i] - times[i - 1]);
    }
  }
  return largest;
}
