// QtWebKit 5.212: the WebKit of 2016, as Debian's python3-pyqt5.qtwebkit has it.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { onePageEach } from "./one_page.mjs";

export const engine = { name: "qt_webkit", title: "QtWebKit 5.212", year: "2016", every: false, notes: {} };

// Debian's own: the module is not for any other.
const PYTHON = "/usr/bin/python3";
const script = fileURLToPath(new URL("qt_webkit_page.py", import.meta.url));

export function missing() {
  const found = spawnSync(PYTHON, ["-c", "import PyQt5.QtWebKitWidgets"], { stdio: "ignore", timeout: 30_000 });
  return found.status === 0 ? null : "no QtWebKit: apt-get install python3-pyqt5.qtwebkit";
}

export async function start() {
  return onePageEach((url) => [PYTHON, [script, url], { env: { QT_QPA_PLATFORM: "offscreen" } }]);
}
