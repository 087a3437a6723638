import type { NodeName } from "../../facts/provenance.ts";
import { phrase } from "../../facts/phrase.ts";
import type { Reader, Transport } from "./reader.ts";
import { openRunnerTransport, readerOf } from "./runner-transport.ts";

/** This very machine is the node, under the name that the cluster gives it. */
export function openLocalReader(node: NodeName): Reader {
  return readerOf(openLocalTransport(node));
}

/** For `change/` alone. */
export function openLocalTransport(node: NodeName): Transport {
  return openRunnerTransport(phrase("this-machine"), new Map([[node, () => []]]));
}
