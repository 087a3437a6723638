import { expect, test } from "vitest";
import type { Source } from "../../facts/provenance.ts";
import { parseNftDevices } from "./nft-devices.ts";

const source: Source = { node: "n", netns: "n/host", argv: ["nft", "list", "chains"], at: "" };

test("devices of base chains, in every spelling; other chains have none", () => {
  const text = `table netdev early {
	chain in {
		type filter hook ingress device "eth0" priority filter; policy accept;
	}
	chain many {
		type filter hook egress devices = { "eth0", eth1.20 } priority -500; policy drop;
	}
	chain old {
		type filter hook ingress device eth2 priority 0; policy accept;
	}
}
table inet filter {
	chain forward {
		type filter hook forward priority filter; policy accept;
	}
	chain early {
		type filter hook ingress device "lan" priority 0; policy accept;
	}
}
`;
  const { value, problems } = parseNftDevices(text, source);
  expect(problems).toEqual([]);
  expect([...value]).toEqual([
    ["netdev early in", ["eth0"]],
    ["netdev early many", ["eth0", "eth1.20"]],
    ["netdev early old", ["eth2"]],
    ["inet filter early", ["lan"]],
  ]);
});
