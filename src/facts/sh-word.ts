/** One word as sh(1) reads it: in single quotes nothing is special but their end. */
export function shWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
