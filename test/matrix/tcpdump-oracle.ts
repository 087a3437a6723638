import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Where a packet really died, told from the text that stock tcpdump prints on all interfaces of every namespace: no
 * decoder of ours. All namespaces of a lab share one clock, so here (and only here) time orders sightings.
 */

export interface OraclePlace {
  readonly node: string;
  /** `host` or `pod:NAMESPACE/NAME`, as in a verdict. */
  readonly netns: string;
  /** Name under /run/netns. */
  readonly name: string;
}

export interface Seen {
  readonly node: string;
  readonly netns: string;
  readonly interface: string;
  readonly direction: "in" | "out";
  readonly header: "inner" | "outer";
  readonly atUs: number;
  readonly order: number;
}

/** One connection attempt, by the initial sequence number of its SYN. */
export interface Attempt {
  readonly isn: number;
  /** As first seen, before any translation. */
  readonly to: string;
  readonly answered: boolean;
  readonly lastHop: Seen & { readonly leg: "request" | "reply" };
}

const LINE = /^(\d\d):(\d\d):(\d\d)\.(\d{6}) +(\S+) +(In|Out|B|M|P) +(.*)$/;

export class Oracle {
  readonly #taps: { place: OraclePlace; child: ChildProcess; text: string }[] = [];

  /** Resolves when every tap listens. */
  async start(places: readonly OraclePlace[]): Promise<void> {
    await Promise.all(
      places.map(async (place) => {
        const argv = ["-l", "-nn", "-S", "-p", "--immediate-mode", "-s", "256", "-i", "any", "tcp or udp port 8472 or udp port 4789 or ip proto 4"];
        const child = spawn("nsenter", [`--net=/run/netns/${place.name}`, "tcpdump", ...argv], { stdio: ["ignore", "pipe", "pipe"] });
        const tap = { place, child, text: "" };
        this.#taps.push(tap);
        child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
          tap.text += chunk;
        });
        await new Promise<void>((resolve, reject) => {
          child.once("error", reject);
          child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
            if (chunk.includes("listening on")) resolve();
          });
        });
      }),
    );
  }

  async stop(): Promise<readonly Attempt[]> {
    await sleep(150);
    await Promise.all(
      this.#taps.map(
        ({ child }) =>
          new Promise<void>((resolve) => {
            child.once("close", () => resolve());
            child.kill("SIGINT");
          }),
      ),
    );
    const packets = this.#taps.flatMap(({ place, text }) => readText(place, text));
    this.#taps.length = 0;
    return attemptsOf(packets);
  }
}

interface TcpSeen extends Seen {
  readonly flags: string;
  readonly seq: number;
  readonly ack: number | null;
  readonly to: string;
}

/** A tunnelled packet prints its outer header on the line with the time, and the inner one on the same or the next. */
function readText(place: OraclePlace, text: string): TcpSeen[] {
  const seen: TcpSeen[] = [];
  let head: { atUs: number; link: string; direction: "in" | "out"; body: string } | null = null;
  let order = 0;
  const flush = (): void => {
    if (head === null) return;
    const tcp = /IP [\d.]+\.\d+ > ([\d.]+\.\d+): Flags \[([^\]]+)\], seq (\d+)[^]*?(?:, ack (\d+))?(?:,|$)/.exec(head.body);
    if (tcp !== null) {
      const ack = /, ack (\d+)/.exec(head.body.slice(tcp.index));
      seen.push({
        node: place.node,
        netns: place.netns,
        interface: head.link,
        direction: head.direction,
        header: /VXLAN|OTV|IP [\d.]+ > [\d.]+: IP /.test(head.body) ? "outer" : "inner",
        atUs: head.atUs,
        order: order++,
        to: tcp[1] ?? "",
        flags: tcp[2] ?? "",
        seq: Number(tcp[3]),
        ack: ack === null ? null : Number(ack[1]),
      });
    }
    head = null;
  };
  for (const line of text.split("\n")) {
    const match = LINE.exec(line);
    if (match === null) {
      if (head !== null) head.body += ` ${line.trim()}`;
      continue;
    }
    flush();
    const [, h, m, s, us, link = "", direction, body = ""] = match;
    head = {
      atUs: ((Number(h) * 60 + Number(m)) * 60 + Number(s)) * 1e6 + Number(us),
      link,
      direction: direction === "Out" ? "out" : "in",
      body,
    };
  }
  flush();
  return seen;
}

function attemptsOf(packets: readonly TcpSeen[]): readonly Attempt[] {
  const inTime = [...packets].sort((a, b) => a.atUs - b.atUs || a.order - b.order);
  const syns = new Map<number, TcpSeen[]>();
  for (const p of inTime) if (p.flags === "S") syns.set(p.seq, [...(syns.get(p.seq) ?? []), p]);
  return [...syns].map(([isn, sightings]) => {
    const [first] = sightings;
    if (first === undefined) throw new Error("a SYN without a sighting");
    // A retransmission comes a second later and starts over: only the first run counts.
    const request = sightings.filter((p) => p.atUs - first.atUs < 900_000);
    const replies = inTime.filter((p) => p.flags === "S." && p.ack === ((isn + 1) >>> 0));
    const reply = replies.filter((p) => replies[0] !== undefined && p.atUs - replies[0].atUs < 900_000);
    const answered = reply.some((p) => p.node === first.node && p.netns === first.netns && p.interface === first.interface && p.direction === "in");
    const last = reply.at(-1) ?? request.at(-1) ?? first;
    return { isn, to: first.to, answered, lastHop: { ...last, leg: reply.length > 0 ? "reply" : "request" } };
  });
}
