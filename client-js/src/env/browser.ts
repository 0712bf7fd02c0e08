import { root } from "./index.ts";

/** Tells when the page is left, for good or `stored` by the browser, and when to look after the connection at once: `surely` if it has most likely gone. */
export function watchPage(leave: (stored: boolean) => void, wake: (surely: boolean) => void): () => void {
  const { document } = root;
  const hear = ({ type, persisted }: PageTransitionEvent): void => {
    if (type === "pagehide") {
      leave(persisted);
    } else if (type === "visibilitychange" ? !(document as Document).hidden : type !== "pageshow" || persisted) {
      wake(type !== "visibilitychange");
    }
  };
  const each = (method: "addEventListener" | "removeEventListener"): void => {
    if (document && root.addEventListener) {
      for (const type of ["pagehide", "pageshow", "online"]) {
        (root as Window)[method](type, hear as EventListener);
      }
      // Chromium freezes pages that are hidden.
      for (const type of ["visibilitychange", "resume"]) {
        document[method](type, hear as EventListener);
      }
    }
  };
  each("addEventListener");
  return () => each("removeEventListener");
}

/** What lasts from one visit to the next. */
export interface Store {
  get(key: string): string | null | undefined;
  set(key: string, value: string): void;
}

const kept: { [key: string]: string } = {};

/** A page's storage, which may be full or forbidden; elsewhere, and then, what lasts as long as the process. */
export const storage: Store = {
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
