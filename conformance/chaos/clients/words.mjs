// How the run and its child processes talk: words in lines to the child, reports in lines of JSON from it.
import { createInterface } from "node:readline";

export const { clients, ports, pause } = JSON.parse(process.argv[2]);

export function tell(report) {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

/** Calls `handlers[word]` for each word; `quit`, or the end of the run, ends the process after its handler. */
export function obey(handlers) {
  const lines = createInterface({ input: process.stdin });
  lines.on("line", async (word) => {
    await handlers[word]?.();
    if (word === "quit") {
      process.exit(0);
    }
  });
  lines.on("close", async () => {
    await handlers.quit?.();
    process.exit(0);
  });
}

/** What a peer is told. Without a transport of its own it has all that are on by default. */
export function settingOf({ name, transport }, url, more = {}) {
  const options = transport === "any" ? more : { transports: [transport], ...more };
  return { name, url, options, pause };
}
