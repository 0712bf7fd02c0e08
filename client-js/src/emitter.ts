/** A function whose parameters the caller knows better than we do. */
export type Handler = { bivariant(...args: unknown[]): unknown }["bivariant"];

interface Entry {
  run: Handler;
  once: boolean;
}

/** Handlers by name. The lists are never changed in place, so a handler may add and remove any while it runs. */
export class Emitter {
  private lists: { [key: string]: Entry[] } = {};
  private every: Handler[] = [];

  on(event: string, run: Handler, once?: boolean): void {
    const key = keyOf(event);
    this.lists[key] = (this.lists[key] || []).concat({ run, once: !!once });
  }

  /** Without `run`: all of that name; without a name: all. */
  off(event?: string, run?: Handler): void {
    if (event === undefined) {
      this.lists = {};
      return;
    }
    const key = keyOf(event);
    this.lists[key] = run ? without(this.lists[key] || [], (entry) => entry.run === run) : [];
  }

  onAny(run: Handler): void {
    this.every = this.every.concat(run);
  }

  offAny(run?: Handler): void {
    this.every = run ? without(this.every, (one) => one === run) : [];
  }

  /** Calls them all, whatever any of them throws; `thrown` is told. Says whether the event had a handler. */
  fire(event: string, args: unknown[], thrown: (error: unknown) => void, any?: boolean): boolean {
    const list = this.lists[keyOf(event)] || [];
    const every = any ? this.every : [];
    for (let i = 0; i < every.length; i++) {
      attempt(every[i] as Handler, [event].concat(args as string[]), thrown);
    }
    for (let i = 0; i < list.length; i++) {
      const entry = list[i] as Entry;
      if (entry.once) {
        this.lists[keyOf(event)] = without(this.lists[keyOf(event)] || [], (one) => one === entry);
      }
      attempt(entry.run, args, thrown);
    }
    return list.length > 0;
  }
}

/** A name like `__proto__` is a name like others. */
function keyOf(event: string): string {
  return "$" + event;
}

function attempt(run: Handler, args: unknown[], thrown: (error: unknown) => void): void {
  try {
    run.apply(undefined, args);
  } catch (error) {
    thrown(error);
  }
}

/** The list without the first that matches. */
export function without<T>(list: T[], matches: (item: T) => boolean): T[] {
  for (let i = 0; i < list.length; i++) {
    if (matches(list[i] as T)) {
      return list.slice(0, i).concat(list.slice(i + 1));
    }
  }
  return list;
}
