import { binaryForm } from "../binary.ts";
import type { BinaryForm } from "../options.ts";

export type { BinaryForm } from "../options.ts";

/** For `everwire/core`: `connect(url, { transports: [websocket], binary })`. */
export const binary = binaryForm as unknown as BinaryForm;
