// `npm run demo`: from a fresh checkout to the whole story, told by the built command itself.
import { spawnSync } from "node:child_process";
import { build, root, setUp } from "./setup.mjs";

setUp();
build();
const { status } = spawnSync(process.execPath, [`${root}dist/lasthop.js`, "demo", ...process.argv.slice(2)], {
  stdio: "inherit",
});
process.exit(status ?? 130);
