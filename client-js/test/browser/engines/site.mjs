// The site that a page comes from: the page, the client, and behind /everwire the testbed, so that it is of the page's own
// origin. Pages report here by POST, and ask for the server's restart.
import { readFile } from "node:fs/promises";
import { createServer, request as ask } from "node:http";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const PAGE = `<!doctype html>
<html><head><meta charset="utf-8"><title>Everwire</title><link rel="icon" href="data:,"></head>
<body><script src="/everwire.js"></script><script src="/page.js"></script></body></html>
`;
const FILES = {
  "/everwire.js": join(here, "../../../dist/everwire.min.js"),
  "/page.js": join(here, "page.js"),
};

/** `control(word)` does what a page asks for, and gives what to do once that is answered; `report(run, entry)` is told what it says. */
export async function startSite({ testbed, control, report }) {
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });

  async function answer(request, response) {
    const url = new URL(request.url, "http://site");
    if (url.pathname.startsWith("/everwire/")) {
      pass(request, response);
    } else if (url.pathname === "/page") {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(PAGE);
    } else if (url.pathname === "/away") {
      // Goes back by itself: what was left is what is looked at.
      response.writeHead(200, { "content-type": "text/html" }).end("<script>onload=function(){setTimeout('history.back()',100)}</script>");
    } else if (FILES[url.pathname]) {
      response.writeHead(200, { "content-type": "text/javascript; charset=utf-8" }).end(await readFile(FILES[url.pathname]));
    } else if (url.pathname === "/report") {
      report(url.searchParams.get("run"), JSON.parse(await textOf(request)));
      response.writeHead(200, { "content-type": "text/plain" }).end("ok");
    } else if (url.pathname === "/control") {
      const afterwards = await control(await textOf(request));
      response.writeHead(200, { "content-type": "text/plain" }).end("ok", afterwards);
    } else {
      response.writeHead(404).end();
    }
  }

  /** Hands a request on to the testbed as it is; what ends there ends here. */
  function pass(request, response) {
    const { method, url: path, headers } = request;
    const onward = ask({ host: "127.0.0.1", port: testbed.port, method, path, headers }, (answered) => {
      response.writeHead(answered.statusCode, answered.headers);
      response.flushHeaders();
      answered.pipe(response);
      answered.once("error", () => response.destroy());
    });
    onward.once("error", () => (response.headersSent ? response.destroy() : response.writeHead(502).end("<h1>Bad gateway</h1>")));
    response.once("close", () => onward.destroy());
    request.pipe(onward);
  }

  const upgraded = new Set();
  server.on("upgrade", (request, socket, head) => {
    upgraded.add(socket);
    const onward = connect(testbed.port, "127.0.0.1", () => {
      const fields = request.rawHeaders.map((text, index) => text + (index % 2 ? "\r\n" : ": ")).join("");
      onward.write(`GET ${request.url} HTTP/1.1\r\n${fields}\r\n`);
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on("error", () => {}).once("close", () => socket.destroy());
    socket.on("error", () => {}).once("close", () => {
      upgraded.delete(socket);
      onward.destroy();
    });
  });

  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections();
      upgraded.forEach((socket) => socket.destroy());
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

async function textOf(request) {
  const parts = [];
  for await (const part of request) {
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
