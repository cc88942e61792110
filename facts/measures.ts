// Every measured value of statements and pools, once: unit, merge rule, and which sums keep it.
// Invariant: columns, reports, merging and the forms that travel as JSON are made from these tables; a name that is not
// a count ends with its unit. Not here: adding values up (sums.ts); counting executions, which is hot and written by
// hand (rollup-row.ts).

/**
 * How two values of one measure become one. `min` starts at Infinity, the others at 0. `squares` is a sum that leaves
 * the whole numbers behind.
 */
export type Merge = 'sum' | 'min' | 'max' | 'squares';

export interface Measure {
  readonly unit: 'count' | 'bytes' | 'ns' | 'ms' | 'count²' | 'ns²';
  readonly merge: Merge;
}

export interface StatementMeasure extends Measure {
  /** The sums of a tag set keep it. */
  readonly byTag: boolean;
  /** The sums of a source keep it. */
  readonly bySource: boolean;
  /** The points of a timeline keep it. */
  readonly overTime: boolean;
}

/** Of one statement. Minimum, maximum and the histogram beside them leave out batched executions. */
export const STATEMENT_MEASURES = {
  /** Executions without an error. Rollup rows keep them by confidence, see CALLS_BY_CONFIDENCE. */
  calls: { unit: 'count', merge: 'sum', byTag: true, bySource: true, overTime: true },
  batchedCalls: { unit: 'count', merge: 'sum', byTag: true, bySource: false, overTime: true },
  errors: { unit: 'count', merge: 'sum', byTag: true, bySource: true, overTime: true },
  rows: { unit: 'count', merge: 'sum', byTag: true, bySource: true, overTime: false },
  /** Requests of the application that ran it, where comments name them; a request counts once per statement. */
  requests: { unit: 'count', merge: 'sum', byTag: true, bySource: false, overTime: false },
  requestBytes: { unit: 'bytes', merge: 'sum', byTag: false, bySource: false, overTime: false },
  responseBytes: { unit: 'bytes', merge: 'sum', byTag: false, bySource: false, overTime: false },
  /** Calls and errors, batched ones included. */
  serviceTotalNs: { unit: 'ns', merge: 'sum', byTag: true, bySource: true, overTime: true },
  serviceMinNs: { unit: 'ns', merge: 'min', byTag: true, bySource: false, overTime: false },
  serviceMaxNs: { unit: 'ns', merge: 'max', byTag: true, bySource: false, overTime: true },
  /** Executions whose first row was timed. */
  firstRowCount: { unit: 'count', merge: 'sum', byTag: false, bySource: false, overTime: false },
  firstRowTotalNs: { unit: 'ns', merge: 'sum', byTag: false, bySource: false, overTime: false },
  clientStallTotalNs: { unit: 'ns', merge: 'sum', byTag: false, bySource: false, overTime: false },
  waitTotalNs: { unit: 'ns', merge: 'sum', byTag: false, bySource: false, overTime: false },
} as const satisfies Readonly<Record<string, StatementMeasure>>;

type StatementMeasures = typeof STATEMENT_MEASURES;
export type StatementMeasureName = keyof StatementMeasures;
/** Names of the measures that one kind of sums keeps. */
type NamesKept<Kept extends 'byTag' | 'bySource' | 'overTime'> = {
  [Name in StatementMeasureName]: StatementMeasures[Name][Kept] extends true ? Name : never;
}[StatementMeasureName];
export type TagMeasureName = NamesKept<'byTag'>;
export type SourceMeasureName = NamesKept<'bySource'>;
export type PointMeasureName = NamesKept<'overTime'>;

/** How a rollup row keeps `calls`: one count per confidence, in the order of CONFIDENCES. */
export const CALLS_BY_CONFIDENCE = {
  certain: 'callsCertain',
  strong: 'callsStrong',
  weak: 'callsWeak',
  none: 'callsNone',
} as const;

export interface PoolMeasure extends Measure {
  /** Between sidecars. Their peaks need not fall together, so the sum of peaks is an upper bound. */
  readonly acrossSidecars: Merge;
}

