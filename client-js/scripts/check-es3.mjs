// npm run check:es3: the UMD files must parse in the oldest engines. No engine at hand refuses what ES3 does
// not know (trailing commas, `a.default`), so a parser does; 'never' is what makes it refuse reserved names.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "acorn";
import { distDir } from "./bundle.mjs";

for (const name of ["everwire.js", "everwire.min.js"]) {
  const code = await readFile(join(distDir, name), "utf8");
  try {
    parse(code, { ecmaVersion: 3, allowReserved: "never" });
    console.log(`${name}: ES3 syntax`);
  } catch (error) {
    console.error(`${name}: not ES3: ${error.message}`);
    process.exitCode = 1;
  }
}
