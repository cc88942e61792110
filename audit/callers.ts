// Reads the tag `caller`: the line of the application that a statement came from.
// Invariant: two paths are one file where either goes on with the other: they may start at different folders.
// Not here: which place of the code a line is in (join.ts).

export interface Caller {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

/** Of `file:line`; undefined for what is none. */
export function callerOf(name: string): Caller | undefined {
  const found = /^(.*):(\d+)(?: .*)?$/.exec(name);
  return found === null ? undefined : { name, file: found[1], line: Number(found[2]) };
}

export function isSameFile(one: string, other: string): boolean {
  return `/${one}`.endsWith(`/${other}`) || `/${other}`.endsWith(`/${one}`);
}
