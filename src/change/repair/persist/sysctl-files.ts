import { phrase } from "../../../facts/phrase.ts";
import type { NodeName } from "../../../facts/provenance.ts";
import type { Reader } from "../../../read/transport/reader.ts";
import { type Conflict, conflicts } from "../../../think/reload/winner.ts";
import { ChangeError } from "../../change-error.ts";
import { type FramedFile, PRINT_FILES, parseFramed } from "../framed-files.ts";
import { Eyes } from "../hands.ts";
import { PERSIST_FILE, withKey } from "./persist.ts";

export type PersistWarning = Conflict;

/** Where systemd-sysctl (sysctl.d(5)), procps (sysctl(8), --system) and ufw (/etc/ufw/sysctl.conf) look. */
const PRINT_ALL = `${PRINT_FILES}
for directory in /etc/sysctl.d /run/sysctl.d /usr/local/lib/sysctl.d /usr/lib/sysctl.d /lib/sysctl.d; do
  for file in "$directory"/*.conf; do emit "$file"; done
done
emit /etc/sysctl.conf
emit /etc/ufw/sysctl.conf
exit 0`;

/** Every file that may set a sysctl on this node. @throws ChangeError unreadable */
export async function readSysctlFiles(reader: Reader, node: NodeName): Promise<readonly FramedFile[]> {
  const [output] = await new Eyes(reader, node, null).run([["sh", "-c", PRINT_ALL]]);
  const { files, whole } = parseFramed(output?.stdout ?? new Uint8Array());
  if (!whole) throw new ChangeError("unreadable", node, phrase("file-changed"));
  return files;
}

/** Lines that will set the key otherwise at the next reload, although ours is there. `by` tells which program reads them so. */
export async function persistWarnings(
  reader: Reader,
  node: NodeName,
  key: string,
  value: string,
): Promise<readonly PersistWarning[]> {
  const files = await readSysctlFiles(reader, node);
  const ours = files.find((file) => file.path === PERSIST_FILE);
  const planned = { path: PERSIST_FILE, content: withKey(ours?.content ?? null, key, value) };
  return conflicts([...files.filter((file) => file !== ours), planned], key, value, PERSIST_FILE).filter(
    ({ wins }) => wins,
  );
}
