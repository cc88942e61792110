// Moments that become marks by themselves: DDL that succeeded on the wire, and the first statement with a new app_version tag.
// Invariant: bounded, whatever is sent: the same DDL is marked once in REPEAT_MS, at most WAITING_MAX marks wait for a flush, and at most
// VERSIONS_MAX versions are told apart. Not here: marks that people set (cli/mark.ts), the table (storage/sqlite/marks.ts).

/** As the store takes it. */
export interface Mark {
  atMs: number;
  kind: 'ddl' | 'app-version';
  name: string;
  fingerprint: string;
  source: string;
}

/** Comment tag that names the running version of the application. */
export const VERSION_TAG = 'app_version';

const REPEAT_MS = 3_600_000;
const WAITING_MAX = 1_000;
const VERSIONS_MAX = 1_000;
const DDL_REMEMBERED_MAX = 1_000;
const NAME_CHARS_MAX = 200;
/** Command tags that begin like this change what plans are made of. */
const DDL_COMMANDS: ReadonlySet<string> = new Set(['CREATE', 'ALTER', 'DROP', 'REINDEX', 'CLUSTER', 'REFRESH']);
/** Objects no query plan depends on. */
const NO_PLAN =
  /^(?:CREATE|ALTER|DROP) (?:ROLE|USER|DATABASE|SUBSCRIPTION|PUBLICATION|SERVER|CAST|COLLATION|CONVERSION|LANGUAGE)/;

export class Marks {
  #pending: Mark[] = [];
  readonly #ddl = new Map<string, number>();
  readonly #versions = new Set<string>();

  /** `command`: the completion's tag. Called for each counted statement that succeeded; cheap for what is no DDL. */
  noteCommand(
    command: string,
    statement: { atMs: number; fingerprint: string; source: string; summary: string },
  ): void {
    const space = command.indexOf(' ');
    if (!DDL_COMMANDS.has(space < 0 ? command : command.slice(0, space)) || NO_PLAN.test(command)) return;
    const { atMs, fingerprint, source, summary } = statement;
    const last = this.#ddl.get(fingerprint);
    if (last !== undefined && atMs - last < REPEAT_MS) return;
    this.#ddl.delete(fingerprint);
    this.#ddl.set(fingerprint, atMs);
    if (this.#ddl.size > DDL_REMEMBERED_MAX) this.#ddl.delete(this.#ddl.keys().next().value as string);
    const name = (summary.startsWith(command) ? summary : `${command} ${summary}`).trim().slice(0, NAME_CHARS_MAX);
    this.#add({ atMs, kind: 'ddl', name, fingerprint, source });
  }

  noteTags(tags: readonly (readonly [key: string, value: string])[], atMs: number): void {
    for (const [key, value] of tags) {
      if (key !== VERSION_TAG || value === '' || this.#versions.has(value)) continue;
      if (this.#versions.size >= VERSIONS_MAX) return;
      this.#versions.add(value);
      this.#add({ atMs, kind: 'app-version', name: value.slice(0, NAME_CHARS_MAX), fingerprint: '', source: '' });
    }
  }

  pending(): readonly Mark[] {
    return this.#pending;
  }

  stored(): void {
    this.#pending = [];
  }

  #add(mark: Mark): void {
    if (this.#pending.length < WAITING_MAX) this.#pending.push(mark);
  }
}
