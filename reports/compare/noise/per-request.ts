// Compares requests: what one sent, how long its statements took together, how many rows it got.
// Invariant: mean and variance are those of whole requests, as they were counted. Of one statement they are of the
// requests that ran it, so that another mix of requests changes nothing. Intervals hold the true ratio with 95 %
// (delta method on its logarithm).
// Not here: which requests (reports/requests.ts), executions (../compare.ts).

import type { RequestStatementMeasureName } from '../../../facts/measures.js';
import type { Sums } from '../../../facts/sums.js';
import type { RequestGroup } from '../../requests.js';
import { type Judgement, type Moments, testMeans } from './noise-test.js';

/** A side, per request: means. */
export interface RequestSide {
  readonly requests: number;
  /** Of them: bounds guessed from the traffic; of one statement at most so many. */
  readonly guessed: number;
  readonly statements: number;
  readonly timeNs: number;
  readonly rows: number;
}

export interface RequestChange {
  /** Mean after divided by mean before, and its interval; undefined where a mean is 0. */
  readonly factor: number | undefined;
  readonly low: number | undefined;
  readonly high: number | undefined;
  /** `slower` is more, `faster` is less. */
  readonly judgement: Judgement;
  readonly test: string;
  readonly p: number;
}

export interface PerRequest {
  readonly before: RequestSide;
  readonly after: RequestSide;
  readonly statements: RequestChange;
  readonly time: RequestChange;
  readonly rows: RequestChange;
}

interface Measured {
  readonly requests: number;
  readonly guessed: number;
  readonly statements: Moments;
  readonly timeNs: Moments;
  readonly rows: Moments;
}

const Z_95 = 1.96;

/** Undefined where a side has no request. */
export function compareRequests(
  before: RequestGroup | undefined,
  after: RequestGroup | undefined,
): PerRequest | undefined {
  return before === undefined || after === undefined ? undefined : compared(ofGroup(before), ofGroup(after));
}

/** One statement within the requests of both sides. */
export function compareWithinRequests(
  before: { group: RequestGroup | undefined; sums: Sums<RequestStatementMeasureName> | undefined },
  after: { group: RequestGroup | undefined; sums: Sums<RequestStatementMeasureName> | undefined },
): PerRequest | undefined {
  if (before.group === undefined || after.group === undefined) return undefined;
  if (before.sums === undefined || after.sums === undefined) return undefined;
  return compared(ofStatement(before.group, before.sums), ofStatement(after.group, after.sums));
}

function compared(before: Measured, after: Measured): PerRequest | undefined {
  if (before.requests === 0 || after.requests === 0) return undefined;
  return {
    before: meansOf(before),
    after: meansOf(after),
    statements: changeOf(before.statements, after.statements),
    time: changeOf(before.timeNs, after.timeNs),
    rows: changeOf(before.rows, after.rows),
  };
}

function ofGroup(group: RequestGroup): Measured {
  const { requests, guessed } = group;
  return {
    requests,
    guessed,
    statements: momentsOf(requests, group.statements, group.statementsSquared),
    timeNs: momentsOf(requests, group.serviceTotalNs, group.serviceSquaredNs2),
    rows: momentsOf(requests, group.rows, group.rowsSquared),
  };
}

function ofStatement(group: RequestGroup, sums: Sums<RequestStatementMeasureName>): Measured {
  const { requests } = sums;
  return {
    requests,
    guessed: Math.min(group.guessed, requests),
    statements: momentsOf(requests, sums.executions, sums.executionsSquared),
    timeNs: momentsOf(requests, sums.serviceTotalNs, sums.serviceSquaredNs2),
    rows: momentsOf(requests, sums.rows, sums.rowsSquared),
  };
}

/** Of one request, from sums over all. */
export function momentsOf(count: number, sum: number, squares: number): Moments {
  if (count === 0) return { count, mean: 0, variance: 0 };
  const mean = sum / count;
  return { count, mean, variance: count < 2 ? 0 : Math.max(0, (squares - sum * mean) / (count - 1)) };
}

function meansOf({ requests, guessed, statements, timeNs, rows }: Measured): RequestSide {
  return { requests, guessed, statements: statements.mean, timeNs: timeNs.mean, rows: rows.mean };
}

/** The ratio of two means, with its interval. */
export function changeOf(before: Moments, after: Moments): RequestChange {
  const { judgement, test, p } = testMeans(before, after);
  if (before.mean <= 0 || after.mean <= 0)
    return { factor: undefined, low: undefined, high: undefined, judgement, test, p };
  const factor = after.mean / before.mean;
  const error = Math.sqrt(relative(before) + relative(after));
  const spread = Math.exp(Z_95 * error);
  return { factor, low: factor / spread, high: factor * spread, judgement, test, p };
}

/** Variance of the mean, relative to the mean. */
function relative({ count, mean, variance }: Moments): number {
  return variance / count / mean ** 2;
}
