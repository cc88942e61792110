// Compares two sides, statement by statement or group by group.
// Invariant: a row's factor is of the time per request where requests are known, else of mean service times; a
// judgement is given only where noise-test.ts gives one. Of executions a request counts once per statement, so a set
// of old or new statements has the requests of the one that most requests ran.
// Not here: which reports the sides are (reports/compare/comparison.ts), sets of statements (sets.ts), printing.

import type { StatementFacts, StatementsReport } from '../../../facts/answers.js';
import { latencyOf } from '../../../facts/latency.js';
import { emptyFacts, keyOf } from '../../../facts/statement-facts.js';
import { addSums, STATEMENT_RULES } from '../../../facts/sums.js';
import type { RequestGroup, RequestsReport } from '../../requests.js';
import { type Judgement, testNoise } from './noise-test.js';
import { compareRequests, compareWithinRequests, type PerRequest } from './per-request.js';

/** Totals of one side; times in ns. */
export interface Side {
  readonly calls: number;
  readonly errors: number;
  readonly rows: number;
  /** Requests that ran it; 0 where comments name none. */
  readonly requests: number;
  readonly totalNs: number;
  readonly meanNs: number;
  /** null when every call was batched. */
  readonly p50Ns: number | null;
  readonly p95Ns: number | null;
  readonly p99Ns: number | null;
}

export interface ComparedRow {
  /** Fingerprint, value of a tag, or '' for a whole set. */
  readonly key: string;
  readonly source: string;
  readonly query: string;
  /** Undefined where the side did not run it. */
  readonly before: Side | undefined;
  readonly after: Side | undefined;
  /** Mean after divided by mean before; for sets, time per use. Undefined where a side is missing. */
  readonly factor: number | undefined;
  readonly judgement: Judgement | 'new' | 'gone';
  readonly test: string;
  readonly p: number;
  /** Where requests are known on both sides: then factor, judgement, test and p are of the time per request … */
  readonly perRequest?: PerRequest;
  /** … and this is what they are of executions. */
  readonly perExecution?: Changed;
}

/** A change, and whether it is more than noise. */
export type Changed = Pick<ComparedRow, 'factor' | 'judgement' | 'test' | 'p'>;

/** What is known of the requests of both sides. */
export interface ComparedRequests {
  readonly before: RequestsReport;
  readonly after: RequestsReport;
}

interface StatementPair {
  readonly before?: StatementFacts;
  readonly after?: StatementFacts;
}

/**
 * A row per (fingerprint, source) of either side, the largest change of total time first; where `minutes` says how long
 * each side was recorded, of total time per minute. Testing for noise costs most: only the first `rowsMax` are made.
 */
export function compareStatements(
  before: StatementsReport,
  after: StatementsReport,
  { minutes, requests, rowsMax }: { minutes?: readonly number[]; requests?: ComparedRequests; rowsMax?: number } = {},
): ComparedRow[] {
  const first = byChange(pairsOf(before, after), {
    minutes,
    of: (pair) => ({
      before: pair.before?.serviceTotalNs,
      after: pair.after?.serviceTotalNs,
      key: factsOf(pair).fingerprint,
    }),
  }).slice(0, rowsMax);
  return first.map((pair) => {
    const facts = factsOf(pair);
    const { fingerprint, source, query } = facts;
    const row = rowOf({ key: fingerprint, source, query }, { before: listOf(pair.before), after: listOf(pair.after) });
    if (requests === undefined) return row;
    const [was, is] = [requests.before, requests.after].map((side) => ({
      group: side.groups.get(''),
      sums: side.statements.get(keyOf(facts)),
    }));
    return byRequest(row, compareWithinRequests(was, is));
  });
}

/** How many rows compareStatements() has without a bound. */
export function countPairs(before: StatementsReport, after: StatementsReport): number {
  return pairsOf(before, after).length;
}

function pairsOf(before: StatementsReport, after: StatementsReport): StatementPair[] {
  const pairs = new Map<string, StatementPair>();
  for (const facts of before.statements) pairs.set(keyOf(facts), { before: facts });
  for (const facts of after.statements) {
    const key = keyOf(facts);
    pairs.set(key, { before: pairs.get(key)?.before, after: facts });
  }
  return [...pairs.values()];
}

function factsOf(pair: StatementPair): StatementFacts {
  return (pair.after ?? pair.before) as StatementFacts;
}

/** The largest change of total time first, per minute of its side. */
function byChange<Row>(
  rows: readonly Row[],
  {
    minutes = [1, 1],
    of,
  }: { minutes?: readonly number[]; of(row: Row): { before?: number; after?: number; key: string } },
): Row[] {
  const weighed = rows.map((row) => {
    const { before = 0, after = 0, key } = of(row);
    return { row, key, weight: Math.abs(after / (minutes[1] || 1) - before / (minutes[0] || 1)) };
  });
  weighed.sort((a, b) => b.weight - a.weight || (a.key < b.key ? -1 : 1));
  return weighed.map(({ row }) => row);
}

