// Reads patterns of the config file: a whole text, or one with `*` at its ends.
// Invariant: a test is linear in the length of the value. Not here: expressions over SQL (sql-pattern.ts).

/** "/api/*" begins so, "*-worker" ends so, "*web*" has it anywhere. */
export function globTest(pattern: string): (value: string) => boolean {
  const front = pattern.startsWith('*');
  const back = pattern.length > 1 && pattern.endsWith('*');
  const core = pattern.slice(front ? 1 : 0, back ? -1 : undefined);
  if (front && back) return (value) => value.includes(core);
  if (front) return (value) => value.endsWith(core);
  if (back) return (value) => value.startsWith(core);
  return (value) => value === core;
}
