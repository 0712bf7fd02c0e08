// Chrome 64 as headless shell, from the beginning of 2018: fetch without AbortController. Its package is made for
// another kind of machine, and packed with brotli.
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import { Process, firstOf, temporaryFolder } from "./process.mjs";

export const engine = { name: "chrome_64", title: "Chrome 64", year: "2018", every: false, notes: {} };

const packed = fileURLToPath(new URL("node_modules/chrome-64/bin/chromium.br", import.meta.url));

export function missing() {
  if (process.platform !== "linux" || process.arch !== "x64") {
    return "its binary is for Linux on x64";
  }
  return firstOf(packed) ? null : "no package chrome-64: npm ci --ignore-scripts in client-js/test/browser/engines";
}

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
  "about:blank",
];

export async function start() {
  const folder = temporaryFolder();
  const binary = join(folder.path, "headless_shell");
  writeFileSync(binary, brotliDecompressSync(readFileSync(packed)));
  chmodSync(binary, 0o755);
  const child = new Process(binary, [`--user-data-dir=${folder.path}`, ...FLAGS], { env: { FONTCONFIG_PATH: "/etc/fonts" } });
  const close = async () => {
    await child.stop();
    folder.remove();
  };
  try {
    const [, port] = await child.says(/DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)/);
    const ask = (path) => fetch(`http://127.0.0.1:${port}/json/${path}`, { signal: AbortSignal.timeout(10_000) });
    return {
      close,
      async open(url) {
        const { id } = await (await ask(`new?${encodeURIComponent(url)}`)).json();
        return { close: () => ask(`close/${id}`) };
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
