/** Sysctls that are secrets: keys of TCP Fast Open's cookies, of stable IPv6 addresses, of receive hashing. */
const SECRET_SYSCTLS = ["tcp_fastopen_key", "stable_secret", "netdev_rss_key"] as const;
/** As grep's options, for a node that sorts them out itself. */
export const SECRET_SYSCTL_NAMES: readonly string[] = SECRET_SYSCTLS;

const SECRET_LINE = new RegExp(`^.*\\b(?:${SECRET_SYSCTLS.join("|")})\\b.*\\n?`, "gm");

/** An output of a command without what nobody needs to know to follow a packet. */
export function withoutSecrets(file: string, bytes: Uint8Array): Uint8Array {
  if (file !== "sysctl-net.txt") return bytes;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  return SECRET_LINE.test(text) ? Buffer.from(text.replace(SECRET_LINE, ""), "latin1") : bytes;
}
