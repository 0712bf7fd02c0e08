// WebKitGTK, which is Safari's engine, over WebDriver. It needs a display: a virtual one of its own.
import { until } from "../wait.mjs";
import { Process, firstOf, freePort } from "./process.mjs";

export const engine = { name: "webkit_gtk", title: "WebKitGTK", year: "today", every: true, life: true, notes: {} };

const DRIVER = "/usr/bin/WebKitWebDriver";
const DISPLAY = "/usr/bin/Xvfb";

export function missing() {
  return firstOf(DRIVER) && firstOf(DISPLAY) ? null : "no WebKitWebDriver or no Xvfb: apt-get install webkit2gtk-driver xvfb";
}

export async function start() {
  const running = [];
  const close = async () => {
    for (const child of running.reverse()) {
      await child.stop();
    }
  };
  try {
    const display = new Process(DISPLAY, ["-displayfd", "3", "-screen", "0", "1024x768x24", "-nolisten", "tcp"], { pipes: 1 });
    running.push(display);
    const number = await firstLine(display.pipe(3));
    const port = await freePort();
    running.push(new Process(DRIVER, [`--port=${port}`], { env: { DISPLAY: `:${number}`, GDK_BACKEND: "x11" } }));
    const call = caller(`http://127.0.0.1:${port}`);
    await until("WebKitWebDriver answers", () => call("GET", "/status"));
    const { sessionId } = await call("POST", "/session", { capabilities: { alwaysMatch: {} } });
    const session = (method, path, body) => call(method, `/session/${sessionId}${path}`, body);
    const load = (url) => session("POST", "/url", { url });
    return {
      async open(url) {
        await load(url);
        return { close: () => load("about:blank") };
      },
      async close() {
        await session("DELETE", "").catch(() => {}); // Its browser ends with it; else with its process.
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function caller(base) {
  return async (method, path, body) => {
    const init = { method, body: body && JSON.stringify(body), headers: { "content-type": "application/json" } };
    const answer = await fetch(base + path, { ...init, signal: AbortSignal.timeout(30_000) });
    const { value } = await answer.json();
    if (value?.error) {
      throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
    }
    return value;
  };
}

async function firstLine(stream) {
  let text = "";
  stream.setEncoding("utf8").on("data", (part) => (text += part));
  await until("the virtual display is up", () => text.includes("\n"));
  return text.trim();
}
