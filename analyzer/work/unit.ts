// One unit of work while it is seen: its executions, and the sums of those whose session settled.
// Invariant: its sums, the order of `statements` and its name depend on when executions started, not on when they came;
// which statements a full unit keeps, on when they settled. Not here: which unit one is in (units.ts), its rows.

import type { Boundary, Found } from '../../facts/rollup-row.js';
import { ALL_TRAITS, TRAITS, traitsOf, type UnitStatement, type WorkUnit } from '../../facts/work/unit.js';
import type { KeptStatements } from './kept/kept-statements.js';
import { StatementList } from './kept/statement-list.js';
import { StatementSums } from './kept/statement-sums.js';
import type { Settled, UnitExecution } from './kept/unit-execution.js';
import { namesRoute, UnitName } from './kept/unit-name.js';
import { UnitParts } from './kept/unit-parts.js';
import {
  addOpened,
  type Counted,
  NOTHING_OPENED,
  noUnitSums,
  type Opened,
  type SessionInUnit,
  setSums,
  type UnitSums,
} from './kept/unit-sums.js';

const NOTHING = noUnitSums();
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
  ownTraits = 0;
  /** Of its first execution. */
  session = '';
  readonly sums: UnitSums = noUnitSums();
  opened: Opened = NOTHING_OPENED;
  readonly distinct = new StatementSums();
  readonly parts = new UnitParts();
  readonly #counted: Counted = { minute: 0, found: 'direct', tagSet: '', sums: noUnitSums() };
  #isCounted = false;
  /** Something was added since it was counted. */
  dirty = false;
  /** Its length is in the histograms. */
  measured = false;
  /** An earlier process counted it as a request. */
  resumed = false;
  ended = false;
  /** How many lead to it: sessions that are not in `sessions`, and its place among those that ended. */
  holders = 0;
  /** Among those that ids lead to (kept/named-units.ts); -1 = none does. */
  place = -1;
  /** Others may know it after it ended. */
  servesOnce = false;
  /** Its last statement when it rested. */
  restedMs = 0;
  /** Beside it among the open ones (open-units.ts). */
  older: Unit | undefined = undefined;
  newer: Unit | undefined = undefined;
  /** Sessions whose last statement is in it. */
  sessions: readonly SessionInUnit[] = NO_SESSIONS;
  /** It is a part of that one. */
  absorbedBy: Unit | undefined = undefined;
  readonly #statements: StatementList;
  readonly name = new UnitName();

  constructor(boundary: Boundary, kept: KeptStatements) {
    this.boundary = boundary;
    this.#statements = new StatementList(kept);
  }

  /** As a new one would be: nothing leads to it any more (free-units.ts). */
  beginAnew(boundary: Boundary): void {
    this.boundary = boundary;
    this.requestId = this.traceId = this.session = '';
    this.name.clear();
    this.firstMs = Number.POSITIVE_INFINITY;
    this.lastMs = this.restedMs = this.statementsDropped = this.unsettled = this.ownTraits = 0;
    setSums(this.sums, NOTHING);
    this.opened = NOTHING_OPENED;
    this.distinct.clear();
    this.#statements.clear();
    this.parts.clear();
    this.sessions = NO_SESSIONS;
    this.absorbedBy = undefined;
    this.#isCounted = this.dirty = this.measured = this.resumed = this.ended = this.servesOnce = false;
  }

  /** What the rows hold already; undefined = nothing. Its row stays the same from then on. */
  get counted(): Readonly<Counted> | undefined {
    return this.#isCounted ? this.#counted : undefined;
  }

  /** From now on it is in this row. */
  countIn({ minute, tagSet }: { minute: number; tagSet: string }): Readonly<Counted> {
    this.#isCounted = true;
    this.#counted.minute = minute;
    this.#counted.found = this.found;
    this.#counted.tagSet = tagSet;
    setSums(this.#counted.sums, NOTHING);
    return this.#counted;
  }

  get found(): Found {
    return this.boundary === 'tags' || this.boundary === 'connection' ? 'direct' : 'heuristic';
  }

  get traits(): number {
    if (this.unsettled > 0) return ALL_TRAITS;
    return this.sums.repeated > 0 ? this.ownTraits | TRAITS.repeats : this.ownTraits;
  }

  get id(): string {
    return this.requestId || this.traceId;
  }

  get serviceNs(): number {
    return this.sums.serviceNs;
  }

  get tagSet(): string {
    return this.name.tagSet;
  }

  get statements(): readonly UnitStatement[] {
    return this.#statements.read();
  }

  get first(): UnitStatement | undefined {
    return this.#statements.first;
  }

  get kept(): number {
    return this.#statements.length;
  }

  /** Hot path. */
  add(execution: UnitExecution): void {
    execution.unit = this;
    this.unsettled++;
    if (this.session === '') this.session = execution.session;
    else if (this.session !== execution.session) this.ownTraits |= TRAITS.sessions;
    if (execution.startMs < this.firstMs) this.firstMs = execution.startMs;
    if (execution.endMs > this.lastMs) this.lastMs = execution.endMs;
    if (this.name.given === '' && namesRoute(execution.unitTagSet)) this.name.given = execution.unitTagSet;
  }

  /** Hot path: its session has settled. `keep` false = sums alone. True for the first execution of its statement. */
  settle(execution: UnitExecution, settled: Settled, keep: boolean): boolean {
    const { source, construct, pool, tagSet, unitTagSet } = settled;
    execution.source = source;
    execution.construct = construct;
    execution.pool = pool;
    execution.tagSet = tagSet;
    const { serviceNs, startMs } = execution;
    const rows = execution.sqlstate === '' ? execution.rows : 0;
    if (!keep) this.statementsDropped++;
    // Most have the texts of the one before: their traits are there, and they name it only if they start no later.
    if (keep && this.#statements.add(execution)) {
      if (execution.rows > 1) this.ownTraits |= TRAITS.rows;
      if (startMs <= this.name.ms && unitTagSet !== '') this.name.offer(unitTagSet, startMs);
    } else {
      this.ownTraits |= traitsOf(execution);
      if (unitTagSet !== '') this.name.offer(unitTagSet, startMs);
    }
    this.unsettled--;
    this.dirty = true;
    const { sums } = this;
    sums.serviceNs += serviceNs;
    sums.idleRequests += execution.idleRequests;
    if (execution.sqlstate !== '') sums.errors++;
    const isFirst = this.distinct.add(execution, rows);
    if (source !== 'housekeeping') {
      sums.statements++;
      sums.rows += rows;
      if (!isFirst) sums.repeated++;
    }
    this.parts.addOne(source, pool, serviceNs);
    return isFirst;
  }

  /** Its last statement so far is in this unit. */
  enter(session: SessionInUnit): void {
    this.sessions = this.sessions.length === 0 ? session.alone : [...this.sessions, session];
  }

  leave(session: SessionInUnit): void {
    if (this.sessions === session.alone) this.sessions = NO_SESSIONS;
    else this.sessions = this.sessions.filter((one) => one !== session);
  }

  /** Takes over a unit that was not counted: it turned out to be a part of this one. */
  absorb(other: Unit): void {
    other.absorbedBy = this;
    this.servesOnce ||= other.servesOnce;
    this.#statements.take(other.#statements);
    this.ownTraits |= other.ownTraits;
    if (this.session === '') this.session = other.session;
    else if (this.session !== other.session) this.ownTraits |= TRAITS.sessions;
    this.statementsDropped += other.statementsDropped;
    this.unsettled += other.unsettled;
    this.firstMs = Math.min(this.firstMs, other.firstMs);
    this.lastMs = Math.max(this.lastMs, other.lastMs);
    this.dirty = true;
    this.opened = addOpened(this.opened, other.opened);
    if (other.tagSet !== '') this.name.offer(other.tagSet, other.name.ms);
    for (const name in this.sums) this.sums[name as keyof UnitSums] += other.sums[name as keyof UnitSums];
    this.sums.repeated += this.distinct.absorb(other.distinct);
    this.parts.absorb(other.parts);
  }

  /** Keeps what a later execution needs to go on with it, and no statement. */
  strip(): void {
    this.#statements.clear();
    this.parts.clear();
    this.opened = NOTHING_OPENED;
  }

  /** What was read of it is made anew when it is asked for again. */
  forgetRead(): void {
    this.#statements.forgetRead();
  }

  /** Gives up its statements but those of pauses in transactions. */
  rest(): void {
    this.restedMs = this.lastMs;
    this.statementsDropped += this.#statements.rest();
  }
}
