// Adds the statements of units of work to their rows: counts, time and rows per request.
// Invariant: a statement of a unit is in one row, once, under the tag set of its first execution. Counted again, it
// adds what came since. At most requestStatementRowsMax rows wait; what finds none is in none, and counted as capped.
// Not here: when a unit is counted (units.ts).

import { limits } from '../../config/limits.js';
import type { Pending } from '../../facts/pending.js';
import type { RequestStatementRollup } from '../../facts/rollup-row.js';
import { noSums, REQUEST_STATEMENT_RULES } from '../../facts/sums.js';
import type { Unit } from './unit.js';
import type { StatementInUnit } from './unit-sums.js';

/** Fingerprint → tag set → rows, of which there is one for each source and minute. */
type Rows = Map<string, Map<string, RequestStatementRollup[]>>;

/** Whether a statement's tag set has counts of its own, or is among the others. */
export type TellsApart = (fingerprint: string, tagSet: string) => boolean;

const OTHER = '(other)';

export class StatementCounts implements Pending<RequestStatementRollup> {
  #byFingerprint: Rows = new Map();
  #rows: RequestStatementRollup[] = [];
  /** Statements of requests that found no row, and executions of those beyond what one request tells apart. */
  cappedTotal = 0;
  readonly #tellsApart: TellsApart;

  constructor(tellsApart: TellsApart) {
    this.#tellsApart = tellsApart;
  }

  /** The unit is counted, so it has its minute. */
  count(unit: Unit): void {
    const minute = unit.counted!.minute;
    this.cappedTotal += unit.statementsBeyond;
    unit.statementsBeyond = 0;
    for (const statement of unit.byFingerprint.values()) {
      const { fingerprint, countedExecutions } = statement;
      if (countedExecutions === statement.executions) continue;
      // Once it is counted its row stands.
      if (countedExecutions === 0 && statement.tagSet !== '' && !this.#tellsApart(fingerprint, statement.tagSet))
        statement.tagSet = OTHER;
      const row = this.#row(statement, minute);
      if (row === undefined) this.cappedTotal++;
      else add(row, statement, unit.resumed);
    }
  }

  pending(): readonly RequestStatementRollup[] {
    return this.#rows;
  }

  stored(): void {
    this.#byFingerprint = new Map();
    this.#rows = [];
  }

  #row({ fingerprint, source, tagSet }: StatementInUnit, minute: number): RequestStatementRollup | undefined {
    let sets = this.#byFingerprint.get(fingerprint);
    if (sets === undefined) {
      sets = new Map();
      this.#byFingerprint.set(fingerprint, sets);
    }
    let rows = sets.get(tagSet);
    if (rows === undefined) {
      rows = [];
      sets.set(tagSet, rows);
    }
    for (const row of rows) if (row.minute === minute && row.source === source) return row;
    if (this.#rows.length >= limits.requestStatementRowsMax) return undefined;
    const row = { minute, fingerprint, source, tagSet, ...noSums(REQUEST_STATEMENT_RULES) };
    rows.push(row);
    this.#rows.push(row);
    return row;
  }
}

/** `resumed`: an earlier process counted the request, with its statements as far as it saw them. */
function add(row: RequestStatementRollup, statement: StatementInUnit, resumed: boolean): void {
  const { executions, serviceNs, rows, countedExecutions, countedNs, countedRows } = statement;
  if (countedExecutions === 0 && !resumed) row.requests++;
  row.executions += executions - countedExecutions;
  row.executionsSquared += executions ** 2 - countedExecutions ** 2;
  row.serviceTotalNs += serviceNs - countedNs;
  row.serviceSquaredNs2 += serviceNs ** 2 - countedNs ** 2;
  row.rows += rows - countedRows;
  row.rowsSquared += rows ** 2 - countedRows ** 2;
  statement.countedExecutions = executions;
  statement.countedNs = serviceNs;
  statement.countedRows = rows;
}
