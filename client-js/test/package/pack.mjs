// The package as its users get it: packed, and unpacked as node_modules/everwire of a new project. What is packed is dist/:
// `npm run build` first.
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** Makes `folder` a project that has the package. Answers with the tarball's path and what is in it. */
export async function packInto(folder) {
  const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], { cwd: root });
  const [{ filename, files, unpackedSize }] = Object.values(JSON.parse(stdout));
  const tarball = join(folder, filename);
  const place = join(folder, "node_modules/everwire");
  await mkdir(place, { recursive: true });
  await run("tar", ["xzf", tarball, "-C", place, "--strip-components", "1"]);
  await writeFile(join(folder, "package.json"), "{}");
  return { tarball, paths: files.map(({ path }) => path), unpackedSize };
}
