// Runs inside PhantomJS (ES5 at most): opens one page and tells what goes wrong in it.
/* global phantom, require */
var page = require("webpage").create();
page.onConsoleMessage = function (message) {
  console.log(message);
};
page.onError = function (message, trace) {
  console.log("error: " + message + (trace[0] ? " at " + trace[0].file + ":" + trace[0].line : ""));
};
page.open(require("system").args[1], function (status) {
  if (status !== "success") {
    console.log("the page does not load");
    phantom.exit(1);
  }
});
