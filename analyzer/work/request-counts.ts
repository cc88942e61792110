// Adds units of work to the rows of their minute and route, as far as these lack them.
// Invariant: a unit is in one row, once: counted again, it adds what came since. It is a request when it sent a
// statement of the application. At most routesMax sets of dimensions are told apart within an hour; the rest is
// '(other)', and counted. Not here: when a unit is counted (units.ts), its statements (statement-counts.ts).

import { limits } from '../../config/limits.js';
import { minuteOf } from '../../config/values/minute.js';
import { LogHistogram } from '../../facts/histogram.js';
import type { Pending } from '../../facts/pending.js';
import type { Found, RequestPart, RequestRollup } from '../../facts/rollup-row.js';
import { noSums, REQUEST_PART_RULES, REQUEST_RULES } from '../../facts/sums.js';
import type { PartOfUnit } from './kept/unit-parts.js';
import { setSums } from './kept/unit-sums.js';
import type { Unit } from './unit.js';

const OTHER = '(other)';
const FORGOTTEN_AFTER_MIN = 60;

export class RequestCounts implements Pending<RequestRollup> {
  #rows: RequestRollup[] = [];
  /** Set of dimensions → those of #rows that have it. */
  #byTagSet = new Map<string, RequestRollup[]>();
  /** Sets of dimensions that are told apart → the minute in which each was last seen. */
  readonly #routes = new Map<string, number>();
  /** The row and the part of the last unit: most have them in common, and looking one up takes a key. */
  #lastRow: RequestRollup | undefined = undefined;
  #lastPart: RequestPart | undefined = undefined;
  #forgottenAt = 0;
  /** Times a request gave up its dimensions. */
  cappedTotal = 0;

  /** Returns false while it is no request yet. */
  count(unit: Unit): boolean {
    const { sums } = unit;
    if (sums.statements === 0) return false;
    const isNew = unit.counted === undefined;
    const counted = unit.counted ?? unit.countIn(this.#place(unit));
    const row = this.#row(counted.minute, counted.found, counted.tagSet);
    const before = counted.sums;
    if (isNew && !unit.resumed) row.requests++;
    row.idleRequests += sums.idleRequests - before.idleRequests;
    row.statements += sums.statements - before.statements;
    row.statementsSquared += sums.statements ** 2 - before.statements ** 2;
    row.statementsMax = Math.max(row.statementsMax, sums.statements);
    row.repeated += sums.repeated - before.repeated;
    row.serviceTotalNs += sums.serviceNs - before.serviceNs;
    row.serviceSquaredNs2 += sums.serviceNs ** 2 - before.serviceNs ** 2;
    row.serviceMaxNs = Math.max(row.serviceMaxNs, sums.serviceNs);
    row.rows += sums.rows - before.rows;
    row.rowsSquared += sums.rows ** 2 - before.rows ** 2;
    row.errors += sums.errors - before.errors;
    setSums(before, sums);
    const { parts } = unit;
    for (let place = 0; place < parts.length; place++) this.#addPart(row, parts.at(place));
    return true;
  }

  /** Adds its length to the histograms, once: it has ended. Returns whether it did. */
  measure(unit: Unit): boolean {
    const { counted } = unit;
    // Of one that an earlier process counted only the end is known.
    if (counted === undefined || unit.measured || unit.resumed) return false;
    unit.measured = true;
    const row = this.#row(counted.minute, counted.found, counted.tagSet);
    row.statementHistogram.add(unit.sums.statements);
    row.serviceHistogram.add(unit.sums.serviceNs);
    return true;
  }

  pending(): Iterable<RequestRollup> {
    return this.#rows;
  }

  stored(): void {
    this.#rows = [];
    this.#byTagSet = new Map();
    this.#lastRow = this.#lastPart = undefined;
  }

  #place(unit: Unit): { minute: number; tagSet: string } {
    const minute = minuteOf(unit.firstMs);
    const tagSet = unit.tagSet === '' || this.#isAdmitted(unit.tagSet, minute) ? unit.tagSet : OTHER;
    return { minute, tagSet };
  }

  #isAdmitted(tagSet: string, minute: number): boolean {
    if (!this.#routes.has(tagSet) && this.#routes.size >= limits.routesMax) {
      if (minute > this.#forgottenAt) this.#forget(minute);
      if (this.#routes.size >= limits.routesMax) {
        this.cappedTotal++;
        return false;
      }
    }
    this.#routes.set(tagSet, minute);
    return true;
  }

  #forget(minute: number): void {
    this.#forgottenAt = minute;
    for (const [tagSet, seen] of this.#routes) if (seen < minute - FORGOTTEN_AFTER_MIN) this.#routes.delete(tagSet);
  }

  #row(minute: number, found: Found, tagSet: string): RequestRollup {
    const last = this.#lastRow;
    if (last !== undefined && last.minute === minute && last.found === found && last.tagSet === tagSet) return last;
    this.#lastPart = undefined;
    this.#lastRow = this.#findRow(minute, found, tagSet);
    return this.#lastRow;
  }

  #findRow(minute: number, found: Found, tagSet: string): RequestRollup {
    let alike = this.#byTagSet.get(tagSet);
    if (alike === undefined) {
      alike = [];
      this.#byTagSet.set(tagSet, alike);
    }
    for (const row of alike) if (row.minute === minute && row.found === found) return row;
    const row: RequestRollup = {
      minute,
      found,
      tagSet,
      ...noSums(REQUEST_RULES),
      statementHistogram: new LogHistogram(),
      serviceHistogram: new LogHistogram(),
      parts: new Map(),
    };
    alike.push(row);
    this.#rows.push(row);
    return row;
  }

  /** `row`: that of the last #row(). */
  #addPart(row: RequestRollup, part: PartOfUnit): void {
    const statements = part.statements - part.countedStatements;
    if (statements === 0) return;
    let into = this.#lastPart;
    if (into === undefined || into.source !== part.source || into.pool !== part.pool) {
      into = partOf(row, part.source, part.pool);
      this.#lastPart = into;
    }
    into.statements += statements;
    into.serviceTotalNs += part.serviceNs - part.countedNs;
    part.countedStatements = part.statements;
    part.countedNs = part.serviceNs;
  }
}

function partOf(row: RequestRollup, source: string, pool: string): RequestPart {
  const known = row.parts.get(`${source}\0${pool}`);
  if (known !== undefined) return known;
  const place = row.parts.size < limits.requestPartsMax ? pool : OTHER;
  const key = `${source}\0${place}`;
  let part = row.parts.get(key);
  if (part === undefined) {
    part = { source, pool: place, ...noSums(REQUEST_PART_RULES) };
    row.parts.set(key, part);
  }
  return part;
}
