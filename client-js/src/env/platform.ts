import type { Bytes } from "../bytes.ts";
import { fillRandom } from "./random.ts";

/** What every environment of today has, in one way or another. `everwire/legacy` puts its own in the place of what is missing. */
export const platform = {
  _btoa: (chars: string): string => btoa(chars),
  _atob: (text: string): string => atob(text),
  _random: (bytes: Bytes): void => fillRandom(bytes),
};
