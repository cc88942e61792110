// Writes the ledger: adds places, follows those that moved, and says which left the code.
// Invariant: what a person wrote stays: comments, order, own keys, and every state but those of places that left the
// code or came back. The file is replaced as a whole, or not touched.
// Not here: reading it (ledger.ts), which entry a place belongs to (follow.ts).

import { existsSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { type Document, isMap, isSeq, type YAMLMap, type YAMLSeq } from 'yaml';
import { RuntimeError, UsageError } from '../../config/values/errors.js';
import type { AuditAnswer, AuditedPlace } from '../answer.js';
import type { CodePlace } from '../catalogue.js';
import { followPlaces, type ToMove } from './follow.js';
import { type Ledger, type LedgerEntry, openLedger, parseLedger, placeAt, STATES, type State } from './ledger.js';

export interface LedgerChanges {
  readonly ledger: Ledger;
  /** Entries by what happened to them. */
  readonly added: readonly LedgerEntry[];
  readonly moved: readonly LedgerEntry[];
  /** They left the code and are done, since the function now uses the target … */
  readonly done: readonly LedgerEntry[];
  /** … or gone. */
  readonly gone: readonly LedgerEntry[];
  /** In the code again. */
  readonly back: readonly LedgerEntry[];
}

const STATEMENTS_MAX = 20;
const ROUTES_MAX = 20;
const HISTORY_MAX = 800;

const HEAD = ` The ledger of the migration: what becomes of each place that touches the database.
 pgwitness audit PATH --ledger FILE adds places and keeps where they are. Yours are state (todo, doing, done, stays, gone),
 reason, owner, ticket, group, target, old and new: docs/AUDIT.md has them.`;

/** Makes or updates the file. Throws UsageError for a ledger with a fault or of other code, and RuntimeError. */
export function updateLedger(file: string, answer: AuditAnswer, today: string): LedgerChanges {
  const { ledger, document } = existsSync(file) ? openLedger(file) : parseLedger('version: 1\nplaces: []\n', file);
  if (document.commentBefore == null && ledger.places.length === 0) document.commentBefore = HEAD;
  const places = answer.places.filter(({ place }) => place.kind !== 'orm').map(toMove);
  refuseOtherCode(ledger, answer);
  const list = listIn(document, 'places');
  const { places: followed, added, left } = followPlaces(ledger.places, places);
  const changes: Record<'added' | 'moved' | 'done' | 'gone' | 'back', string[]> = {
    added: [],
    moved: [],
    done: [],
    gone: [],
    back: [],
  };
  for (const [index, one] of followed) {
    const entry = ledger.places[index];
    const node = list.items[index] as YAMLMap;
    if (entry.id !== one.place.id) changes.moved.push(one.place.id);
    if (entry.state === 'gone') {
      node.set('state', 'todo');
      changes.back.push(one.place.id);
    }
    describe(document, node, { one, entry });
  }
  for (const index of left) {
    const entry = ledger.places[index];
    const node = list.items[index] as YAMLMap;
    if (entry.in_code) node.set('in_code', false);
    const ported = portOf(entry, answer.places);
    if (ported?.function_lines != null) {
      setList(document, node, { key: 'function_lines', values: ported.function_lines, before: entry.function_lines });
    }
    if (entry.state !== 'todo' && entry.state !== 'doing') continue;
    const state = ported === undefined ? 'gone' : 'done';
    node.set('state', state);
    changes[state].push(entry.id);
  }
  for (const one of added) {
    const node = document.createNode({ id: one.place.id }) as YAMLMap;
    describe(document, node, { one });
    node.set('state', 'todo');
    list.add(node);
    changes.added.push(one.place.id);
  }
  noteToday(document, today);
  const text = document.toString({ lineWidth: 0 });
  const { ledger: written } = parseLedger(text, file);
  write(file, text);
  const entries = new Map(written.places.map((entry) => [entry.id, entry]));
  const of = (ids: readonly string[]): LedgerEntry[] => ids.map((id) => entries.get(id)!);
  return {
    ledger: written,
    added: of(changes.added),
    moved: of(changes.moved),
    done: of(changes.done),
    gone: of(changes.gone),
    back: of(changes.back),
  };
}

/** The answer with what the ledger says of each place. */
export function withStates(answer: AuditAnswer, ledger: Ledger | undefined): AuditAnswer {
  const states = new Map(ledger?.places.map(({ id, state }) => [id, state]));
  return { ...answer, places: answer.places.map((one) => ({ ...one, state: states.get(one.place.id) ?? null })) };
}

function toMove({ place, joined, complexity, seen }: AuditedPlace): ToMove {
  const sent = joined.confidence === 'weak' ? [] : joined.statements.map(({ fingerprint }) => fingerprint);
  return {
    place,
    complexity,
    fingerprints: [...new Set([...joined.fingerprints, ...sent])],
    routes: seen?.routes ?? [],
  };
}

/** A wrong folder would say of every place that it is gone. */
function refuseOtherCode(ledger: Ledger, { catalogue }: AuditAnswer): void {
  const here = ledger.places.filter(({ in_code }) => in_code).map(({ at }) => placeAt(at).file);
  const files = new Set(catalogue.places.map(({ file }) => file));
  if (here.length === 0 || here.some((file) => files.has(file))) return;
  throw new UsageError('no file of the ledger is in this code', {
    where: `${ledger.file}, ${catalogue.root}`,
    hint: `look from the folder that the ledger was made of (it names ${here[0]}), or name another ledger`,
  });
}

/** Sets what the code and the traffic say. Statements and routes are added to those known. */
function describe(
  document: Document,
  node: YAMLMap,
  { one, entry }: { one: ToMove; entry?: LedgerEntry | undefined },
): void {
  const { place, complexity, fingerprints, routes } = one;
  const lists = {
    tables: place.tables,
    statements: [...new Set([...(entry?.statements ?? []), ...fingerprints])].slice(-STATEMENTS_MAX),
    routes: [...new Set([...(entry?.routes ?? []), ...routes])].slice(0, ROUTES_MAX),
    function_lines: place.function_lines ?? [],
  };
  set(node, 'id', place.id);
  set(node, 'at', `${place.file}:${place.line}`);
  set(node, 'function', place.function);
  set(node, 'kind', place.kind);
  if (complexity !== null) set(node, 'complexity', complexity);
  for (const [key, values] of Object.entries(lists)) setList(document, node, { key, values, before: entry?.[key] });
  if (entry?.in_code === false) node.delete('in_code');
}

interface ListOf {
  readonly key: string;
  readonly values: readonly unknown[];
  readonly before: unknown;
}

/** An empty list is left out. */
function setList(document: Document, node: YAMLMap, { key, values, before }: ListOf): void {
  if (values.length === 0) node.delete(key);
  else if (JSON.stringify(values) !== JSON.stringify(before)) {
    node.set(key, document.createNode(values, { flow: true }));
  }
}

/** An equal value stays as it was written. */
function set(node: YAMLMap, key: string, value: string): void {
  if (node.get(key) !== value) node.set(key, value);
}

/** A place of the ORM in the entry's function. */
function portOf(entry: LedgerEntry, places: readonly AuditedPlace[]): CodePlace | undefined {
  const { file } = placeAt(entry.at);
  const isIn = (place: CodePlace): boolean => place.file === file && place.function === entry.function;
  return places.map(({ place }) => place).find((place) => place.kind === 'orm' && isIn(place));
}

function noteToday(document: Document, today: string): void {
  const history = listIn(document, 'history');
  const states = (listIn(document, 'places').toJSON() as Array<{ state?: State }>).map(({ state }) => state ?? 'todo');
  const counts = STATES.map((state) => [state, states.filter((one) => one === state).length] as const);
  const line = document.createNode({ on: today, ...Object.fromEntries(counts) }, { flow: true });
  const last = history.items.at(-1);
  if (isMap(last) && last.get('on') === today) history.items.pop();
  history.add(line);
  if (history.items.length > HISTORY_MAX) history.items.splice(0, history.items.length - HISTORY_MAX);
}

function listIn(document: Document, key: string): YAMLSeq {
  let list = document.get(key, true);
  if (!isSeq(list)) {
    document.set(key, document.createNode([]));
    list = document.get(key, true);
  }
  const found = list as YAMLSeq;
  found.flow = false;
  return found;
}

function write(file: string, text: string): void {
  const beside = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(beside, text, { mode: existsSync(file) ? statSync(file).mode & 0o777 : 0o644 });
    renameSync(beside, file);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unwritable';
    throw new RuntimeError(`the ledger cannot be written (${reason})`, { where: file, hint: 'check --ledger' });
  }
}
