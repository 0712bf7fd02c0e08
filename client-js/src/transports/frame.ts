import { root } from "../env/index.ts";

export interface Frame {
  _element: HTMLIFrameElement;
  _remove(): void;
}

/** A frame that nobody sees. `loaded` is told when its document is at its end, however that came. */
export function hiddenFrame(url: string, loaded: () => void, name?: string): Frame {
  const document = root.document as Document;
  const place = document.createElement("div");
  place.style.display = "none";
  // As HTML, because Internet Explorer before 8 gives no name to a frame made otherwise.
  place.innerHTML = "<iframe" + (name ? ' name="' + name + '"' : "") + "></iframe>";
  const element = place.firstChild as HTMLIFrameElement;
  if (url) {
    element.src = url;
  }
  document.body.appendChild(place);
  const fire = (): void => {
    if (place.parentNode) {
      loaded();
    }
  };
  if (element.addEventListener) {
    element.addEventListener("load", fire);
  } else {
    (element as unknown as { attachEvent(name: string, run: () => void): void }).attachEvent("onload", fire);
  }
  return {
    _element: element,
    _remove() {
      if (place.parentNode) {
        place.parentNode.removeChild(place);
      }
    },
  };
}
