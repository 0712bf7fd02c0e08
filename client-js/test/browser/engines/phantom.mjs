// Where the npm packages of PhantomJS keep the engine.
import { chmodSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { firstOf } from "./process.mjs";

const inside = (path) => fileURLToPath(new URL(path, import.meta.url));

export const script = inside("phantom_page.js");

const path = (name) => inside(`node_modules/${name}/bin/linux/x64/phantomjs`);

export function missingPackage(name) {
  if (process.platform !== "linux" || process.arch !== "x64") {
    return "its binary is for Linux on x64";
  }
  return firstOf(path(name)) ? null : `no package ${name}: npm ci --ignore-scripts in client-js/test/browser/engines`;
}

export function binaryOf(name) {
  chmodSync(path(name), 0o755);
  return path(name);
}
