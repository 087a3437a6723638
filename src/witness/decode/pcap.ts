/** One record of a capture file. */
export interface PcapRecord {
  /** What holds the captured bytes, from `from` to before `to`: copy them to keep them beyond the chunk. */
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  /** Length on the wire; more than `to - from` when the snapshot length cut it. */
  readonly wireLength: number;
  /** Since the epoch, by the clock of the machine that captured it. */
  readonly atNs: bigint;
}

/** libpcap's MAXIMUM_SNAPLEN: no honest record is longer. */
const MAX_RECORD_BYTES = 262_144;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;

/**
 * Reads classic pcap (pcap-savefile(5)) from chunks of any size: both byte orders, micro- and nanoseconds. A file that ends
 * in the middle of a record is normal (the tap was stopped). What is no such file sets `failure`, and nothing more is read.
 */
export class PcapReader {
  /** LINKTYPE_ value; null until the file header came. */
  linkType: number | null = null;
  snapLength: number | null = null;
  /** Why reading stopped, in words; null while all is well. */
  failure: string | null = null;
  records = 0;
  private pending: Uint8Array[] = [];
  private pendingBytes = 0;
  /** Nothing can be read before that many bytes are there: so that tiny chunks are joined once, not each time. */
  private neededBytes = FILE_HEADER_BYTES;
  private littleEndian = true;
  /** Nanoseconds in a unit of the file's fractions of a second. */
  private unitNs = 1000;
  /** The second of the record before, and the same in nanoseconds: arithmetic of big integers is dear. */
  private second = -1;
  private secondNs = 0n;

  /** Calls `onRecord` for every record that became complete. */
  push(chunk: Uint8Array, onRecord: (record: PcapRecord) => void): void {
    if (this.failure !== null || chunk.length === 0) return;
    this.pending.push(chunk);
    this.pendingBytes += chunk.length;
    if (this.pendingBytes < this.neededBytes) return;
    const bytes = this.pending.length === 1 ? chunk : Buffer.concat(this.pending, this.pendingBytes);
    const read = this.readRecords(bytes, onRecord);
    const rest = bytes.subarray(read);
    this.pending = rest.length === 0 ? [] : [rest];
    this.pendingBytes = rest.length;
  }

  /** Bytes of a record, or of the file header, that never became whole. */
  get truncatedBytes(): number {
    return this.pendingBytes;
  }

  private readRecords(bytes: Uint8Array, onRecord: (record: PcapRecord) => void): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    if (this.linkType === null) {
      if (!this.readFileHeader(view)) return bytes.length;
      at = FILE_HEADER_BYTES;
    }
    const little = this.littleEndian;
    while (at + RECORD_HEADER_BYTES <= bytes.length) {
      const captured = view.getUint32(at + 8, little);
      if (captured > MAX_RECORD_BYTES) {
        this.failure = `record ${this.records + 1} claims ${captured} bytes: the capture is damaged from there on`;
        return bytes.length;
      }
      const end = at + RECORD_HEADER_BYTES + captured;
      if (end > bytes.length) {
        this.neededBytes = end - at;
        return at;
      }
      this.records++;
      onRecord({
        bytes,
        from: at + RECORD_HEADER_BYTES,
        to: end,
        wireLength: view.getUint32(at + 12, little),
        atNs: this.timeNs(view.getUint32(at, little), view.getUint32(at + 4, little)),
      });
      at = end;
    }
    this.neededBytes = RECORD_HEADER_BYTES;
    return at;
  }

  private timeNs(second: number, fraction: number): bigint {
    if (second !== this.second) {
      this.second = second;
      this.secondNs = BigInt(second) * 1_000_000_000n;
    }
    return this.secondNs + BigInt(fraction * this.unitNs);
  }

  private readFileHeader(view: DataView): boolean {
    const magic = view.getUint32(0, true);
    const swapped = view.getUint32(0, false);
    if (magic === 0x0a0d0d0a) {
      this.failure = "a pcapng file: only classic pcap is read (convert it with: editcap -F pcap IN OUT)";
    } else if (magic === 0xa1b2c3d4 || swapped === 0xa1b2c3d4) {
      this.unitNs = 1000;
    } else if (magic === 0xa1b23c4d || swapped === 0xa1b23c4d) {
      this.unitNs = 1;
    } else {
      this.failure = "not a pcap file";
    }
    if (this.failure !== null) return false;
    this.littleEndian = magic === 0xa1b2c3d4 || magic === 0xa1b23c4d;
    this.snapLength = view.getUint32(16, this.littleEndian);
    // The upper six bits tell of a frame check sequence, which no tap of Linux delivers.
    this.linkType = view.getUint32(20, this.littleEndian) & 0x03ffffff;
    return true;
  }
}
