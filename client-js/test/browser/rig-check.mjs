// npm run test:rig: the browser rig against pages of its own, without the testbed: what the suites trust it for.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch } from "./chromium.mjs";
import { startStaticServer } from "./static-server.mjs";
import { until } from "./wait.mjs";

const head = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">`;
const site = await startStaticServer({
  "/wide": `${head}<p>fits</p><div id="wide" style="width:900px">does not</div>`,
  "/form": `${head}<input id="one" autofocus><input id="two">`,
  "/leaving": `${head}<script>addEventListener("pagehide", () => localStorage.setItem("left", "yes"))</script>`,
});
const folder = mkdtempSync(join(tmpdir(), "everwire-rig-"));
const browser = await launch();

const cases = {
  async "every build loads and exports connect"() {
    for (const build of ["umd", "umd-min", "module", "module-min"]) {
      const page = await browser.open(`${site.origin}/${build}`);
      await page.until(build, () => typeof window.everwire?.connect === "function");
      await page.close();
    }
  },
  async "evaluate awaits promises, passes arguments, and rejects with what was thrown"() {
    const page = await browser.open(`${site.origin}/wide`);
    assert.equal(await page.evaluate(async (a, b) => a + b, 1, 2), 3);
    assert.equal(await page.evaluate("document.querySelector('p').textContent"), "fits");
    await assert.rejects(page.evaluate(() => Promise.reject(new Error("as told"))), /as told/);
    await page.close();
  },
  async "an exception nobody caught is kept"() {
    const page = await browser.open(`${site.origin}/wide`);
    await page.evaluate(() => void setTimeout(() => { throw new Error("stray"); }));
    await until("the problem", () => /stray/.test(page.problems[0]));
    await page.close();
  },
  async "a wait that is never met ends in an error that names it"() {
    await assert.rejects(until("the moon", () => false, 50), /the moon/);
  },
  async "overflow and screenshots at a width"() {
    const page = await browser.open(`${site.origin}/wide`);
    const narrow = await page.overflow(360);
    assert.deepEqual([narrow.overflows, narrow.innerWidth, narrow.tooWide], [true, 360, ["div#wide"]]);
    assert.equal((await page.overflow(1280)).overflows, false);
    const file = join(folder, "wide.png");
    await page.screenshot(file, 360, 500);
    const png = readFileSync(file);
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [360, 500]);
    await page.close();
  },
  async "keyboard"() {
    const page = await browser.open(`${site.origin}/form`);
    await page.evaluate(() => document.querySelector("#one").focus());
    await page.press("Tab");
    await page.type("typed");
    assert.equal(await page.evaluate(() => document.querySelector("#two").value), "typed");
    await page.close();
  },
  async "two pages are both visible; closing one runs its pagehide and leaves the other"() {
    const leaving = await browser.open(`${site.origin}/leaving`);
    const staying = await browser.open(`${site.origin}/leaving`);
    assert.equal(await leaving.evaluate(() => document.visibilityState), "visible");
    assert.equal(await staying.evaluate(() => document.visibilityState), "visible");
    await leaving.close();
    await staying.until("the closed page's last word", () => localStorage.getItem("left") === "yes");
    await staying.close();
  },
};

let failed = 0;
for (const [name, run] of Object.entries(cases)) {
  try {
    await run();
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}: ${error.stack}`);
  }
}
await browser.close();
await site.close();
rmSync(folder, { recursive: true });
console.log(`${Object.keys(cases).length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
