// Reads the sets of `compare --old … --new …` by their fingerprints, and compares them.
// Invariant: terminal and API compare here, so they say the same. Both sets are of one window.
// Not here: the arithmetic (noise/sets.ts), JSON (sets-json.ts), words (facts/words/uses.ts).

import { UsageError } from '../../config/values/errors.js';
import type { StatementFacts, StatementFilter, StatementsReport } from '../../facts/answers.js';
import { mergeStatements } from '../forms/merge.js';
import { fingerprintOf, type StatementsPlace } from '../questions/find-statement.js';
import type { TimeRange } from '../questions/grammar.js';
import type { ParameterContext } from '../questions/reading.js';
import type { SamplesReport } from '../samples.js';
import type { ComparedPlace } from './comparison.js';
import { type ComparedSets, compareSets } from './noise/sets.js';
import { rangeOf, refuseSeveral, type SetFlags, scopeOf } from './sides.js';

/** Statements in a set; each costs a query. */
const STATEMENTS_MAX = 60;
const WHOLE = { sort: 'total', limit: 0, minMs: 0, hidden: [], form: 'mergeable' } as const;

/** What sets are read from. */
export interface SetsPlace extends StatementsPlace, Pick<ComparedPlace, 'requests'> {
  samples(fingerprint: string): Promise<SamplesReport>;
}

export interface ReadSet {
  /** In the order named; what did not run is left out. */
  readonly statements: readonly StatementFacts[];
  /** By fingerprint. */
  readonly plans: ReadonlyMap<string, SamplesReport>;
  /** A report per statement named. */
  readonly reports: readonly StatementsReport[];
}

export interface SetsComparison {
  readonly compared: ComparedSets;
  readonly old: ReadSet;
  readonly now: ReadSet;
}

export interface SetsQuestion extends SetFlags {
  readonly groupBy?: string;
}

/** Rejects with UsageError, RuntimeError for the beginning of no fingerprint. */
export async function reportSets(
  place: SetsPlace,
  flags: SetsQuestion,
  context: ParameterContext,
): Promise<SetsComparison> {
  const named = context.place ?? ((name: string) => `parameter "${name}"`);
  refuseSeveral(flags);
  if (flags.groupBy !== undefined) {
    throw new UsageError('sets of statements cannot be grouped', { where: named('group-by'), hint: 'leave it out' });
  }
  const range = rangeOf(flags, context);
  const scope = scopeOf(flags);
  const [oldNames, newNames] = [namesIn(flags.old, named, 'old'), namesIn(flags.new, named, 'new')];
  const old = await readSet(place, { names: oldNames, where: named('old'), range, scope });
  const now = await readSet(place, { names: newNames, where: named('new'), range, scope });
  const requests = await place.requests({ range, tags: scope.tags ?? [] });
  return { compared: compareSets({ ...old, requests }, { ...now, requests }), old, now };
}

function namesIn(text: string | undefined, named: (name: string) => string, name: 'old' | 'new'): string[] {
  const names = (text ?? '').split(',').map((one) => one.trim());
  if (names.includes('')) {
    const hint = `give ${named('old')} and ${named('new')}, each FP,…`;
    throw new UsageError('no fingerprint', { where: named(name), hint });
  }
  if (names.length <= STATEMENTS_MAX) return names;
  const hint = `name at most ${STATEMENTS_MAX} in a set`;
  throw new UsageError(`${names.length} statements are too many`, { where: named(name), hint });
}

interface Asked {
  readonly names: readonly string[];
  readonly where: string;
  readonly range: TimeRange;
  readonly scope: StatementFilter;
}

async function readSet(place: SetsPlace, { names, where, range, scope }: Asked): Promise<ReadSet> {
  const found = await Promise.all(names.map((name) => fingerprintOf(place, { name, range, where })));
  const fingerprints = [...new Set(found)];
  const reports = await Promise.all(
    fingerprints.map((prefix) => place.statements({ range, filter: { ...scope, prefix }, ...WHOLE })),
  );
  const plans = await Promise.all(fingerprints.map((one) => place.samples(one)));
  return {
    reports,
    statements: statementsOfSet(reports),
    plans: new Map(fingerprints.map((one, at) => [one, plans[at]])),
  };
}

/** The statements of a set, in the order named, sources added together. Fingerprints that did not run are left out. */
function statementsOfSet(reports: readonly StatementsReport[]): StatementFacts[] {
  return reports.flatMap(({ window, observed, statements }) => {
    if (statements.length === 0) return [];
    const oneSource = statements.map((facts) => ({ ...facts, source: statements[0].source }));
    return mergeStatements([{ window, observed, statements: oneSource }]).statements;
  });
}
