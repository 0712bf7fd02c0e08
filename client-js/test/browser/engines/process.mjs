// Starts an engine's processes and ends them, with all that they have started: nothing may stay behind a test.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until, within } from "../wait.mjs";

const LOG_KEPT = 4_000;
/** Every process of this run has it in its environment, and so has what it starts. */
const MARK = `EVERWIRE_ENGINE=${randomUUID()}`;

// What is told to end takes its engines with it: only `exit` is heard by them.
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) {
  process.once(signal, () => process.exit(1));
}

export class Process {
  /** What it wrote, the latest part. */
  log = "";
  #child;
  #name;
  #exited;
  #killOnExit = () => this.#kill("SIGKILL");

  /** `pipes`: how many further pipes it gets, from file descriptor 3 on. */
  constructor(command, args, { env = {}, pipes = 0 } = {}) {
    const [mark, value] = MARK.split("=");
    this.#name = command;
    this.#child = spawn(command, args, {
      detached: true, // A process group of its own, which ends as one.
      stdio: ["ignore", "pipe", "pipe", ...Array(pipes).fill("pipe")],
      env: { ...process.env, ...env, [mark]: value },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        this.log = (this.log + text).slice(-LOG_KEPT);
      });
    }
    this.#exited = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(error.message));
      this.#child.once("exit", (code, signal) => resolve(`${code ?? signal}`));
    });
    process.once("exit", this.#killOnExit);
  }

  /** A further pipe, from 3 on. */
  pipe(number) {
    return this.#child.stdio[number];
  }

  /** The first match of `pattern` in what it writes. */
  says(pattern) {
    const ended = this.#exited.then((how) => {
      throw new Error(`${this.#name} ended (${how}): ${this.log}`);
    });
    return Promise.race([until(`${this.#name} says ${pattern}`, () => pattern.exec(this.log)), ended]);
  }

  async stop() {
    this.#kill("SIGTERM");
    await within(`the end of ${this.#name}`, this.#exited, 3_000).catch(() => {});
    this.#kill("SIGKILL");
    await this.#exited;
    process.removeListener("exit", this.#killOnExit);
  }

  #kill(signal) {
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // It has ended, or never began.
    }
  }
}

/** Fails if a process of any engine still runs; ends it all the same. */
export async function nothingLeft() {
  const told = await until("every process of the engines has ended", () => leftovers().length === 0, 5_000).catch((error) => error);
  if (told instanceof Error) {
    const left = leftovers();
    left.forEach(({ pid }) => process.kill(pid, "SIGKILL"));
    throw new Error(`still running: ${left.map(({ pid, command }) => `${command} (${pid})`).join(", ")}`);
  }
}

function leftovers() {
  const pids = existsSync("/proc") ? readdirSync("/proc").filter((name) => /^\d+$/.test(name)) : [];
  return pids.flatMap((pid) => {
    try {
      const marked = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(MARK);
      // What has ended and is not yet waited for has no command line.
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[0];
      return marked && command ? [{ pid: Number(pid), command }] : [];
    } catch {
      return []; // Gone meanwhile, or somebody else's.
    }
  });
}

/** A folder for a profile, and how to remove it. */
export function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), "everwire-engine-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }) };
}

/** The first of these paths that exists. */
export function firstOf(...paths) {
  return paths.find((path) => path && existsSync(path));
}

export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
