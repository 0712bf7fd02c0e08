// What is published: the files in dist/ as users, bundlers and old pages load them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const dist = (name: string): string => join(root, "dist", name);
const read = (name: string): string => readFileSync(dist(name), "utf8");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, unknown>;

describe("the ES modules", () => {
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
  it("exports the same names to import, require and script", async () => {
    const module = (await import(dist("everwire.mjs"))) as object;
    const required = createRequire(import.meta.url)(dist("everwire.cjs")) as object;
    const page = createContext({});
    runInContext(read("everwire.js"), page);
    const names = Object.keys(module).sort();
    expect(names).toContain("connect");
    expect(Object.keys(required).sort()).toEqual(names);
    expect(runInContext("Object.keys(everwire).sort().join()", page)).toBe(names.join());
  });

  it("names only files that exist", () => {
    const named = JSON.stringify(manifest).match(/\.\/dist\/[\w.]+/g) ?? [];
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it("has no dependencies at run time", () => {
    const kinds = ["dependencies", "peerDependencies", "optionalDependencies", "bundleDependencies"];
    expect(kinds.filter((kind) => kind in manifest)).toEqual([]);
  });

  it("has source maps that name only its own source", () => {
    const maps = readdirSync(join(root, "dist")).filter((name) => name.endsWith(".map"));
    expect(maps.length).toBe(5);
    for (const name of maps) {
      const { sources } = JSON.parse(read(name)) as { sources: string[] };
      expect(sources.filter((path) => !path.startsWith("../src/"))).toEqual([]);
      expect(sources.length).toBeGreaterThan(0);
    }
  });
});
