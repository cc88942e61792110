// Makes marks from traffic: DDL that succeeded, and the first statement with a new app_version tag.
// Invariant: bounded whatever is sent: the same DDL is marked once in REPEAT_MS, at most WAITING_MAX marks wait for a
// flush, at most VERSIONS_MAX versions are told apart. Not here: marks that people set (cli/commands/mark.ts), the
// table (storage/sqlite/tables/marks.ts).

import { VERSION_KEY } from '../../config/values/tag-keys.js';
import type { MarkRow } from '../../facts/flush.js';
import type { Pending } from '../../facts/pending.js';

const REPEAT_MS = 3_600_000;
const WAITING_MAX = 1_000;
const VERSIONS_MAX = 1_000;
const DDL_REMEMBERED_MAX = 1_000;
const NAME_CHARS_MAX = 200;
/** First words of command tags after which plans may change. */
const DDL_COMMANDS: ReadonlySet<string> = new Set(['CREATE', 'ALTER', 'DROP', 'REINDEX', 'CLUSTER', 'REFRESH']);
/** Changes of objects on which no query plan depends. */
const NO_PLAN =
  /^(?:CREATE|ALTER|DROP) (?:ROLE|USER|DATABASE|SUBSCRIPTION|PUBLICATION|SERVER|CAST|COLLATION|CONVERSION|LANGUAGE)/;

/** Temporary tables: no plan of another session depends on them. */
const TEMPORARY = /^\s*create\s+(?:(?:local|global)\s+)?temp/i;

/** Hot path: whether a completion's tag may be DDL. */
export function isDdl(command: string): boolean {
  const first = command.charCodeAt(0);
  // C, A, D and R. Ordinary statements begin with S, I, U, D and B.
  if (first !== 67 && first !== 65 && first !== 68 && first !== 82) return false;
  const space = command.indexOf(' ');
  return DDL_COMMANDS.has(space < 0 ? command : command.slice(0, space));
}

export class Marks implements Pending<MarkRow> {
  #pending: MarkRow[] = [];
  /** Marks that were not made, because there were too many. */
  droppedTotal = 0;
  readonly #ddl = new Map<string, number>();
  readonly #versions = new Set<string>();
  readonly #versionsDropped = new Set<string>();

  /** `command`: the tag of a completion for which isDdl() is true. */
  noteDdl(
    command: string,
    statement: { atMs: number; fingerprint: string; source: string; summary: string; query: string },
  ): void {
    const { atMs, fingerprint, source, summary } = statement;
    if (NO_PLAN.test(command) || TEMPORARY.test(statement.query)) return;
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
      if (key !== VERSION_KEY || value === '' || this.#versions.has(value)) continue;
      if (this.#versions.size >= VERSIONS_MAX) {
        this.#drop(value);
        return;
      }
      this.#versions.add(value);
      this.#add({ atMs, kind: 'app-version', name: value.slice(0, NAME_CHARS_MAX), fingerprint: '', source: '' });
    }
  }

  /** Counts a version once, and at most VERSIONS_MAX of them: every statement of it comes here. */
  #drop(version: string): void {
    if (this.#versionsDropped.has(version) || this.#versionsDropped.size >= VERSIONS_MAX) return;
    this.#versionsDropped.add(version);
    this.droppedTotal++;
  }

  pending(): readonly MarkRow[] {
    return this.#pending;
  }

  stored(): void {
    this.#pending = [];
  }

  #add(mark: MarkRow): void {
    if (this.#pending.length < WAITING_MAX) this.#pending.push(mark);
    else this.droppedTotal++;
  }
}