/** One row for everything of the two sides, under a name; by requests where they are known. */
export function compareWhole(
  key: string,
  sides: { before: StatementsReport; after: StatementsReport },
  requests: Partial<Record<'before' | 'after', RequestGroup>> = {},
): ComparedRow {
  const [one, other] = [sides.before.statements, sides.after.statements];
  const row = rowOf({ key, source: '', query: '' }, { before: one, after: other });
  const before = row.before && { ...row.before, requests: requestsOfAll(one, requests.before) };
  const after = row.after && { ...row.after, requests: requestsOfAll(other, requests.after) };
  return byRequest({ ...row, before, after }, compareRequests(requests.before, requests.after));
}

/** Different requests may have run each of several statements: only counted ones say how many there were. */
function requestsOfAll(statements: readonly StatementFacts[], counted: RequestGroup | undefined): number {
  if (counted !== undefined && counted.requests > 0) return counted.requests;
  return statements.length === 1 ? statements[0].requests : 0;
}

/** People wait for requests, so these decide. */
function byRequest(row: ComparedRow, perRequest: PerRequest | undefined): ComparedRow {
  if (perRequest === undefined || row.before === undefined || row.after === undefined) return row;
  const { factor, judgement, test, p } = row;
  const { time } = perRequest;
  const change = { factor: time.factor, judgement: time.judgement, test: time.test, p: time.p };
  return { ...row, ...change, perRequest, perExecution: { factor, judgement, test, p } };
}

/** A row per value of the tag that requests are grouped by, from their requests alone; what changed most first. */
export function compareGroups(
  requests: ComparedRequests | undefined,
  { minutes }: { minutes?: readonly number[] } = {},
): ComparedRow[] {
  if (requests === undefined) return [];
  const { before, after } = requests;
  const rows = [...new Set([...before.groups.keys(), ...after.groups.keys()])].map((key) => {
    const [one, other] = [before.groups.get(key), after.groups.get(key)];
    const sides = { before: one && groupSide(one), after: other && groupSide(other) };
    const nothing = { factor: undefined, test: '', p: 1 };
    const judgement = one === undefined ? 'new' : other === undefined ? 'gone' : 'too few';
    return byRequest({ key, source: '', query: '', ...sides, ...nothing, judgement }, compareRequests(one, other));
  });
  return byChange(rows, {
    minutes,
    of: ({ before, after, key }) => ({ before: before?.totalNs, after: after?.totalNs, key }),
  });
}

function groupSide({ statements, errors, rows, requests, serviceTotalNs }: RequestGroup): Side {
  const meanNs = statements === 0 ? 0 : serviceTotalNs / statements;
  const percentiles = { p50Ns: null, p95Ns: null, p99Ns: null };
  return { calls: statements - errors, errors, rows, requests, totalNs: serviceTotalNs, meanNs, ...percentiles };
}

interface Pair {
  readonly before: readonly StatementFacts[];
  readonly after: readonly StatementFacts[];
}

/** Of executions; requests of several statements: see the invariant above. */
export function rowOf(name: { key: string; source: string; query: string }, { before, after }: Pair): ComparedRow {
  const [one, other] = [merged(before), merged(after)];
  const sides = { before: isEmpty(one) ? undefined : sideOf(one), after: isEmpty(other) ? undefined : sideOf(other) };
  if (sides.before === undefined || sides.after === undefined) {
    const judgement = sides.before === undefined ? 'new' : 'gone';
    return { ...name, ...sides, factor: undefined, judgement, test: '', p: 1 };
  }
  const { judgement, test, p } = testNoise(one.histogram, other.histogram);
  return { ...name, ...sides, factor: ratio(sides.after.meanNs, sides.before.meanNs), judgement, test, p };
}

/** Everything together, but for the requests; see the invariant above. */
function merged(statements: readonly StatementFacts[]): StatementFacts {
  const sum = emptyFacts('', '');
  for (const facts of statements) {
    addSums(STATEMENT_RULES, sum, facts);
    sum.histogram.merge(facts.histogram);
  }
  sum.requests = requestsOf(statements);
  return sum;
}

export function requestsOf(statements: readonly StatementFacts[]): number {
  return Math.max(0, ...statements.map(({ requests }) => requests));
}

function sideOf(sum: StatementFacts): Side {
  const { calls, errors, rows, requests } = sum;
  const { meanNs, p50Ns, p95Ns, p99Ns } = latencyOf(sum);
  return { calls, errors, rows, requests, totalNs: sum.serviceTotalNs, meanNs, p50Ns, p95Ns, p99Ns };
}

function isEmpty({ calls, errors }: StatementFacts): boolean {
  return calls + errors === 0;
}

function ratio(after: number, before: number): number | undefined {
  return before > 0 ? after / before : undefined;
}

function listOf(facts: StatementFacts | undefined): StatementFacts[] {
  return facts === undefined ? [] : [facts];
}
