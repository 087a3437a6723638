/** Random iptables rules from a seed, for the test against the kernel: the same seed, the same rules. */
export type Random = () => number;

/** mulberry32. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** `ipset restore` input; the rules below match these. */
export const SETS = `create sip hash:ip
add sip 10.77.0.2
add sip 10.78.0.3
create snet hash:net
add snet 10.78.0.0/24
add snet 10.78.0.2/31 nomatch
add snet 10.77.0.0/16
create sipport hash:ip,port
add sipport 10.78.0.2,udp:5001
add sipport 10.78.0.3,tcp:5000
add sipport 10.78.0.4,udp:5000
create sports bitmap:port range 4999-5010
add sports 5001-5002
create snetport hash:net,port
add snetport 10.78.0.0/30,udp:5000
create siface hash:net,iface
add siface 10.77.0.0/24,ra
add siface 10.78.0.0/24,rb
create slist list:set
add slist sip
add slist snet
`;

const TABLES = ["raw", "mangle", "nat", "filter"] as const;
type TableName = (typeof TABLES)[number];

const HOOKS: Readonly<Record<TableName, readonly string[]>> = {
  raw: ["PREROUTING", "OUTPUT"],
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
  filter: ["INPUT", "FORWARD", "OUTPUT"],
};

/** Input of iptables-restore for each backend; each table goes to one of them. */
export function randomRules(random: Random): { readonly legacy: string; readonly nft: string } {
  const texts = { legacy: "", nft: "" };
  for (const table of TABLES) {
    const home = random() < 0.5 ? "legacy" : "nft";
    texts[home] += randomTable(table, random);
    texts[home === "legacy" ? "nft" : "legacy"] += emptyTable(table);
  }
  return texts;
}

/** Which hooks a chain may be reached from decides what the kernel lets it hold. */
type Side = "dst" | "src" | "any";

function emptyTable(table: TableName): string {
  return `*${table}\n${HOOKS[table].map((hook) => `:${hook} ACCEPT [0:0]\n`).join("")}COMMIT\n`;
}

function randomTable(table: TableName, random: Random): string {
  const userChains: { readonly name: string; readonly side: Side }[] =
    table === "nat"
      ? [0, 1, 2, 3].map((i) => ({ name: `${i % 2 === 0 ? "D" : "S"}${i}`, side: i % 2 === 0 ? "dst" : "src" }))
      : [0, 1, 2, 3, 4].map((i) => ({ name: `U${i}`, side: "any" }));
  const lines = [`*${table}`];
  for (const hook of HOOKS[table]) {
    const policy = table !== "nat" && random() < 0.06 ? "DROP" : "ACCEPT";
    lines.push(`:${hook} ${policy} [0:0]`);
  }
  for (const { name } of userChains) lines.push(`:${name} - [0:0]`);
  const addRules = (chain: string, side: Side, later: readonly string[]): void => {
    const count = 1 + Math.floor(random() * 5);
    for (let i = 0; i < count; i++) {
      const matches = randomMatches(table, chain, side, random);
      const target = randomTarget(table, side, later, random);
      // A port to translate to needs a protocol that has ports.
      const ported = / -p (?:udp|tcp)/.test(matches.replace(/! -p \w+/, ""));
      lines.push(`-A ${chain}${matches}${ported ? target : target.replace(/(--to-\S+ [\d.]+):[\d-]+/, "$1")}`);
    }
  };
  // Nothing is sent to the router itself, and MASQUERADE may not be reached from INPUT.
  for (const hook of HOOKS[table].filter((h) => table !== "nat" || h !== "INPUT")) {
    const side: Side = table !== "nat" ? "any" : hook === "PREROUTING" || hook === "OUTPUT" ? "dst" : "src";
    addRules(
      hook,
      side,
      userChains.filter((c) => c.side === side).map((c) => c.name),
    );
  }
  userChains.forEach(({ name, side }, i) => {
    const later = userChains.slice(i + 1).filter((c) => c.side === side);
    addRules(
      name,
      side,
      later.map((c) => c.name),
    );
  });
  return `${lines.join("\n")}\nCOMMIT\n`;
}

