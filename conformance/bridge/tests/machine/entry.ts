// What the bridge needs of the npm client, bundled into one script.
export { encode, toLine } from "../../../../client-js/src/packet.ts";
export { Session } from "../../../../client-js/src/session.ts";
