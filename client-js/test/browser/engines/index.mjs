// The engines that the client is tried in, newest first. Each is one file with the same three things:
//
//   export const engine = { name, title, year, every, notes };
//   missing()  why it cannot run here, or null
//   start()    → { open(url) → { close() }, close() }; pages report themselves by POST
//
// `every`: part of every push, not of the nightly run alone. `notes`: for each transport that does not wholly work
// there, why (docs/browsers.md says it to the reader); `works`: from which origin it does all the same. `traits`: what the
// tests rely on that it has or lacks. `life`: the page
// is stored away and shown again, too; the browser that `start` gives may then be able to `hide` and `show` it, and be `offline` and `online`.
import * as chrome64 from "./chrome_64.mjs";
import * as chromium from "./chromium.mjs";
import * as firefox from "./firefox.mjs";
import * as htmlUnit from "./html_unit.mjs";
import * as phantom1 from "./phantom_1.mjs";
import * as phantom2 from "./phantom_2.mjs";
import * as qtWebKit from "./qt_webkit.mjs";
import * as webKitGtk from "./webkit_gtk.mjs";

export const engines = [chromium, firefox, webKitGtk, chrome64, qtWebKit, phantom2, phantom1, htmlUnit];