function randomMatches(table: TableName, chain: string, side: Side, random: Random): string {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const not = () => (random() < 0.3 ? "! " : "");
  const address = () =>
    pick(["10.77.0.2/32", "10.78.0.2/32", "10.78.0.3/32", "10.78.0.2/31", "10.78.0.0/24", "10.0.0.0/8"]);
  const port = () => pick(["5000", "5001", "5002", "5000:5001"]);
  const link = () => pick(["ra", "rb", "r+", "lo"]);
  const state = () =>
    pick(["NEW", "ESTABLISHED", "NEW,UNTRACKED", "INVALID", "DNAT", "SNAT", "RELATED,ESTABLISHED,DNAT"]);
  const hasIn = !["OUTPUT", "POSTROUTING"].includes(chain) && !(table === "nat" && side === "src");
  const hasOut = !["PREROUTING", "INPUT"].includes(chain) && !(table === "nat" && side === "dst");
  const kinds: (() => string)[] = [
    () => ` ${not()}-s ${address()}`,
    () => ` ${not()}-d ${address()}`,
    () => ` ${not()}-p ${pick(["udp", "tcp"])}`,
    () => ` -p udp -m udp ${not()}--dport ${port()}`,
    () => ` -p tcp -m tcp ${not()}--dport ${port()}`,
    () => ` -p udp -m multiport ${not()}--ports 5001,5002`,
    () => ` -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK ${pick(["SYN", "SYN,ACK"])}`,
    () => ` -m mark ${not()}--mark ${pick(["0x1/0x1", "0x2/0x2", "0x4/0x6", "0x0/0xff"])}`,
    () => ` -m connmark ${not()}--mark ${pick(["0x1/0x1", "0x0/0x3", "0x4/0x4"])}`,
    () => ` -m conntrack ${not()}--ctstate ${state()}`,
    () => ` -m conntrack ${not()}--ctstate ${state()}`,
    () => ` -m conntrack --ctdir ${pick(["ORIGINAL", "REPLY"])}`,
    () => ` -m conntrack ${not()}--ctorigdst ${address()}`,
    () => ` -m set ${not()}--match-set ${pick(["sip", "snet", "slist"])} ${pick(["src", "dst"])}`,
    () => ` -m set ${not()}--match-set ${pick(["sipport", "snetport"])} dst,${pick(["src", "dst"])}`,
    () => ` -m set ${not()}--match-set sports ${pick(["src", "dst"])}`,
    () => ` -m ttl ${pick(["--ttl-lt 64", "--ttl-gt 63", "--ttl-eq 64", "! --ttl-eq 63"])}`,
    () => ` -m iprange ${not()}--${pick(["src", "dst"])}-range 10.78.0.2-10.78.0.3`,
    () => ` -m addrtype ${not()}--${pick(["src", "dst"])}-type ${pick(["LOCAL", "UNICAST", "LOCAL,UNICAST"])}`,
    () => (random() < 0.5 && hasIn ? ` ${not()}-i ${link()}` : hasOut ? ` ${not()}-o ${link()}` : ""),
    () => (hasIn && chain !== "OUTPUT" ? " -m set --match-set siface src,src" : ""),
  ];
  // Each option may stand once: of two kinds that would clash the first is kept.
  const first = pick(kinds)();
  const second = random() < 0.4 ? pick(kinds)() : "";
  const options = (text: string) => text.match(/(?:^| )--?[a-z-]+(?= )/g)?.map((o) => o.trim()) ?? [];
  const clash = options(second).some((o) => o !== "-m" && options(first).includes(o));
  const sameModule = / -m (\S+)/.exec(first)?.[1] === (/ -m (\S+)/.exec(second)?.[1] ?? "-");
  return clash || sameModule || random() < 0.15 ? first : first + second;
}

function randomTarget(table: TableName, side: Side, later: readonly string[], random: Random): string {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const bits = () => pick(["0x1/0x1", "0x2/0x2", "0x4/0x6", "0x0/0xff", "0x3/0x0"]);
  const kinds: string[] = [
    "ACCEPT",
    "RETURN",
    "RETURN",
    `MARK --set-xmark ${bits()}`,
    `MARK --set-xmark ${bits()}`,
    `CONNMARK ${pick([`--set-xmark ${bits()}`, "--save-mark --nfmask 0x3 --ctmask 0x7", "--restore-mark"])}`,
  ];
  if (table !== "nat") kinds.push("DROP");
  if (table === "filter") kinds.push("DROP", "REJECT --reject-with icmp-port-unreachable", "ACCEPT");
  if (table === "raw" && random() < 0.3) kinds.push("CT --notrack");
  if (table === "nat" && side === "dst") {
    const to = () => pick(["10.78.0.2", "10.78.0.3:5001", "10.78.0.4", "10.78.0.4:5002", "10.78.0.3"]);
    kinds.push(`DNAT --to-destination ${to()}`, `DNAT --to-destination ${to()}`);
  }
  if (table === "nat" && side === "src") {
    kinds.push("SNAT --to-source 10.78.0.77", "SNAT --to-source 10.78.0.77:20000-30000", "MASQUERADE");
  }
  if (later.length > 0 && random() < 0.6) return random() < 0.25 ? ` -g ${pick(later)}` : ` -j ${pick(later)}`;
  return ` -j ${pick(kinds)}`;
}
