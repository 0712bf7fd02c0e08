// Writes an entry and what it imports as one plain script with the global `machine`: for engines that know no modules.
import { bundleScript } from "./bundle.mjs";

process.stdout.write(await bundleScript(process.argv[2], "machine"));
