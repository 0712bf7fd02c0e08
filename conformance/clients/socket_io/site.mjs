// Another origin than the testbed's: an empty page, and the clients as scripts.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

const SCRIPTS = {
  "/4.js": "../node_modules/socket.io-client/dist/socket.io.min.js",
  "/packed.js": "../node_modules/socket.io-client/dist/socket.io.msgpack.min.js",
  "/2.js": "../node_modules/socket.io-client-2/dist/socket.io.js",
};

export async function startSite() {
  const server = createServer((request, response) => {
    answer(request.url, response).catch(() => response.destroy());
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

async function answer(path, response) {
  if (SCRIPTS[path]) {
    const script = await readFile(fileURLToPath(new URL(SCRIPTS[path], import.meta.url)));
    response.writeHead(200, { "content-type": "text/javascript; charset=utf-8" }).end(script);
  } else {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<!doctype html><title>clients</title>");
  }
}
