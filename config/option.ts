// Says what an option is, and how its name is written in a flag, a variable and the file.
// Not here: the options (options.ts).

/**
 * Which process an option is for, and what a reload of it costs.
 * 'relay': the relay alone; the observer never sees a change. 'observer': the observer is started again for a change.
 * 'live': a running observer takes a change.
 */
export type Concern = 'relay' | 'observer' | 'live';

export interface Option<T> {
  /** Key in the config file. `flushInterval` is --flush-interval and PGWITNESS_FLUSH_INTERVAL. */
  readonly name: string;
  /** A name it had before, which still works everywhere with a warning. */
  readonly formerName?: string;
  /** Shown in --help; '' for a flag without a value, which means "on". */
  readonly value: string;
  readonly fallback: string;
  readonly help: string;
  readonly concern: Concern;
  readonly read: (text: string, where: string) => T;
}

/** Keeps the type of what it reads. */
export function option<T>(definition: Option<T>): Option<T> {
  return definition;
}

/** A text that is taken as it is; none by default. */
export function written(definition: Pick<Option<string>, 'name' | 'value' | 'concern' | 'help'>): Option<string> {
  return { ...definition, fallback: '', read: (text) => text };
}

/** The names that an option may be written by: its own first, then a former one. */
export function namesOf({ name, formerName }: { readonly name: string; readonly formerName?: string }): string[] {
  return formerName === undefined ? [name] : [name, formerName];
}

/** `flushInterval` → `flush-interval`. */
export function flagName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => '-' + letter.toLowerCase());
}

/** `flushInterval` → `PGWITNESS_FLUSH_INTERVAL`. */
export function environmentName(name: string): string {
  return 'PGWITNESS_' + flagName(name).replaceAll('-', '_').toUpperCase();
}
