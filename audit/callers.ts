// Reads the tag `caller`: the line of the application that a statement came from.
// Invariant: two paths are one file where either goes on with the other: they may start at different folders.
// Not here: which place of the code a line is in (join.ts).

export interface Caller {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** '' = it does not say. */
  readonly function: string;
}

/** Of `file:line` or `file:line function`; undefined for what is none. */
export function callerOf(name: string): Caller | undefined {
  const found = /^(.*):(\d+)(?: (.*))?$/.exec(name);
  return found === null ? undefined : { name, file: found[1], line: Number(found[2]), function: found[3] ?? '' };
}

/** `ofCode`: as the audit names it, `Class.method`. Python 3.10 tells the last part alone. */
export function isSameFunction(ofCode: string, told: string): boolean {
  const parts = ofCode.split('.').filter((part) => !part.startsWith('<'));
  return parts.join('.') === told || (!told.includes('.') && parts.at(-1) === told);
}

export function isSameFile(one: string, other: string): boolean {
  return `/${one}`.endsWith(`/${other}`) || `/${other}`.endsWith(`/${one}`);
}
