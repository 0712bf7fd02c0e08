// What ES3 has no methods for. Lists are never changed in place, so one may be gone through while it changes.

export function filter<T>(list: T[], fits: (item: T) => unknown): T[] {
  const found: T[] = [];
  for (const item of list) {
    if (fits(item)) {
      found.push(item);
    }
  }
  return found;
}

export function find<T>(list: T[], fits: (item: T) => unknown): T | undefined {
  return filter(list, fits)[0];
}

export function without<T>(list: T[], item: T | undefined): T[] {
  return filter(list, (one) => one !== item);
}
