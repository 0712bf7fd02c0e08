// npm run build: writes dist/ anew.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundleAll, distDir } from "./bundle.mjs";

const files = await bundleAll();
await rm(distDir, { recursive: true, force: true });
await mkdir(distDir, { recursive: true });
for (const [name, text] of files) {
  await writeFile(join(distDir, name), text);
}
console.log(`dist/: ${[...files.keys()].filter((name) => !name.endsWith(".map")).join(" ")}`);
