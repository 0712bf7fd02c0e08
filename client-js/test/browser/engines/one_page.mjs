// Engines that are a process for each page: started with its address, ended with it.
import { Process } from "./process.mjs";

/** `command(url)` gives what to start: `[path, arguments, options]`. */
export function onePageEach(command) {
  const open = new Set();
  return {
    async open(url) {
      const child = new Process(...command(url));
      open.add(child);
      return {
        log: () => child.log,
        async close() {
          open.delete(child);
          await child.stop();
        },
      };
    },
    async close() {
      await Promise.all([...open].map((child) => child.stop()));
    },
  };
}
