// Reads the ledger, migration.yaml: what becomes of each place that is to move.
// Invariant: a ledger with a fault is refused as a whole, with file and line; what pgwitness does not know stays.
// Not here: writing it (update.ts), what ran of it (reports/compare/migration.ts).

import { existsSync, readFileSync } from 'node:fs';
import * as v from 'valibot';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { UsageError } from '../../config/values/errors.js';
import { fitsGlob } from '../../config/values/glob.js';

/** The ledger that is taken where none is named. */
const LEDGER_FILE = 'migration.yaml';

export const STATES = ['todo', 'doing', 'done', 'stays', 'gone'] as const;
export type State = (typeof STATES)[number];

const words = v.string('text is needed here');
const list = v.pipe(
  v.union([words, v.array(words)], 'a text or a list of texts is needed here'),
  v.transform((value) => (typeof value === 'string' ? [value] : value)),
);
const optionalWords = v.nullish(words);

/** The executions of one version: all that is given must fit. */
const sideSchema = v.strictObject({
  fingerprint: v.optional(list),
  /** file, file:line or file:from-to. */
  caller: v.optional(words),
  source: v.optional(words),
  route: v.optional(list),
  /** Value of the tag `flag`. */
  flag: v.optional(words),
});

const fingerprints = v.optional(v.array(v.pipe(words, v.regex(/^[0-9a-z]{16}$/, 'no fingerprint'))), []);
const entrySchema = v.looseObject({
  id: words,
  /** file:line, as the code was last seen. */
  at: v.pipe(words, v.regex(/.:\d+$/, 'write file:line')),
  function: words,
  kind: v.picklist(['raw', 'sqlalchemy'], 'one of raw, sqlalchemy'),
  in_code: v.optional(v.boolean(), true),
  complexity: v.nullish(words),
  tables: v.optional(v.array(words), []),
  /** First and last line of the function. */
  function_lines: v.nullish(v.tuple([v.number(), v.number()])),
  statements: fingerprints,
  routes: v.optional(v.array(words), []),
  state: v.optional(v.picklist(STATES, `one of ${STATES.join(', ')}`), 'todo'),
  reason: optionalWords,
  owner: optionalWords,
  ticket: v.nullish(v.pipe(v.union([words, v.number()]), v.transform(String))),
  group: optionalWords,
  target: optionalWords,
  old: v.nullish(sideSchema),
  new: v.nullish(sideSchema),
});
const ledgerSchema = v.looseObject({
  version: v.literal(1, 'this release reads version 1'),
  target: v.optional(words, 'django-orm'),
  /** Path pattern to name of the group: the first that fits. */
  groups: v.nullish(v.record(words, words)),
  places: v.optional(v.array(entrySchema), []),
  /** States on the days on which audit wrote the ledger. */
  history: v.optional(
    v.array(
      v.looseObject({
        on: v.pipe(words, v.isoDate('write YYYY-MM-DD')),
        ...(Object.fromEntries(STATES.map((state) => [state, v.optional(v.number(), 0)])) as Record<
          State,
          v.OptionalSchema<v.NumberSchema<undefined>, 0>
        >),
      }),
    ),
    [],
  ),
});

export type LedgerEntry = v.InferOutput<typeof entrySchema>;
export type LedgerSide = v.InferOutput<typeof sideSchema>;
type LedgerData = v.InferOutput<typeof ledgerSchema>;

export interface Ledger extends LedgerData {
  /** Its file, for people. */
  readonly file: string;
}

/** The YAML document beside what it says, to be written again. */
export interface OpenLedger {
  readonly ledger: Ledger;
  readonly document: Document;
}

/** Throws UsageError for a file that cannot be read or has a fault, with file and line. */
export function readLedger(file: string): Ledger {
  return openLedger(file).ledger;
}

/** The ledger that is named; else ./migration.yaml; undefined where neither is. Throws UsageError. */
export function findLedger(file: string | undefined): Ledger | undefined {
  if (file !== undefined) return readLedger(file);
  return existsSync(LEDGER_FILE) ? readLedger(LEDGER_FILE) : undefined;
}

/** As readLedger, for writing. Throws UsageError. */
export function openLedger(file: string): OpenLedger {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    const hint = `make it with: pgwitness audit PATH --ledger ${file}`;
    throw new UsageError(`the ledger cannot be read (${reason})`, { where: file, hint, cause: error });
  }
  return parseLedger(text, file);
}

/** `file` is only named. Throws UsageError. */
export function parseLedger(text: string, file: string): OpenLedger {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (keys: readonly PropertyKey[]): string => {
    for (let length = keys.length; length >= 0; length--) {
      const node = document.getIn(keys.slice(0, length), true);
      if (isNode(node) && node.range) return `${file}:${lines.linePos(node.range[0]).line}`;
    }
    return file;
  };
  const fault = document.errors[0];
  if (fault !== undefined) {
    throw new UsageError(fault.message, {
      where: `${file}:${lines.linePos(fault.pos[0]).line}`,
      hint: 'correct the YAML',
    });
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new UsageError((error as Error).message, { where: file, hint: 'write values out instead of aliases' });
  }
  const read = v.safeParse(ledgerSchema, value);
  if (!read.success) {
    const [issue] = read.issues;
    const keys = (issue.path ?? []).map((item) => item.key as PropertyKey);
    const hint = keys.length === 0 ? 'a ledger begins with: version: 1' : `see ${keys.map(String).join('.')}`;
    throw new UsageError(`the ledger is not as it should be: ${issue.message}`, { where: at(keys), hint });
  }
  checkEntries(read.output.places, at);
  return { ledger: { ...read.output, file }, document };
}

function checkEntries(entries: readonly LedgerEntry[], at: (keys: readonly PropertyKey[]) => string): void {
  const known = new Set<string>();
  for (const [index, { id, state, reason }] of entries.entries()) {
    if (known.has(id)) {
      const hint = 'leave one of them';
      throw new UsageError(`the place ${id} stands twice in the ledger`, { where: at(['places', index]), hint });
    }
    known.add(id);
    if (state === 'stays' && (reason ?? '').trim() === '') {
      throw new UsageError('a place that stays has no reason', {
        where: at(['places', index, 'state']),
        hint: 'write reason: why it stays',
      });
    }
  }
}

/** Of a place without a group of its own: the first pattern of `groups` that fits its file, else its first folder. */
export function groupOf(entry: Pick<LedgerEntry, 'at' | 'group'>, ledger: Pick<Ledger, 'groups'>): string {
  if (entry.group) return entry.group;
  const { file } = placeAt(entry.at);
  for (const [pattern, name] of Object.entries(ledger.groups ?? {})) {
    if (fitsGlob(file, pattern)) return name;
  }
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : file;
}

export function placeAt(at: string): { file: string; line: number } {
  const colon = at.lastIndexOf(':');
  return { file: at.slice(0, colon), line: Number(at.slice(colon + 1)) };
}
