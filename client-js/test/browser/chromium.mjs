// A small driver for Chromium over the DevTools protocol, spoken through a pipe: no port, no dependency.
//
//   const browser = await launch();
//   const page = await browser.open("http://127.0.0.1:3000/");
//   await page.evaluate(async (a, b) => a + b, 1, 2);
//   await page.screenshot("chat-360.png", 360);
//   await browser.close();
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until, within } from "./wait.mjs";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-sync",
  "--remote-debugging-pipe",
];
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Starts a browser with a new profile. CHROMIUM names the binary when it is not in one of the usual places. */
export async function launch(extraFlags = []) {
  const binary = process.env.CHROMIUM ?? PLACES.find(existsSync);
  if (!binary) {
    throw new Error(`no Chromium in ${PLACES.join(", ")}: install it (Debian: apt-get install chromium) or set CHROMIUM`);
  }
  const profile = mkdtempSync(join(tmpdir(), "everwire-chromium-"));
  const child = spawn(binary, [...FLAGS, `--user-data-dir=${profile}`, ...extraFlags, "about:blank"], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const browser = new Browser(child, profile);
  try {
    await browser.send("Browser.getVersion");
    return browser;
  } catch (error) {
    await browser.close();
    throw error;
  }
}

class Browser {
  #child;
  #profile;
  #commands = new Map();
  #pages = new Map();
  #nextId = 1;
  #unread = "";
  #exited;
  #killOnExit;

  constructor(child, profile) {
    this.#child = child;
    this.#profile = profile;
    this.#killOnExit = () => child.kill("SIGKILL");
    process.once("exit", this.#killOnExit);
    this.#exited = new Promise((resolve) => {
      child.once("error", (error) => this.#gone(error, resolve));
      child.once("exit", (code, signal) => this.#gone(new Error(`Chromium ended (${code ?? signal})`), resolve));
    });
    child.stdio[3].on("error", () => {}); // The exit event tells.
    child.stdio[4].setEncoding("utf8").on("data", (text) => this.#read(text));
  }

  /** Sends one command of the DevTools protocol and returns its result. */
  send(method, params = {}, sessionId = undefined, deadlineMs = undefined) {
    const id = this.#nextId++;
    const answer = new Promise((resolve, reject) => this.#commands.set(id, { method, resolve, reject }));
    this.#child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return within(method, answer, deadlineMs).finally(() => this.#commands.delete(id));
  }

  /** Opens a page in a window of its own (so it is visible, and its timers are not slowed) and loads `url`. */
  async open(url) {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank", newWindow: true });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, targetId, sessionId);
    this.#pages.set(sessionId, page);
    await page.send("Page.enable");
    await page.send("Runtime.enable");
    if (url !== undefined) {
      await page.load(url);
    }
    return page;
  }

  /** Ends the browser and removes its profile. */
  async close() {
    this.send("Browser.close").catch(() => {});
    await within("Chromium's exit", this.#exited, 5_000).catch(() => this.#child.kill("SIGKILL"));
    await this.#exited;
    process.removeListener("exit", this.#killOnExit);
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  #gone(error, resolve) {
    this.#commands.forEach((command) => command.reject(error));
    resolve();
  }

  #read(text) {
    const parts = (this.#unread + text).split("\0");
    this.#unread = parts.pop();
    parts.forEach((part) => this.#dispatch(JSON.parse(part)));
  }

  #dispatch(message) {
    const command = this.#commands.get(message.id);
    if (command && message.error) {
      command.reject(new Error(`${command.method}: ${message.error.message}`));
    } else if (command) {
      command.resolve(message.result);
    } else if (message.sessionId) {
      this.#pages.get(message.sessionId)?.receive(message.method, message.params);
    }
  }
}

class Page {
  /** What went wrong in the page: uncaught exceptions and console errors, in order. */
  problems = [];
  #browser;
  #targetId;
  #sessionId;
  #closed = false;
  #waiting = [];

  constructor(browser, targetId, sessionId) {
    this.#browser = browser;
    this.#targetId = targetId;
    this.#sessionId = sessionId;
  }

  send(method, params, deadlineMs) {
    return this.#browser.send(method, params, this.#sessionId, deadlineMs);
  }

  receive(method, params) {
    if (method === "Runtime.exceptionThrown") {
      this.problems.push(describe(params.exceptionDetails));
    } else if (method === "Runtime.consoleAPICalled" && params.type === "error") {
      this.problems.push(params.args.map((arg) => arg.value ?? arg.description).join(" "));
    }
    const due = this.#waiting.filter((wait) => wait.method === method);
    this.#waiting = this.#waiting.filter((wait) => wait.method !== method);
    due.forEach((wait) => wait.resolve(params));
  }

  /** Goes to `url` and waits for its load event. */
  async load(url) {
    const loaded = new Promise((resolve) => this.#waiting.push({ method: "Page.loadEventFired", resolve }));
    const { errorText } = await this.send("Page.navigate", { url });
    if (errorText) {
      throw new Error(`${url}: ${errorText}`);
    }
    await within(`load event of ${url}`, loaded);
  }

  /** Runs `code` (a function called with `args`, or an expression) in the page; promises are awaited. */
  async evaluate(code, ...args) {
    const expression = typeof code === "function" ? `(${code})(${args.map((arg) => JSON.stringify(arg)).join(",")})` : code;
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) {
      throw new Error(describe(exceptionDetails));
    }
    return result.value;
  }

  /** Waits until `code` is truthy in the page, and returns it. */
  until(what, code, ...args) {
    return until(what, () => this.evaluate(code, ...args));
  }

  click(selector) {
    return this.evaluate((found) => {
      const element = document.querySelector(found);
      if (!element) {
        throw new Error(`nothing matches ${found}`);
      }
      element.click();
    }, selector);
  }

  /** Types into what has the focus, as a keyboard would. */
  type(text) {
    return this.send("Input.insertText", { text });
  }

  /** Presses one key that is no character: "Enter", "Tab", "Escape", … */
  async press(key) {
    const codes = { Tab: 9, Enter: 13, Escape: 27, Space: 32, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40 };
    const text = { Enter: "\r", Space: " " }[key];
    const event = { key: key === "Space" ? " " : key, code: key, windowsVirtualKeyCode: codes[key] ?? 0, text };
    await this.send("Input.dispatchKeyEvent", { type: text ? "keyDown" : "rawKeyDown", ...event });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...event, text: undefined });
  }

  /** Sets the viewport. Not as "mobile": that zooms out until wide content fits, which hides an overflow. */
  resize(width, height = width < 600 ? 740 : 800) {
    return this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
  }

  /** Writes a PNG of the page as it is at this viewport width. */
  async screenshot(file, width, height) {
    await this.resize(width, height);
    const { data } = await this.send("Page.captureScreenshot", { format: "png" });
    writeFileSync(file, Buffer.from(data, "base64"));
  }

  /** Whether the page scrolls sideways at this width, and which elements reach furthest out. */
  async overflow(width) {
    await this.resize(width);
    return this.evaluate(() => {
      const { scrollWidth } = document.documentElement;
      const tooWide = [...document.querySelectorAll("body *")]
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
        .map((element) => element.tagName.toLowerCase() + (element.id && `#${element.id}`));
      return { overflows: scrollWidth > innerWidth, scrollWidth, innerWidth, tooWide: tooWide.slice(0, 5) };
    });
  }

  /** Closes the page as a user would: its pagehide handlers run. */
  async close() {
    if (!this.#closed) {
      this.#closed = true;
      await this.send("Page.close");
      await until("the page's end", () => this.#isGone());
    }
  }

  async #isGone() {
    const { targetInfos } = await this.#browser.send("Target.getTargets");
    return !targetInfos.some((target) => target.targetId === this.#targetId);
  }
}

function describe({ text, exception }) {
  return exception?.description ?? (exception?.value === undefined ? text : `${text} ${exception.value}`);
}
