// npm run check:dist: builds in memory and fails when the committed dist/ is not exactly that.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { bundleAll, distDir } from "./bundle.mjs";

const built = await bundleAll();
const present = await readdir(distDir).catch(() => []);
const stale = [];
for (const [name, text] of built) {
  const committed = await readFile(join(distDir, name), "utf8").catch(() => null);
  if (committed !== text) {
    stale.push(`${name}: ${committed === null ? "missing" : "differs"}`);
  }
}
stale.push(...present.filter((name) => !built.has(name)).map((name) => `${name}: not built any more`));

if (stale.length > 0) {
  console.error(`dist/ is stale; run \`npm run build\` and commit the result.\n  ${stale.join("\n  ")}`);
  process.exit(1);
}
console.log(`dist/ is what src/ builds to (${built.size} files)`);