/** Of one pool, beside the histogram of its transactions' durations. */
export const POOL_MEASURES = {
  opened: { unit: 'count', merge: 'sum', acrossSidecars: 'sum' },
  closed: { unit: 'count', merge: 'sum', acrossSidecars: 'sum' },
  /** Of closed connections. */
  lifetimeTotalMs: { unit: 'ms', merge: 'sum', acrossSidecars: 'sum' },
  connectionsMax: { unit: 'count', merge: 'max', acrossSidecars: 'sum' },
  /** Most sessions of this pool busy within one second. */
  busyMax: { unit: 'count', merge: 'max', acrossSidecars: 'sum' },
  activeMs: { unit: 'ms', merge: 'sum', acrossSidecars: 'sum' },
  idleMs: { unit: 'ms', merge: 'sum', acrossSidecars: 'sum' },
  idleInTransactionMs: { unit: 'ms', merge: 'sum', acrossSidecars: 'sum' },
  /** Transactions that ended, and their durations. */
  transactions: { unit: 'count', merge: 'sum', acrossSidecars: 'sum' },
  /** Executions in them, without BEGIN and COMMIT. */
  transactionStatements: { unit: 'count', merge: 'sum', acrossSidecars: 'sum' },
  transactionTotalMs: { unit: 'ms', merge: 'sum', acrossSidecars: 'sum' },
  transactionMaxMs: { unit: 'ms', merge: 'max', acrossSidecars: 'max' },
} as const satisfies Readonly<Record<string, PoolMeasure>>;

export type PoolMeasureName = keyof typeof POOL_MEASURES;

/** Of all pools together. */
export const FLEET_MEASURES = {
  connectionsMax: POOL_MEASURES.connectionsMax,
  busyMax: POOL_MEASURES.busyMax,
} as const satisfies Readonly<Record<string, PoolMeasure>>;

export type FleetMeasureName = keyof typeof FLEET_MEASURES;

/**
 * Of the requests of one route. Statements, repeated ones and rows leave out housekeeping; time and errors are of all.
 * Squares are of whole requests.
 */
export const REQUEST_MEASURES = {
  /** Requests that sent at least one statement. */
  requests: { unit: 'count', merge: 'sum' },
  /** Requests before them that sent none, where the application counts them. */
  idleRequests: { unit: 'count', merge: 'sum' },
  statements: { unit: 'count', merge: 'sum' },
  statementsSquared: { unit: 'count²', merge: 'squares' },
  statementsMax: { unit: 'count', merge: 'max' },
  /** Executions of a statement that its request had run before. */
  repeated: { unit: 'count', merge: 'sum' },
  serviceTotalNs: { unit: 'ns', merge: 'sum' },
  serviceSquaredNs2: { unit: 'ns²', merge: 'squares' },
  serviceMaxNs: { unit: 'ns', merge: 'max' },
  rows: { unit: 'count', merge: 'sum' },
  rowsSquared: { unit: 'count²', merge: 'squares' },
  errors: { unit: 'count', merge: 'sum' },
} as const satisfies Readonly<Record<string, Measure>>;

export type RequestMeasureName = keyof typeof REQUEST_MEASURES;

/** Of one source and pool within the requests of a route. */
export const REQUEST_PART_MEASURES = {
  /** Executions, errors included. */
  statements: { unit: 'count', merge: 'sum' },
  serviceTotalNs: { unit: 'ns', merge: 'sum' },
} as const satisfies Readonly<Record<string, Measure>>;

export type RequestPartMeasureName = keyof typeof REQUEST_PART_MEASURES;

/** Of one statement within the requests that ran it. Executions are calls and errors. */
export const REQUEST_STATEMENT_MEASURES = {
  requests: { unit: 'count', merge: 'sum' },
  executions: { unit: 'count', merge: 'sum' },
  executionsSquared: { unit: 'count²', merge: 'squares' },
  serviceTotalNs: { unit: 'ns', merge: 'sum' },
  serviceSquaredNs2: { unit: 'ns²', merge: 'squares' },
  rows: { unit: 'count', merge: 'sum' },
  rowsSquared: { unit: 'count²', merge: 'squares' },
} as const satisfies Readonly<Record<string, Measure>>;

export type RequestStatementMeasureName = keyof typeof REQUEST_STATEMENT_MEASURES;

/** A name as SQL and JSON spell it: `serviceMinNs` is `service_min_ns`. */
export type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : '';

export function snakeCase<Name extends string>(name: Name): SnakeCase<Name> {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) as SnakeCase<Name>;
}
