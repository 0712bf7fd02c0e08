// Starts nginx and haproxy, each in a process and a folder of its own.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../../client-js/test/browser/wait.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const PAGE = readFileSync(join(here, "../../docs/proxies.md"), "utf8");
const LOG_KEPT = 5_000;
/** A free port may be taken before the proxy has it. */
const TRIES = 3;

export class Proxy {
  port = 0;
  log = "";
  #config;
  #places;
  #child = null;
  #dir = mkdtempSync(join(tmpdir(), "everwire-proxy-"));

  /** `places` says what stands for what the configuration names: `server`, `mute`, `cut`, `certificate`. */
  constructor(config, places) {
    this.#config = config;
    this.#places = places;
    process.once("exit", () => this.#end());
  }

  get url() {
    return `${this.#config.tls ? "https" : "http"}://127.0.0.1:${this.port}`;
  }

  async start() {
    for (let tries = 1; ; tries++) {
      this.port = await freePort();
      try {
        return await this.#run();
      } catch (error) {
        if (tries === TRIES) {
          throw new Error(`${this.#config.name}: ${error.message}\n${this.log}`);
        }
      }
    }
  }

  stop() {
    this.#end();
  }

  async #run() {
    // Debian keeps them where only root looks.
    const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
    const child = spawn(...this.#command(), { env, stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    let ended = null;
    child.once("error", (error) => (ended = error));
    child.once("exit", (code, signal) => (ended = new Error(`ended (${code ?? signal})`)));
    child.stderr.setEncoding("utf8").on("data", (text) => (this.log = (this.log + text).slice(-LOG_KEPT)));
    await until("it listens", () => ended ?? listens(this.port), 10_000).catch((error) => {
      throw ended ?? error;
    });
    if (ended) {
      throw ended;
    }
  }

  #command() {
    const dir = this.#dir;
    const file = join(dir, "config");
    if (this.#config.proxy === "haproxy") {
      writeFileSync(file, this.#text());
      return ["haproxy", ["-db", "-q", "-f", file]];
    }
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    temporary.forEach((name) => mkdirSync(join(dir, name), { recursive: true }));
    const paths = temporary.map((name) => `${name}_temp_path ${join(dir, name)};`).join("\n");
    const http = `http {\naccess_log off;\n${paths}\n${this.#text()}}\n`;
    writeFileSync(file, `daemon off;\nmaster_process off;\npid ${dir}/pid;\nerror_log stderr warn;\nevents {}\n${http}`);
    return ["nginx", ["-p", dir, "-e", "stderr", "-c", file]];
  }

  /** The configuration with the ports of this run. */
  #text() {
    const { server, mute, cut, certificate } = this.#places;
    return source(this.#config)
      .replaceAll("127.0.0.1:3000", server)
      .replace(/^( *listen )\d+/m, `$1127.0.0.1:${this.port}`)
      .replace(/^( *bind ):\d+/m, `$1127.0.0.1:${this.port}`)
      .replace("/etc/ssl/certs/example.pem", certificate.pem)
      .replace("/etc/ssl/private/example.key", certificate.key)
      .replaceAll("MUTE", mute)
      .replaceAll("CUT", cut)
      .replaceAll("DIR", this.#dir);
  }

  #end() {
    this.#child?.kill("SIGKILL");
    rmSync(this.#dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

/** What is recommended stands in the documentation, and nowhere else. */
function source({ proxy, name, block }) {
  if (block === undefined) {
    return readFileSync(join(here, proxy, `${name}.${proxy === "nginx" ? "conf" : "cfg"}`), "utf8");
  }
  const blocks = [...PAGE.matchAll(/```(nginx|haproxy)\n([^]*?)```/g)].filter((match) => match[1] === proxy);
  return blocks[block][2];
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
