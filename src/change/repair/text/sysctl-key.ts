/** sysctl(8): between parts a dot, and a slash for a dot inside a part: `net.ipv4.conf.flannel/1.forwarding`. */
export function sysctlFile(key: string): string {
  return swapped(key);
}

/** The key of a file below /proc/sys: `net/ipv4/conf/flannel.1/forwarding`. */
export function sysctlKey(file: string): string {
  return swapped(file);
}

function swapped(text: string): string {
  return text.replace(/[./]/g, (sign) => (sign === "." ? "/" : "."));
}
