// Joins a place whose query is run on another line of its function, such as a queryset.
// Invariant: only what waits is joined so; of the place's table, in lines of its own function.
// Not here: places that run where they stand (join.ts).

import type { StatementFacts } from '../facts/answers.js';
import { mainTableOf } from '../facts/words/short-sql.js';
import { type Caller, isSameFile, isSameFunction } from './callers.js';
import type { CodePlace } from './catalogue.js';

/** The last call of a chain that runs at once, on its own line. All others wait, a manager's own methods too. */
const AT_ONCE: ReadonlySet<string> = new Set(
  `add aggregate bulk_create bulk_update callproc clear contains copy count create delete earliest execute
  executemany exists explain first get get_object_or_404 get_list_or_404 get_or_create in_bulk last latest one one_or_none
  refresh_from_db remove save scalar scalars set update update_or_create`.split(/\s+/),
);

/** Constructs that a hand-written fragment makes of the queryset that it is in. */
const FRAGMENTS: Readonly<Record<string, string>> = { RawSQL: 'rawsql', extra: 'extra' };

export interface FunctionJoin {
  readonly statements: readonly StatementFacts[];
  /** Callers that sent nothing else: their sums are the place's. Empty where there is another. */
  readonly callers: readonly string[];
  /** The lines are of no other place. */
  readonly isAlone: boolean;
}

interface Ran {
  readonly callers: readonly Caller[];
  readonly byCaller: ReadonlyMap<string, readonly StatementFacts[]>;
  /** Sources that the place may send as. */
  readonly sources: readonly string[];
  /** The line is that of another place. */
  readonly isTaken: (caller: Caller) => boolean;
}

/** Undefined where nothing in the function fits. */
export function joinInFunction(place: CodePlace, ran: Ran): FunctionJoin | undefined {
  const { function_lines: lines, api, file } = place;
  const last = api.slice(api.lastIndexOf('.') + 1);
  // Django's asynchronous twins have an `a` in front.
  if (lines == null || AT_ONCE.has(last) || AT_ONCE.has(last.replace(/^a/, ''))) return undefined;
  const [from, to] = lines;
  const inside = ran.callers.filter(
    ({ file: sent, line, function: told }) =>
      isSameFile(file, sent) && (told !== '' ? isSameFunction(place.function, told) : line >= from && line <= to),
  );
  const sentBy = (name: string): readonly StatementFacts[] => ran.byCaller.get(name) ?? [];
  const fitting = inside.filter(({ name }) => sentBy(name).some((facts) => couldSend(place, facts, ran.sources)));
  if (fitting.length === 0) return undefined;
  const statements = fitting.flatMap(({ name }) =>
    sentBy(name).filter((facts) => couldSend(place, facts, ran.sources)),
  );
  const isPure = fitting.every(({ name }) => sentBy(name).every((facts) => statements.includes(facts)));
  return {
    statements: [...new Set(statements)],
    callers: isPure ? fitting.map(({ name }) => name) : [],
    isAlone: !fitting.some(ran.isTaken),
  };
}

/** Verbs of calls that do not read, by the last name of the call. */
const VERBS: Readonly<Record<string, readonly string[]>> = {
  add: ['insert'],
  bulk_create: ['insert'],
  bulk_update: ['update'],
  create: ['insert'],
  delete: ['delete', 'select', 'update'],
  get_or_create: ['insert', 'select'],
  remove: ['delete', 'update'],
  save: ['insert', 'update', 'select'],
  set: ['delete', 'insert', 'select', 'update'],
  update: ['update'],
  update_or_create: ['insert', 'select', 'update'],
};
const READS = ['select', 'declare'] as const;

/** By its source, its table, and the verb of a call that runs at once. */
export function couldHaveSent(place: CodePlace, facts: StatementFacts, sources: readonly string[]): boolean {
  if (!couldSend(place, facts, sources)) return false;
  const last = place.api.slice(place.api.lastIndexOf('.') + 1).replace(/^a(?!dd|ggregate)/, '');
  if (place.kind !== 'orm' || !AT_ONCE.has(last)) return true;
  return (VERBS[last] ?? READS).includes(/^[a-z]+/i.exec(facts.query.trimStart())?.[0].toLowerCase() ?? '');
}

function couldSend({ api, tables }: CodePlace, facts: StatementFacts, sources: readonly string[]): boolean {
  if (!sources.includes(facts.source)) return false;
  const fragment = FRAGMENTS[api];
  if (fragment !== undefined) return facts.byConstruct.has(fragment);
  return tables.includes(mainTableOf(facts.query));
}
