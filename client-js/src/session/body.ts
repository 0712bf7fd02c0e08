// What the objects of packets say.
import { isInteger } from "../packet.ts";

export type Body = { [key: string]: unknown };

export function numberOf(value: unknown, otherwise?: number): number {
  return isInteger(value) ? value : otherwise || 0;
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
