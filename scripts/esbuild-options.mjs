import { root } from "./setup.mjs";

/** A bundle that runs on the oldest Node that Lasthop supports, modules of CommonJS in it included. */
export const FOR_NODE = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  minifySyntax: true,
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
};
