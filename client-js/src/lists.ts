// What ES3 has no methods for. Lists are never changed in place, so one may be gone through while it changes.

export function find<T>(list: T[], fits: (item: T) => unknown): T | undefined {
  for (const item of list) {
    if (fits(item)) {
      return item;
    }
  }
  return undefined;
}

export function without<T>(list: T[], item: T | undefined): T[] {
  const rest: T[] = [];
  for (const one of list) {
    if (one !== item) {
      rest.push(one);
    }
  }
  return rest;
}
