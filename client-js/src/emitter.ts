import { find, without } from "./lists.ts";

/** A function whose parameters the caller knows better than we do. */
export type Handler = { bivariant(...args: unknown[]): unknown }["bivariant"];

interface Entry {
  _run: Handler;
  _once: boolean | undefined;
}

export interface Emitter {
  _on(event: string, run: Handler, once?: boolean): void;
  /** Without `run`: all of that name; without a name: all but those for any. */
  _off(event?: string, run?: Handler): void;
  /** Calls them all, whatever any of them throws; `thrown` is told. Says how many there were. */
  _fire(event: string, args: unknown[], thrown: (error: unknown) => void): number;
}

/** The place of handlers for any event. */
export const ANY = "*";

/** The place of handlers of one event: a name like `__proto__` is a name like others. */
export function named(event: string): string {
  return "$" + event;
}

/** Handlers by place. The lists are never changed in place, so a handler may add and remove any while it runs. */
export function createEmitter(): Emitter {
  let lists: { [place: string]: Entry[] } = {};
  const at = (place: string): Entry[] => lists[place] || [];
  return {
    _on(place, run, once) {
      lists[place] = at(place).concat({ _run: run, _once: once });
    },
    _off(place, run) {
      if (!place) {
        lists = { [ANY]: at(ANY) };
      } else {
        lists[place] = run ? without(at(place), find(at(place), (entry) => entry._run === run)) : [];
      }
    },
    _fire(place, args, thrown) {
      const list = at(place);
      for (const entry of list) {
        if (entry._once) {
          lists[place] = without(at(place), entry);
        }
        try {
          entry._run.apply(undefined, args);
        } catch (error) {
          thrown(error);
        }
      }
      return list.length;
    },
  };
}
