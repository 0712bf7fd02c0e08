// npm run size: what a visitor downloads. Over `budget` warns, over `limit` fails (package.json, "sizes", bytes
// after gzip -9).
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { distDir, root } from "./bundle.mjs";

const { sizes } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
console.log(row("file", "bytes", "gzip", "budget", "limit", ""));
for (const [name, { budget, limit }] of Object.entries(sizes)) {
  const content = await readFile(join(distDir, name));
  const gzip = gzipSync(content, { level: 9 }).length;
  const verdict = gzip > limit ? "OVER THE LIMIT" : gzip > budget ? "warning: over budget" : "ok";
  console.log(row(name, content.length, gzip, budget, limit, verdict));
  if (gzip > limit) {
    process.exitCode = 1;
  }
}

function row(name, ...cells) {
  return name.padEnd(18) + cells.map((cell) => String(cell).padStart(8)).join("  ");
}
