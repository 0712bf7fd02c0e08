// What is published: the files in dist/ as users, bundlers and old pages load them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { describe, expect, it } from "vitest";

type Condition = { types: string; default: string };

const root = join(import.meta.dirname, "../..");
const dist = (name: string): string => join(root, "dist", name);
const read = (name: string): string => readFileSync(dist(name), "utf8");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, unknown>;
const entries = Object.entries(manifest["exports"] as Record<string, { import: Condition; require: Condition }>).filter(
  ([, conditions]) => typeof conditions === "object",
);
const named = (files: RegExp): string[] => readdirSync(join(root, "dist")).filter((name) => files.test(name));

describe("the ES modules in one file", () => {
  // A data: URL has no folder to import from and no page around it.
  it.each(["everwire.mjs", "everwire.min.mjs"])("%s needs no other file and no global to load", async (name) => {
    const module = (await import(`data:text/javascript,${encodeURIComponent(read(name))}`)) as { connect: unknown };
    expect(module.connect).toBeTypeOf("function");
  });
});

describe("the UMD files", () => {
  it.each(["everwire.js", "everwire.min.js"])("%s makes one global, and asks for none while loading", (name) => {
    const page = createContext({});
    runInContext(read(name), page);
    expect(Object.keys(page)).toEqual(["everwire"]);
    expect(runInContext("typeof everwire.connect", page)).toBe("function");
  });

  it("leave an AMD loader to name the module", () => {
    const page = createContext({ modules: [] });
    runInContext("function define(needs, factory) { modules.push(needs); } define.amd = {};", page);
    runInContext(read("everwire.js"), page);
    expect(runInContext("JSON.stringify(modules)", page)).toBe('[["exports"]]');
    expect(runInContext("typeof everwire", page)).toBe("undefined");
  });
});

describe("the package", () => {
  it.each(entries)("%s exports the same names to import and require", async (_path, { import: imported, require: required }) => {
    const module = (await import(join(root, imported.default))) as object;
    const names = Object.keys(module).sort();
    expect(names.length).toBeGreaterThan(0);
    expect(Object.keys(createRequire(import.meta.url)(join(root, required.default)) as object).sort()).toEqual(names);
    for (const { types } of [imported, required]) {
      const told = readFileSync(join(root, types), "utf8");
      expect(names.filter((name) => !new RegExp(`(declare (function|const)|[{,]) ${name}\\b`).test(told))).toEqual([]);
    }
  });

  it("exports the same names to scripts as to those who import everwire/legacy", async () => {
    const page = createContext({});
    runInContext(read("everwire.js"), page);
    const names = Object.keys((await import(dist("legacy.mjs"))) as object).sort();
    expect(runInContext("Object.keys(everwire).sort().join()", page)).toBe(names.join());
  });

  it("names only files that exist", () => {
    const paths = JSON.stringify(manifest).match(/\.\/dist\/[\w.]+/g) ?? [];
    expect(paths.length).toBeGreaterThan(40);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it("has no dependencies at run time", () => {
    const kinds = ["dependencies", "peerDependencies", "optionalDependencies", "bundleDependencies"];
    expect(kinds.filter((kind) => kind in manifest)).toEqual([]);
  });

  it("has source maps that name only its own source", () => {
    const maps = named(/\.map$/);
    expect(maps.length).toBe(named(/\.(js|cjs|mjs)$/).length);
    for (const name of maps) {
      const { sources } = JSON.parse(read(name)) as { sources: string[] };
      expect(sources.filter((path) => !path.startsWith("../src/"))).toEqual([]);
    }
  });

  const code = (name: string): string => read(name).replace(/\/\*[^]*?\*\/|\/\/.*/g, "");

  it("has short internal names, and none of them in its types", () => {
    const files = ["shared.mjs", "shared.cjs", "everwire.min.mjs", "everwire.min.js", ...named(/\.d\.m?ts$/)];
    expect(files.filter((name) => /\._[a-zA-Z]|[{,]\s*_[a-zA-Z]\w*[:(]/.test(code(name)))).toEqual([]);
  });

  it("asks for nothing that only node has: Deno, Bun and workers run it too", () => {
    const files = ["shared.mjs", "shared.cjs", "everwire.mjs", "everwire.js"];
    const alien = /(?<![.\w"'])(process\.|Buffer[.(]|setImmediate|__dirname|require\((?!['"](\.\/|#random)))/;
    expect(files.filter((name) => alien.test(code(name)))).toEqual([]);
  });

  it("has no `any` in its types", () => {
    expect(named(/\.d\.m?ts$/).filter((name) => /\bany\b/.test(code(name)))).toEqual([]);
  });
});
