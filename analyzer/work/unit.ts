// One unit of work while it is seen: its executions, and the sums of those whose session settled.
// Invariant: executions may come in any order of their sessions: the sums, the order of `statements` and what names the
// unit depend on when they started alone. Not here: which unit an execution is in (units.ts), rows (request-counts.ts).

import { limits } from '../../config/limits.js';
import type { Boundary, Found } from '../../facts/rollup-row.js';
import { ALL_TRAITS, TRAITS, traitsOf, type UnitStatement, type WorkUnit } from '../../facts/work/unit.js';
import type { KeptStatements, Settled, UnitExecution } from './kept-statements.js';
import { StatementList } from './statement-list.js';
import {
  addOpened,
  NOTHING_OPENED,
  noUnitSums,
  type Opened,
  type PartOfUnit,
  partIn,
  type SessionInUnit,
  type StatementInUnit,
  type UnitSums,
} from './unit-sums.js';
import { isBefore, namesRoute } from './unit-tag-sets.js';

const NO_PARTS: readonly PartOfUnit[] = [];
const NO_SESSIONS: readonly SessionInUnit[] = [];

export class Unit implements WorkUnit {
  boundary: Boundary;
  /** The request's own id. */
  requestId = '';
  traceId = '';
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = 0;
  statementsDropped = 0;
  /** Executions whose session has not settled. */
  unsettled = 0;
  /** Of what was taken; what a session says when it settles is added then. */
  #traits = 0;
  #session = '';
  readonly sums: UnitSums = noUnitSums();
  opened: Opened = NOTHING_OPENED;
  readonly byFingerprint = new Map<string, StatementInUnit>();
  /** Executions of statements that are not told apart any more, since they were counted last. */
  statementsBeyond = 0;
  parts: readonly PartOfUnit[] = NO_PARTS;
  /** What the rows hold already; undefined = nothing. Its row stays the same from then on. */
  counted: { minute: number; found: Found; tagSet: string; sums: UnitSums } | undefined = undefined;
  /** Something was added since it was counted. */
  dirty = false;
  /** Its length is in the histograms. */
  measured = false;
  /** An earlier process counted it as a request. */
  resumed = false;
  ended = false;
  /** Its last statement when it rested. */
  restedMs = 0;
  /** Sessions whose last statement is in it. */
  sessions: readonly SessionInUnit[] = NO_SESSIONS;
  /** It is a part of that one. */
  absorbedBy: Unit | undefined = undefined;
  readonly #statements: StatementList;
  #tagSet = '';
  #tagSetMs = Number.POSITIVE_INFINITY;
  #hasRoute = false;
  #namedTagSet = '';

  constructor(boundary: Boundary, kept: KeptStatements) {
    this.boundary = boundary;
    this.#statements = new StatementList(kept);
  }

  get found(): Found {
    return this.boundary === 'tags' || this.boundary === 'connection' ? 'direct' : 'heuristic';
  }

  get traits(): number {
    if (this.unsettled > 0) return ALL_TRAITS;
    return this.sums.repeated > 0 ? this.#traits | TRAITS.repeats : this.#traits;
  }

  get id(): string {
    return this.requestId || this.traceId;
  }

  get serviceNs(): number {
    return this.sums.serviceNs;
  }

  get tagSet(): string {
    return this.#tagSet;
  }

  /** The first that names a route, as comments alone give them; '' = none yet. */
  get namedTagSet(): string {
    return this.#namedTagSet;
  }

  get statements(): readonly UnitStatement[] {
    return this.#statements.read();
  }

  get kept(): number {
    return this.#statements.length;
  }

