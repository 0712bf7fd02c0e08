// What the checks use inside the page. `installPageKit` is sent there as text, so it refers to nothing outside.

export function installPageKit() {
  const localEvents = ["connect", "connect_error", "disconnect", "suspended", "resumed", "transport", "error"];

  // An Error's own fields are not enumerable: name those that the checks look at.
  function plain(detail) {
    return detail instanceof Error ? { ...detail, message: detail.message, code: detail.code } : detail;
  }

  // One connection: its socket, its local events in order, and the arguments of each awaited server event.
  function open(url, options, names = []) {
    const line = { socket: window.everwire.connect(url, options), log: [], received: {} };
    for (const name of localEvents) {
      line.socket.on(name, (detail) => line.log.push([name, plain(detail)]));
    }
    for (const name of names) {
      line.received[name] = [];
      line.socket.on(name, (...args) => line.received[name].push(args));
    }
    return line;
  }

  // Values with their binary written out, so that two of them can be compared as text. A type is part of it.
  function picture(value) {
    return JSON.stringify(value, (_, part) => {
      if (ArrayBuffer.isView(part)) {
        return `${part.constructor.name} ${Array.from(part).join(" ")}`;
      }
      return part instanceof ArrayBuffer ? "ArrayBuffer" : part;
    });
  }

  function numbers(count) {
    return Array.from({ length: count }, (_, index) => index);
  }

  window.kit = { open, picture, numbers, line: null };
}
