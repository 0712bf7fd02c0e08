// The npm client in node. Its only argument is the setting, as JSON; see words.mjs.
import { createRequire } from "node:module";
import { startPeer } from "./peer.mjs";
import { clients, obey, ports, settingOf, tell } from "./words.mjs";

const require = createRequire(new URL("../../../client-js/package.json", import.meta.url));
const everwire = require("./dist/index.cjs");
const { WebSocket } = require("ws");

const peers = clients.map((client, number) => {
  // Transports alternate: each shall be in every district.
  const district = Math.floor(number / 4) % ports.length;
  const url = `http://127.0.0.1:${ports[district]}/everwire`;
  return startPeer(everwire, settingOf(client, url, { WebSocket }), tell);
});

obey({
  goodbye: () => peers.forEach((peer) => peer.goodbye()),
  state: () => peers.forEach((peer) => peer.state()),
});
