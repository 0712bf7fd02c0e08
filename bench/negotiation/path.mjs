// The way from a client to a server: delay first, faults behind it, so that a proxy's refusal comes from as far as the server's.
import { FaultProxy } from "../../client-js/test/integration/fault-proxy.mjs";
import { DelayProxy } from "./delay-proxy.mjs";

/** Runs `use(origin, faults)` over a way of its own: new ports, so that nobody remembers anything of it. */
export async function overPath(port, handshake, use) {
  const faults = await new FaultProxy(port).listen();
  const delay = await new DelayProxy(Number(new URL(faults.url).port), handshake).listen();
  try {
    return await use(delay.origin, faults);
  } finally {
    await delay.stop();
    await faults.stop();
  }
}

/** Opens a line there, waits until it has come as far as `what` (or `limit` is over), closes it: the times of its stations. */
export async function stations(place, peer, origin, options, what, limit) {
  const id = await place.run((...args) => kit.open(...args), peer, origin, options);
  await place.until(what, (id, what) => kit.look(id).at[what] !== undefined, [id, what], limit).catch(() => {});
  const { at } = await place.run((id) => kit.look(id), id);
  await place.run((id) => kit.close(id), id);
  return at;
}
