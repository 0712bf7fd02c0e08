import { without } from "./lists.ts";

/** A function whose parameters the caller knows better than we do. */
export type Handler = { bivariant(...args: unknown[]): unknown }["bivariant"];

/** The name of an event, or `ANY`. */
type Place = string | null;

interface Entry {
  _place: Place;
  _run: Handler;
  _once: boolean | undefined;
}

export interface Emitter {
  _on(place: Place, run: Handler, once?: boolean): void;
  /** Without `run`: all of that name; without a name: all but those for any. */
  _off(place?: Place, run?: Handler): void;
  /** Calls them all, whatever any of them throws; `thrown` is told. Says how many there were. */
  _fire(place: Place, args: unknown[], thrown: (error: unknown) => void): number;
}

/** The place of handlers for any event: no event has this name. */
export const ANY = null;

/** Handlers in their order. The list is never changed in place, so a handler may add and remove any while it runs. */
export function createEmitter(): Emitter {
  let entries: Entry[] = [];
  return {
    _on(place, run, once) {
      entries = entries.concat({ _place: place, _run: run, _once: once });
    },
    _off(place, run) {
      for (const entry of entries) {
        if ((place === undefined ? entry._place !== ANY : entry._place === place) && (!run || entry._run === run)) {
          entries = without(entries, entry);
        }
      }
    },
    _fire(place, args, thrown) {
      let count = 0;
      for (const entry of entries) {
        if (entry._place === place) {
          count++;
          if (entry._once) {
            entries = without(entries, entry);
          }
          try {
            entry._run.apply(undefined, args);
          } catch (error) {
            thrown(error);
          }
        }
      }
      return count;
    },
  };
}
