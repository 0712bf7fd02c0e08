// Starts, kills and restarts examples/testbed, the server that the suites run against.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { within } from "./wait.mjs";

const workspace = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const PLACES = ["target/release/testbed", "target/debug/testbed"].map((place) => join(workspace, place));
const LOG_KEPT = 20_000;

/** TESTBED (or EVERWIRE_TESTBED, as `make test` exports it) names the binary; else a release build, else a debug one. */
export function findTestbed() {
  const binary = process.env.TESTBED ?? process.env.EVERWIRE_TESTBED ?? PLACES.find(existsSync);
  if (!binary) {
    throw new Error("no testbed: run `cargo build -p testbed`, or name the binary in TESTBED");
  }
  return binary;
}

export class Testbed {
  /** What it wrote to stderr, the latest part. */
  log = "";
  port = 0;
  #scheme = "http";
  #binary;
  #flags;
  #child = null;
  #killOnExit = () => this.#child?.kill("SIGKILL");

  constructor(binary = findTestbed(), flags = []) {
    this.#binary = binary;
    this.#flags = flags;
    process.once("exit", this.#killOnExit);
  }

  get origin() {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  get running() {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts it, the second time on the same port, and resolves when it listens. */
  async start() {
    const child = spawn(this.#binary, ["--port", String(this.port), ...this.#flags], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    child.stderr.setEncoding("utf8").on("data", (text) => {
      this.log = (this.log + text).slice(-LOG_KEPT);
    });
    const line = await within("the testbed's first line", firstLine(child));
    const match = /^listening on (https?):\/\/127\.0\.0\.1:(\d+)$/.exec(line);
    if (!match) {
      throw new Error(`the testbed's first line is ${JSON.stringify(line)}; stderr: ${this.log}`);
    }
    this.#scheme = match[1];
    this.port = Number(match[2]);
  }

  /** Sends the signal and resolves with the exit code (null when the signal ended it). */
  async stop(signal = "SIGTERM") {
    const child = this.#child;
    if (!this.running) {
      return child?.exitCode ?? null;
    }
    const exit = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
    child.kill(signal);
    return within(`the testbed's exit after ${signal}`, exit);
  }

  async stats() {
    const response = await fetch(`${this.origin}/stats`, { signal: AbortSignal.timeout(5_000) });
    if (!response.ok) {
      throw new Error(`/stats answered ${response.status}`);
    }
    return response.json();
  }

  /** Sessions that have a carrier now. */
  async attached() {
    const { sessions, suspended } = await this.stats();
    return sessions - suspended;
  }
}

function firstLine(child) {
  return new Promise((resolve, reject) => {
    let text = "";
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`the testbed ended at once (${code ?? signal})`)));
    child.stdout.setEncoding("utf8").on("data", (part) => {
      text += part;
      if (text.includes("\n")) {
        resolve(text.slice(0, text.indexOf("\n")));
      }
    });
  });
}
