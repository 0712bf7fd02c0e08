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
  const without = (place: string, fits: (entry: Entry) => unknown): void => {
    let found = false;
    const rest: Entry[] = [];
    for (const entry of lists[place] || []) {
      if (found || !fits(entry)) {
        rest.push(entry);
      } else {
        found = true;
      }
    }
    lists[place] = rest;
  };
  return {
    _on(place, run, once) {
      lists[place] = (lists[place] || []).concat({ _run: run, _once: once });
    },
    _off(place, run) {
      if (!place) {
        lists = { [ANY]: lists[ANY] || [] };
      } else if (run) {
        without(place, (entry) => entry._run === run);
      } else {
        lists[place] = [];
      }
    },
    _fire(place, args, thrown) {
      const list = lists[place] || [];
      for (const entry of list) {
        if (entry._once) {
          without(place, (one) => one === entry);
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
