import type { Root } from "./index.ts";

/** Tells when the page is left for good, and when there is reason to look after a lost connection at once. */
export function watchPage(root: Root, leave: () => void, wake: () => void): () => void {
  const add = root.addEventListener;
  if (!add || !root.document) {
    return () => {};
  }
  const document = root.document;
  const hide = (event: Event): void => {
    // A page that is only stored away may come back, and resume.
    if (!(event as PageTransitionEvent).persisted) {
      leave();
    }
  };
  const seen = (): void => {
    if (!document.hidden) {
      wake();
    }
  };
  add.call(root, "pagehide", hide);
  add.call(root, "pageshow", wake);
  add.call(root, "online", wake);
  document.addEventListener("visibilitychange", seen);
  return () => {
    const remove = root.removeEventListener as Window["removeEventListener"];
    remove.call(root, "pagehide", hide);
    remove.call(root, "pageshow", wake);
    remove.call(root, "online", wake);
    document.removeEventListener("visibilitychange", seen);
  };
}
