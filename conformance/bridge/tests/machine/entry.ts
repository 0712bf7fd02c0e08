// What the bridge needs of the npm client, bundled into one script.
import { mend } from "../../../../client-js/src/env/legacy.ts";

export { encode, toLine } from "../../../../client-js/src/packet.ts";
export { Session } from "../../../../client-js/test/machine.ts";

// The engine has no base64 of its own.
mend();
