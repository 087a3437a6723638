/** What a bundle may hold, whoever wrote it. A recording that would be larger is refused before it is written. */
export const BUNDLE_LIMITS = {
  files: 100_000,
  totalBytes: 2 * 1024 ** 3,
  /** One output of a tool, or one list of objects. */
  fileBytes: 64 << 20,
  captureBytes: 256 << 20,
  manifestBytes: 48 << 20,
} as const;

export type BundleLimits = { readonly [K in keyof typeof BUNDLE_LIMITS]: number };

export const MANIFEST = "manifest.json";
/** Directories beside those of the nodes. */
export const NOT_NODES: ReadonlySet<string> = new Set(["api", "capture"]);
/** NODE/pods/POD/FILE, capture/NODE/pods/POD.pcap */
const MOST_PARTS = 4;
/** One part of a path inside a bundle. */
const PART = /^(?!\.)[A-Za-z0-9._:@+-]{1,255}$/;

export function isPart(name: string): boolean {
  return PART.test(name);
}

/** The parts of a name that cannot lead anywhere else; null for any other. */
export function partsOf(name: string): readonly string[] | null {
  const parts = name.split("/");
  return parts.length <= MOST_PARTS && parts.every(isPart) ? parts : null;
}

/** A name as part of a path: what a path cannot hold is replaced. */
export function asPart(name: string): string {
  const safe = name.replace(/[^A-Za-z0-9._:@+-]/g, "-").slice(0, 200);
  return isPart(safe) ? safe : `_${safe}`;
}

export function mostBytes(name: string, limits: BundleLimits): number {
  if (name === MANIFEST) return limits.manifestBytes;
  return name.startsWith("capture/") ? limits.captureBytes : limits.fileBytes;
}

/** The file that a command's output lies in: its name without a folder, `.json` where the tool was asked for that. */
export function fileOf(command: { readonly name: string; readonly argv: readonly string[] }): string {
  const name = command.name.slice(command.name.lastIndexOf("/") + 1);
  return `${name}.${command.argv.includes("-j") ? "json" : "txt"}`;
}
