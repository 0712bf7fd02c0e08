// The applications in docs/migrate-client-from-*.md, as they stand there: each is run against the testbed, before and after, and must
// do the same for its user, over a restart of the server too.
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { connect } from "../../client-js/dist/everwire.mjs";
import { findTestbed, Testbed } from "../../client-js/test/browser/testbed.mjs";
import { until } from "../../client-js/test/browser/wait.mjs";

const here = dirname(fileURLToPath(import.meta.url));

/** What every page imports: here it writes down what its user would see. The server refuses it until it has logged in. */
const PAGE = `
export const seen = { statuses: [], shown: [], logins: 0 };
let refused = true;
export const status = (text) => seen.statuses.push(text);
export const show = (what) => seen.shown.push(typeof what === "string" ? what : [what.constructor.name, ...what]);
export const credentials = () => ({ deny: refused });
export async function login() {
  refused = false;
  seen.logins++;
}
`;

/** `peer` speaks to the application: `say`, and a list of what it has `heard`. `online` is the status that tells that all is well. */
const DOCUMENTS = {
  "socket.io": { blocks: ["before", "after"], peer: inLobby, online: "in the lobby", denied: true, binary: true },
  sockjs: { blocks: ["before", "after, texts", "after, events"], peer: (name) => (name === "after, events" ? inLobby() : inChat()), online: "online" },
};

const testbed = new Testbed(findTestbed());
const folder = await mkdtemp(join(tmpdir(), "everwire-migrate-"));
await testbed.start();
try {
  await mkdir(join(folder, "node_modules"));
  for (const [name, place] of [["everwire", "../../client-js"], ["socket.io-client", "node_modules/socket.io-client"], ["sockjs-client", "node_modules/sockjs-client"]]) {
    await symlink(join(here, place), join(folder, "node_modules", name));
  }
  for (const [document, { blocks, ...rest }] of Object.entries(DOCUMENTS)) {
    const text = await readFile(join(here, `../../docs/migrate-client-from-${document}.md`), "utf8");
    const found = [...text.matchAll(/^```js\n([^]*?)^```$/gm)].map(([, code]) => code);
    equal(found.length, blocks.length, `applications in the document about ${document}`);
    for (const [index, name] of blocks.entries()) {
      await tryOne(document, name, found[index], rest);
      console.log(`${document}, ${name}: works, over a restart too`);
    }
  }
} finally {
  await testbed.stop("SIGKILL");
  await rm(folder, { recursive: true });
}
process.exit(0);

async function tryOne(document, name, code, { peer, online, denied, binary }) {
  const place = join(folder, `${document} ${name}`);
  await mkdir(place);
  await writeFile(join(place, "page.js"), PAGE);
  await writeFile(join(place, "package.json"), '{"type":"module"}');
  await writeFile(join(place, "app.js"), code.replaceAll(/"(https:..api.example.com)?.chat"/g, '"$1/broadcast"').replaceAll("https://api.example.com", testbed.origin));

  const other = peer(name);
  await other.ready(1);
  const { seen } = await import(join(place, "page.js"));
  const app = await import(join(place, "app.js"));
  const onlineTimes = () => seen.statuses.filter((status) => status === online).length;
  const converse = async (word) => {
    other.say(`${word} from outside`);
    await until("the application shows what another has said", () => seen.shown.includes(`${word} from outside`));
    app.say(`${word} from the page`);
    await until("another hears the application", () => other.heard.some((what) => what === `${word} from the page`));
  };

  await until("it is online", () => onlineTimes() === 1);
  equal(seen.logins, denied ? 1 : 0, "logins");
  if (denied) {
    equal(seen.statuses[0], "denied", "the first status");
  }
  await converse("hello");
  if (binary) {
    other.say(new Uint8Array([1, 2, 255]));
    await until("it shows bytes", () => seen.shown.some((what) => String(what) === "Uint8Array,1,2,255"));
    await app.send(new Blob([new Uint8Array([3, 0])]));
    await until("another hears bytes", () => other.heard.some((what) => what instanceof Uint8Array && String(what) === "3,0"));
    app.typing();
  }

  await testbed.stop("SIGKILL");
  await testbed.start();
  await until("it is online again", () => onlineTimes() === 2);
  equal(seen.statuses.some((status) => status.startsWith("offline: ")), true, "a status between");
  await other.ready(2);
  await converse("again");

  const told = seen.statuses.length;
  app.leave();
  await until("it says that it has left", () => seen.statuses.length > told);
  other.close();
  await until("the server has forgotten both", async () => (await testbed.stats()).sessions === 0);
}

function inLobby() {
  const socket = connect(`${testbed.origin}/everwire`, { multiplex: false });
  const heard = [];
  let joined = 0;
  socket.on("connect", () => socket.emit("join", "lobby", (error) => error || joined++));
  socket.on("said", (_room, what) => heard.push(what));
  return {
    heard,
    ready: (times) => until("the other is in the lobby", () => joined === times),
    say: (what) => socket.emit("say", "lobby", what),
    close: () => socket.close(),
  };
}

function inChat() {
  const socket = connect(`${testbed.origin}/everwire`, { namespace: "/broadcast", multiplex: false });
  const heard = [];
  let connected = 0;
  socket.on("connect", () => connected++);
  socket.on("message", (text) => heard.push(JSON.parse(text).text));
  return {
    heard,
    ready: (times) => until("the other is there", () => connected === times),
    say: (text) => socket.emit("message", JSON.stringify({ text })),
    close: () => socket.close(),
  };
}

function equal(found, wanted, what) {
  if (found !== wanted) {
    throw new Error(`${what}: ${found}, not ${wanted}`);
  }
}
