// What the npm client reads in a packet, in words that can be compared.
import { binaryForm } from "../../../../client-js/src/binary.ts";
import { parse, withBinary } from "../../../../client-js/src/packet.ts";

withBinary(binaryForm);

/** Type, namespace, id and body; or the code of what is wrong with it. */
export function decoded(data: string | Uint8Array): string {
  const packet = parse(data);
  if (typeof packet === "string") {
    return packet;
  }
  const body = typeof data === "string" ? packet._body : null;
  return JSON.stringify([packet._type, packet._namespace, packet._id, body === undefined ? "" : body]);
}

/** JSON text as this engine writes it. */
export function rewritten(text: string): string {
  return text ? JSON.stringify(JSON.parse(text)) : '""';
}
