// PhantomJS 2.1.1: the WebKit of 2013.
import { binaryOf, missingPackage, script } from "./phantom.mjs";
import { onePageEach } from "./one_page.mjs";

export const engine = { name: "phantom_2", title: "PhantomJS 2.1.1", year: "2013", every: false, notes: {} };

export const missing = () => missingPackage("phantomjs-2");

export async function start() {
  // A configuration of OpenSSL 3 says nothing to the one inside.
  return onePageEach((url) => [binaryOf("phantomjs-2"), [script, url], { env: { OPENSSL_CONF: "/dev/null" } }]);
}
