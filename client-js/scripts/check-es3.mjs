// npm run check:es3: the UMD files, and the page that tries them, must parse in the oldest engines. No engine at hand refuses what ES3 does
// not know (trailing commas, `a.default`), so a parser does; 'never' is what makes it refuse reserved names.
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parse } from "acorn";
import { distDir, root } from "./bundle.mjs";

for (const file of [join(distDir, "everwire.js"), join(distDir, "everwire.min.js"), join(root, "test/browser/engines/page.js")]) {
  const code = await readFile(file, "utf8");
  const name = basename(file);
  try {
    parse(code, { ecmaVersion: 3, allowReserved: "never" });
    console.log(`${name}: ES3 syntax`);
  } catch (error) {
    console.error(`${name}: not ES3: ${error.message}`);
    process.exitCode = 1;
  }
}
