/** 256 bytes hold the headers of two tunnels and the tags of our probes. */
const SNAP_LENGTH = "256";

export interface TcpdumpOptions {
  readonly interface: string;
  /** Null: both, told apart by the capture itself. */
  readonly direction: "in" | "out" | null;
  /** pcap-filter(7); empty for everything. */
  readonly filter: string;
  /** Packets are handed over as they come. Without it the last ones are lost when tcpdump is stopped. */
  readonly immediate: boolean;
  /** Builds that want to become a user `tcpdump` fail where there is none, unless told to stay root. */
  readonly stayRoot: boolean;
}

/** tcpdump(8). Never promiscuous: that makes MAC faults look alive, and can heal them. */
export function tcpdumpArgv(options: TcpdumpOptions): readonly string[] {
  return [
    "tcpdump",
    ...(options.immediate ? ["--immediate-mode"] : []),
    ...(options.stayRoot ? ["-Z", "root"] : []),
    ...(options.direction === null ? [] : ["-Q", options.direction]),
    "-p",
    "-n",
    "-i",
    options.interface,
    "-s",
    SNAP_LENGTH,
    "-U",
    "-w",
    "-",
    ...(options.filter === "" ? [] : ["--", options.filter]),
  ];
}
