import type { Root } from "./index.ts";

/** Tells when the page is left, for good or `stored` by the browser, and when to look after the connection at once: `surely` if it has most likely gone. */
export function watchPage(root: Root, leave: (stored: boolean) => void, wake: (surely: boolean) => void): () => void {
  const add = root.addEventListener;
  if (!add || !root.document) {
    return () => {};
  }
  const document = root.document;
  const hide = (event: Event): void => leave(!!(event as PageTransitionEvent).persisted);
  const seen = (): void => {
    if (!document.hidden) {
      wake(false);
    }
  };
  const back = (event: Event): void => {
    if ((event as PageTransitionEvent).persisted) {
      wake(true);
    }
  };
  const online = (): void => wake(true);
  add.call(root, "pagehide", hide);
  add.call(root, "pageshow", back);
  add.call(root, "online", online);
  document.addEventListener("visibilitychange", seen);
  // Chromium freezes pages that are hidden.
  document.addEventListener("resume", online);
  return () => {
    const remove = root.removeEventListener as Window["removeEventListener"];
    remove.call(root, "pagehide", hide);
    remove.call(root, "pageshow", back);
    remove.call(root, "online", online);
    document.removeEventListener("visibilitychange", seen);
    document.removeEventListener("resume", online);
  };
}

/** What lasts from one visit to the next. */
export interface Store {
  get(key: string): string | null | undefined;
  set(key: string, value: string): void;
}

/** A page's storage, which may be full or forbidden; elsewhere, and then, what lasts as long as the process. */
export function storage(root: Root): Store {
  return {
    get(key) {
      try {
        return (root.document && (root.localStorage as Storage).getItem(key)) || kept[key];
      } catch (_) {
        return kept[key];
      }
    },
    set(key, value) {
      kept[key] = value;
      try {
        if (root.document) {
          (root.localStorage as Storage).setItem(key, value);
        }
      } catch (_) {}
    },
  };
}

const kept: { [key: string]: string } = {};
