import type { Command, Limits, Reader, Stream } from "../../read/transport/reader.ts";
import { CaptureDecoder, type CapturePlace } from "../decode/capture.ts";
import type { Frame } from "../sighting.ts";
import type { Place } from "./place.ts";
import { tcpdumpArgv, type TcpdumpOptions } from "./tcpdump-argv.ts";

/** What tcpdump says when it ends. */
export interface TcpdumpCounts {
  readonly captured: number;
  readonly received: number;
  readonly dropped: number;
}

export interface ListenerOptions {
  readonly reader: Reader;
  readonly place: Place;
  readonly capture: CapturePlace;
  readonly limits: Limits;
  readonly maxFrames: number;
  /** Opens the file for the raw capture, emptying what an earlier try left in it. */
  readonly keep: (() => (chunk: Uint8Array) => void) | null;
  readonly tcpdump: TcpdumpOptions;
}

const MAX_STDERR_LINES = 64;
/** Words with which tcpdump and libpcap begin to listen: then no packet is missed. */
const LISTENING = /listening on (.+), link-type (\w+)/;

/** One tcpdump. */
export class Listener {
  readonly frames: Frame[] = [];
  readonly stderr: string[] = [];
  /** DLT name, as LINUX_SLL2; null until it listens. */
  linkType: string | null = null;
  overflowed = false;
  /** It was over before it was stopped: by its deadline, its byte limit, or the node. */
  endedEarly = false;
  counts: TcpdumpCounts | null = null;
  readonly stream: Stream;
  readonly options: ListenerOptions;
  private readonly decoder: CaptureDecoder;
  private readonly drained: Promise<unknown>;
  private isOver = false;
  private readonly started: Promise<boolean>;

  constructor(options: ListenerOptions) {
    this.options = options;
    this.decoder = new CaptureDecoder(options.capture);
    const command: Command = { name: "tcpdump", argv: tcpdumpArgv(options.tcpdump), netns: options.place.path };
    this.stream = options.reader.tap(options.place.node, command, options.limits);
    void this.stream.done.then(() => {
      this.isOver = true;
    });
    let onStarted: (listens: boolean) => void = () => {};
    this.started = new Promise((resolve) => {
      onStarted = resolve;
    });
    this.drained = Promise.allSettled([this.readStdout(), this.readStderr(onStarted)]);
  }

  /** True once it listens; false when it ended before, or did not within `timeoutMs`. */
  listens(timeoutMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), timeoutMs);
    });
    return Promise.race([this.started, late]).finally(() => clearTimeout(timer));
  }

  async stop(): Promise<void> {
    this.endedEarly = this.isOver;
    await this.stream.stop();
    await this.drained;
    this.counts = readCounts(this.stderr);
  }

  get failure(): string | null {
    return this.decoder.pcap.failure;
  }

  get records(): number {
    return this.decoder.pcap.records;
  }

  private async readStdout(): Promise<void> {
    const { keep, maxFrames } = this.options;
    const onChunk = keep?.();
    for await (const chunk of this.stream.stdout) {
      onChunk?.(chunk);
      this.decoder.push(chunk, (frame) => {
        if (this.frames.length < maxFrames) this.frames.push(frame);
        else this.overflowed = true;
      });
    }
  }

  private async readStderr(onStarted: (listens: boolean) => void): Promise<void> {
    try {
      for await (const line of this.stream.stderr) {
        if (this.stderr.length < MAX_STDERR_LINES) this.stderr.push(line);
        else this.stderr.splice(MAX_STDERR_LINES / 2, 1, line);
        const match = LISTENING.exec(line);
        if (match === null) continue;
        this.linkType = match[2] as string;
        onStarted(true);
      }
    } finally {
      onStarted(false);
    }
  }
}

/** `3 packets captured`, `4 packets received by filter`, `0 packets dropped by kernel`, and `… by interface` where it is not 0. */
export function readCounts(lines: readonly string[]): TcpdumpCounts | null {
  const count = (words: string) => {
    for (const line of lines) {
      const match = new RegExp(`^(\\d{1,15}) packets? ${words}`).exec(line.trim());
      if (match !== null) return Number(match[1]);
    }
    return null;
  };
  const captured = count("captured");
  const received = count("received by filter");
  const dropped = count("dropped by kernel");
  if (captured === null || received === null || dropped === null) return null;
  return { captured, received, dropped: dropped + (count("dropped by interface") ?? 0) };
}