  /** Hot path. `keep` false = it is in the sums alone. */
  add(execution: UnitExecution, keep: boolean): void {
    execution.unit = this;
    this.unsettled++;
    if (this.#session === '') this.#session = execution.session;
    else if (this.#session !== execution.session) this.#traits |= TRAITS.sessions;
    if (execution.startMs < this.firstMs) this.firstMs = execution.startMs;
    if (execution.endMs > this.lastMs) this.lastMs = execution.endMs;
    if (this.#namedTagSet === '' && namesRoute(execution.unitTagSet)) this.#namedTagSet = execution.unitTagSet;
    if (keep) this.#statements.add(execution);
    else this.statementsDropped++;
  }

  /** Hot path: the session of one of its executions has settled. True for the first execution of that statement. */
  settle(execution: UnitExecution, { source, construct, pool, tagSet, unitTagSet }: Settled): boolean {
    execution.source = source;
    execution.construct = construct;
    execution.pool = pool;
    execution.tagSet = tagSet;
    this.#traits |= traitsOf(execution);
    this.unsettled--;
    this.dirty = true;
    const { sums } = this;
    const { serviceNs, startMs } = execution;
    sums.serviceNs += serviceNs;
    sums.idleRequests += execution.idleRequests;
    const rows = execution.sqlstate === '' ? execution.rows : 0;
    if (execution.sqlstate !== '') sums.errors++;
    if (unitTagSet !== '') this.#offerTagSet(unitTagSet, startMs);
    const isFirst = this.#addStatement(execution, rows);
    if (source !== 'housekeeping') {
      sums.statements++;
      sums.rows += rows;
      if (!isFirst) sums.repeated++;
    }
    const part = partIn(this, source, pool);
    part.statements++;
    part.serviceNs += serviceNs;
    return isFirst;
  }

  /** Its last statement so far is in this unit. */
  enter(session: SessionInUnit): void {
    this.sessions = this.sessions.length === 0 ? [session] : [...this.sessions, session];
  }

  leave(session: SessionInUnit): void {
    const others = this.sessions.filter((one) => one !== session);
    this.sessions = others.length === 0 ? NO_SESSIONS : others;
  }

  /** Takes over a unit that was not counted: it turned out to be a part of this one. */
  absorb(other: Unit): void {
    other.absorbedBy = this;
    this.#statements.take(other.#statements);
    this.#traits |= other.#traits;
    if (this.#session === '') this.#session = other.#session;
    else if (this.#session !== other.#session) this.#traits |= TRAITS.sessions;
    this.statementsDropped += other.statementsDropped;
    this.statementsBeyond += other.statementsBeyond;
    this.unsettled += other.unsettled;
    this.firstMs = Math.min(this.firstMs, other.firstMs);
    this.lastMs = Math.max(this.lastMs, other.lastMs);
    this.dirty ||= other.dirty;
    this.opened = addOpened(this.opened, other.opened);
    if (other.#tagSet !== '') this.#offerTagSet(other.#tagSet, other.#tagSetMs);
    for (const name in this.sums) this.sums[name as keyof UnitSums] += other.sums[name as keyof UnitSums];
    for (const theirs of other.byFingerprint.values()) this.#addAll(theirs);
    for (const { source, pool, statements, serviceNs } of other.parts) {
      const part = partIn(this, source, pool);
      part.statements += statements;
      part.serviceNs += serviceNs;
    }
  }

  /** Keeps what a later execution needs to go on with it, and no statement. */
  strip(): void {
    this.#statements.clear();
    this.parts = NO_PARTS;
    this.opened = NOTHING_OPENED;
  }

  /** Gives up its statements but those of pauses in transactions. */
  rest(): void {
    this.restedMs = this.lastMs;
    this.statementsDropped += this.#statements.rest();
  }

  /** What runs before a URL is resolved has tags, but no route: the first that has one names the unit. */
  #offerTagSet(tagSet: string, startMs: number): void {
    const isRoute = tagSet === this.#tagSet ? this.#hasRoute : namesRoute(tagSet);
    if (isRoute === this.#hasRoute) {
      if (!isBefore(startMs, tagSet, this.#tagSetMs, this.#tagSet)) return;
    } else if (this.#hasRoute) return;
    this.#tagSet = tagSet;
    this.#tagSetMs = startMs;
    this.#hasRoute = isRoute;
  }

  /** True for the first execution of this statement. */
  #addStatement({ fingerprint, source, tagSet, startMs, serviceNs }: UnitExecution, rows: number): boolean {
    const known = this.byFingerprint.get(fingerprint);
    if (known === undefined) {
      if (this.byFingerprint.size >= limits.requestStatementsMax) {
        this.statementsBeyond++;
        return false;
      }
      this.byFingerprint.set(fingerprint, {
        fingerprint,
        startMs,
        source,
        tagSet,
        executions: 1,
        serviceNs,
        rows,
        countedExecutions: 0,
        countedNs: 0,
        countedRows: 0,
      });
      return true;
    }
    known.executions++;
    known.serviceNs += serviceNs;
    known.rows += rows;
    // Its row stands once it is counted.
    if (known.countedExecutions === 0 && isBefore(startMs, tagSet, known.startMs, known.tagSet)) {
      known.startMs = startMs;
      known.source = source;
      known.tagSet = tagSet;
    }
    return false;
  }

  #addAll(theirs: StatementInUnit): void {
    const ours = this.byFingerprint.get(theirs.fingerprint);
    if (ours === undefined) {
      if (this.byFingerprint.size < limits.requestStatementsMax) this.byFingerprint.set(theirs.fingerprint, theirs);
      else this.statementsBeyond += theirs.executions;
      return;
    }
    if (theirs.source !== 'housekeeping') this.sums.repeated++;
    ours.executions += theirs.executions;
    ours.serviceNs += theirs.serviceNs;
    ours.rows += theirs.rows;
  }
}
