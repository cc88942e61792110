// One unit of work while it is seen: its executions, and the sums of those whose session settled.
// Invariant: its sums, the order of `statements` and its name depend on when executions started, not on when they came;
// which statements a full unit keeps, on when they settled. Not here: which unit one is in (units.ts), its rows.

import type { Boundary, Found } from '../../facts/rollup-row.js';
import { ALL_TRAITS, TRAITS, traitsOf, type UnitStatement, type WorkUnit } from '../../facts/work/unit.js';
import type { KeptStatements } from './kept/kept-statements.js';
import { StatementList } from './kept/statement-list.js';
import { isBefore, StatementSums } from './kept/statement-sums.js';
import type { Settled, UnitExecution } from './kept/unit-execution.js';
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
import { namesRoute } from './unit-tag-sets.js';

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
  #traits = 0;
  #session = '';
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
  /** Ids and sessions that lead to it, but for those in `sessions`. */
  holders = 0;
  /** Statements that it is counted with among ended units (unit-ids.ts). */
  remembered = 0;
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
  #tagSet = '';
  #tagSetMs = Number.POSITIVE_INFINITY;
  #hasRoute = false;
  #namedTagSet = '';

  constructor(boundary: Boundary, kept: KeptStatements) {
    this.boundary = boundary;
    this.#statements = new StatementList(kept);
  }

  /** As a new one would be: nothing leads to it any more (free-units.ts). */
  beginAnew(boundary: Boundary): void {
    this.boundary = boundary;
    this.requestId = this.traceId = this.#session = this.#tagSet = this.#namedTagSet = '';
    this.firstMs = this.#tagSetMs = Number.POSITIVE_INFINITY;
    this.lastMs = this.restedMs = this.statementsDropped = this.unsettled = this.#traits = 0;
    setSums(this.sums, NOTHING);
    this.opened = NOTHING_OPENED;
    this.distinct.clear();
    this.#statements.clear();
    this.parts.clear();
    this.sessions = NO_SESSIONS;
    this.absorbedBy = undefined;
    this.#isCounted = this.#hasRoute = this.dirty = this.measured = this.resumed = this.ended = this.servesOnce = false;
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
    if (this.#session === '') this.#session = execution.session;
    else if (this.#session !== execution.session) this.#traits |= TRAITS.sessions;
    if (execution.startMs < this.firstMs) this.firstMs = execution.startMs;
    if (execution.endMs > this.lastMs) this.lastMs = execution.endMs;
    if (this.#namedTagSet === '' && namesRoute(execution.unitTagSet)) this.#namedTagSet = execution.unitTagSet;
  }

  /** Hot path: its session has settled. `keep` false = sums alone. True for the first execution of its statement. */
  settle(execution: UnitExecution, { source, construct, pool, tagSet, unitTagSet }: Settled, keep: boolean): boolean {
    execution.source = source;
    execution.construct = construct;
    execution.pool = pool;
    execution.tagSet = tagSet;
    if (keep) this.#statements.add(execution);
    else this.statementsDropped++;
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
    this.#traits |= other.#traits;
    if (this.#session === '') this.#session = other.#session;
    else if (this.#session !== other.#session) this.#traits |= TRAITS.sessions;
    this.statementsDropped += other.statementsDropped;
    this.unsettled += other.unsettled;
    this.firstMs = Math.min(this.firstMs, other.firstMs);
    this.lastMs = Math.max(this.lastMs, other.lastMs);
    this.dirty = true;
    this.opened = addOpened(this.opened, other.opened);
    if (other.#tagSet !== '') this.#offerTagSet(other.#tagSet, other.#tagSetMs);
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
}
