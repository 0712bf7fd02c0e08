// The other origin: a static server whose page loads the built client, as a user's site would.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const dist = join(dirname(fileURLToPath(import.meta.url)), "../../dist");
const SCRIPTS = new Set(["everwire.js", "everwire.min.js", "everwire.mjs", "everwire.min.mjs"]);

// Both builds end as `window.everwire`, so a check need not know which one it runs.
const pages = {
  "/umd": page(`<script src="/everwire.js"></script>`),
  "/umd-min": page(`<script src="/everwire.min.js"></script>`),
  "/module": page(module("everwire.mjs")),
  "/module-min": page(module("everwire.min.mjs")),
};

/** Serves on a free port; `extraPages` is path → HTML. Returns `{ origin, close }`. */
export async function startStaticServer(extraPages = {}) {
  const all = { ...pages, ...extraPages };
  const server = createServer((request, response) => {
    answer(all, request.url.split("?")[0], response).catch(() => response.destroy());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(all, path, response) {
  if (Object.hasOwn(all, path)) {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(all[path]);
  } else if (SCRIPTS.has(path.slice(1))) {
    const script = await readFile(join(dist, path.slice(1)));
    response.writeHead(200, { "content-type": "text/javascript; charset=utf-8" }).end(script);
  } else {
    response.writeHead(404).end();
  }
}

function page(loader) {
  return `<!doctype html><meta charset="utf-8"><title>everwire</title><link rel="icon" href="data:,">${loader}`;
}

function module(name) {
  return `<script type="module">import * as everwire from "/${name}"; window.everwire = everwire;</script>`;
}
