// Texts of the table: strings, or built.

/** `{"repeat": text, "times": n}`, `{"join": [texts]}`, `{"hex": bytes}`. */
export function build(text) {
  return typeof text === "string" ? text : text.hex !== undefined ? Buffer.from(text.hex, "hex") : text.join ? joined(text.join.map(build)) : build(text.repeat).repeat(text.times);
}

function joined(parts) {
  return parts.every((part) => typeof part === "string") ? parts.join("") : Buffer.concat(parts.map((part) => Buffer.from(part)));
}

/** Lines, of which `{"line": text, "times": n}` is many. */
export function lines(list = []) {
  return list.flatMap((one) => (one.line === undefined ? [build(one)] : Array(one.times).fill(build(one.line))));
}
