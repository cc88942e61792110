// Finds executions that may fit a scope, though nobody can tell.
// Invariant: where a count is uncertain, the larger one is the doubt. Not here: doubts about the window
// (reports/check/doubts.ts).

import type { PoolFacts, StatementFacts, StatementFilter } from '../../facts/answers.js';
import { OTHER_POOL } from '../../facts/pool.js';
import { HANDWRITTEN, HIDDEN_SOURCES } from '../../facts/verdict.js';
import type { Doubt } from '../../reports/check/asked/allowances.js';
import type { Scope } from '../../reports/check/asked/conditions.js';
import { allExecutions } from '../../reports/check/doubts.js';
import type { CheckFacts } from '../../reports/check/facts.js';
import { asksWho } from '../../reports/check/fits.js';
import { isTextUnknown, textFits } from '../../reports/check/texts.js';
import type { TimeRange } from '../../reports/questions/grammar.js';
import type { Place } from '../reading/place.js';
import { filterOf, ranIn, statementsOf } from './scoped.js';

interface Doubting {
  readonly scope: Scope;
  readonly range: TimeRange;
  readonly facts: CheckFacts;
  /** What fits the scope but for its table and function. */
  readonly inWindow: readonly StatementFacts[];
}

export async function doubtsOf(place: Place, { scope, range, facts, inWindow }: Doubting): Promise<Doubt[]> {
  const of = allExecutions(facts);
  const doubts = await unknownOf(place, { scope, range, facts });
  const add = (key: Doubt['key'], amount: number, what: string): void => {
    if (amount > 0) doubts.push({ key, amount, of, what });
  };
  const isUnsure = (one: StatementFacts): boolean => !isTextUnknown(one) && textFits(one, scope) === 'perhaps';
  const unsure = allExecutions({ statements: inWindow.filter(isUnsure) });
  add('unknown_text', unsure, `the text of ${unsure} executions was too long to be kept whole`);
  for (const [key] of scope.tags) {
    const amount = await untagged(place, { key, scope, range });
    add('untagged', amount, `${amount} executions have no tag ${key}`);
  }
  if (scope.pool !== undefined) doubts.push(...(await poolDoubts(place, { name: scope.pool, facts })));
  return doubts;
}

/** Where the scope says who sent a statement, or how it was written: executions of which that is not known. */
export async function unknownOf(place: Place, { scope, range, facts }: Omit<Doubting, 'inWindow'>): Promise<Doubt[]> {
  const of = allExecutions(facts);
  const doubts: Doubt[] = [];
  const add = (amount: number, what: string): void => {
    if (amount > 0) doubts.push({ key: 'unknown', amount, of, what });
  };
  if (!asksWho(scope) || scope.source === 'unknown') return doubts;
  const inScope = async (filter: StatementFilter): Promise<StatementFacts[]> => {
    const { statements } = await statementsOf(place, { range, filter, hidden: [] });
    return statements.filter((one) => ranIn(one, range) && textFits(one, scope) !== 'no');
  };
  const sourceless = allExecutions({ statements: await inScope({ source: 'unknown', pool: scope.pool }) });
  add(sourceless, `the source of ${sourceless} executions is not known`);
  if (scope.construct === undefined && scope.handwritten !== true) return doubts;
  const unwritten = (await inScope(filterOf({ ...scope, construct: '', handwritten: undefined }))).filter(
    ({ source }) =>
      source !== 'unknown' && !HIDDEN_SOURCES.includes(source) && !(scope.handwritten && isByHand(source)),
  );
  const amount = allExecutions({ statements: unwritten });
  const sources = [...new Set(unwritten.map(({ source }) => source))].sort().join(', ');
  add(amount, `how ${amount} executions of ${sources} were written is not known`);
  return doubts;
}

function isByHand(source: string): boolean {
  return HANDWRITTEN.sources.some((one) => one === source);
}

/** Executions of the scope, but for its tags, that say nothing of this one. */
async function untagged(
  place: Place,
  { key, scope, range }: { key: string; scope: Scope; range: TimeRange },
): Promise<number> {
  const count = async (tags: Scope['tags']): Promise<number> => {
    const { statements } = await statementsOf(place, { range, filter: filterOf({ ...scope, tags }), hidden: [] });
    return allExecutions({
      statements: statements.filter((one) => ranIn(one, range) && textFits(one, scope) !== 'no'),
    });
  };
  return Math.max(0, (await count([])) - (await count([[key, '*']])));
}

/** Old and new workers run side by side while they are replaced; what did so for longer is another pool. */
const OVERLAP_MS = 86_400_000;

/** A pool under another name would leave the old one empty. */
async function poolDoubts(place: Place, { name, facts }: { name: string; facts: CheckFacts }): Promise<Doubt[]> {
  const { pools: ever } = await place.pools({});
  const isIt = (pool: PoolFacts): boolean => pool.name === name || pool.id === name;
  const known = ever.find(isIt);
  const doubts: Doubt[] = [];
  for (const pool of facts.pools) {
    if (known === undefined || isIt(pool) || pool.firstSeenMs <= known.firstSeenMs) continue;
    if (known.lastSeenMs - pool.firstSeenMs > OVERLAP_MS) continue;
    if (pool.owner !== known.owner || pool.database !== known.database) continue;
    doubts.push({
      amount: pool.executions,
      of: 0,
      what: `the pool ${pool.name} came when ${name} went, and may be the same under another name`,
    });
  }
  if (facts.statements.some(({ pools }) => pools.has(OTHER_POOL))) {
    doubts.push({ amount: 1, of: 0, what: 'there were more pools than are told apart' });
  }
  return doubts;
}
