export function snapshotScript(version: string): string {
  return `${version}\n`;
}
