// Finds the unit of work that each execution belongs to, and counts units: read this first.
//
//   execution ► an id in its tags? ─ yes ► the unit of that id
//                                  └ no ─► the unit of its session, or a new one (boundary.ts)
//             ► its session settles ► the unit's sums ► rows, once the unit is quiet, long or left
//
// Invariant: an execution is in one unit, once. A unit that goes on after it ended adds to its row and is no second
// request, also where an earlier process counted it. At most unitsOpenMax units are open, with unitsStatementsMax
// statements; what goes beyond is counted.
// Not here: tags (unit-feed.ts) and sources (counting.ts), which are given, when a unit is over
// (unit-end.ts), rows (request-counts.ts, statement-counts.ts), examples (unit-samples.ts).

import { limits } from '../../config/limits.js';
import type { WorkUnit } from '../../facts/work/unit.js';
import { boundaryBefore, givesBack, isInside, isPartOf, isPrelude, wholeOf } from './boundary.js';
import { CountedRequests } from './counted-requests.js';
import { FreeUnits } from './free-units.js';
import { KeptStatements } from './kept/kept-statements.js';
import type { Settled, UnitExecution } from './kept/unit-execution.js';
import { addOpened } from './kept/unit-sums.js';
import { OpenUnits } from './open-units.js';
import { Paces, SHORT_LIFE_MS } from './pace.js';
import { RequestCounts } from './request-counts.js';
import { SessionWork } from './session-work.js';
import { StatementCounts, type TellsApart } from './statement-counts.js';
import type { Unit } from './unit.js';
import { idleIn, isLeft, isOver, isYoung, rests } from './unit-end.js';
import { UnitIds } from './unit-ids.js';
import { UnitSamples } from './unit-samples.js';
import type { UnitsCounters, UnitsListener } from './units-told.js';

/** Longer units are looked at before they end, if nothing can take them over. */
const SHOWN_MS = 1_000;
/** Longer units show before they end. */
const LONG_MS = 2_000;

type Ids = Readonly<{ requestId: string; traceId: string }>;

export class Units {
  readonly #listener: UnitsListener | undefined;
  readonly requests = new RequestCounts();
  readonly statements: StatementCounts;
  readonly samples = new UnitSamples();
  readonly counted = new CountedRequests(() => this.#open);
  readonly counters: UnitsCounters = { unitsTotal: 0, unitsCutTotal: 0, unitStatementsDroppedTotal: 0 };
  readonly keeps = new KeptStatements(limits.unitsStatementsMax);
  readonly #free = new FreeUnits(this.keeps);
  readonly #ids = new UnitIds(this.#free);
  readonly #open = new OpenUnits();
  readonly #paces = new Paces();
  /** The newest moment of the relays' clocks, and when a tick first saw it. */
  #newestMs = 0;
  #newestSeenMs = 0;
  #isNewestSeen = true;

  constructor({ listener, tellsApart }: { listener?: UnitsListener; tellsApart: TellsApart }) {
    this.#listener = listener;
    this.statements = new StatementCounts(tellsApart);
  }

  /** Units that are not over yet, oldest first. */
  open(): Iterable<WorkUnit> {
    return this.#open;
  }

  /** @param startup what connections of one application have in common. `partial`: it was open before this process. */
  sessionOf(
    name: string,
    { startup, ...of }: { startup: string; partial: boolean; member: SessionWork['member'] },
  ): SessionWork {
    const resumes = of.partial && this.counted.takeSession(name);
    return new SessionWork(name, { pace: this.#paces.of(startup), resumes, ...of });
  }

  /** Hot path: once per execution, in the order of its session. `ids`: what its tags name; '' = nothing. */
  take(session: SessionWork, execution: UnitExecution, ids: Ids): void {
    const unit = this.#unitOf(session, execution, ids);
    unit.add(execution);
    if (execution.endMs > this.#newestMs) {
      this.#newestMs = execution.endMs;
      this.#isNewestSeen = false;
    }
    if (session.unit !== unit) this.#move(session, unit);
    const inside = isInside(session, execution);
    const isPing = execution.housekeeping === 'ping';
    if (!inside && session.lastEndMs > 0) session.paused(execution.startMs - session.lastEndMs, isPing);
    if (session.firstMs === 0) session.firstMs = execution.startMs;
    session.pinged = isPing && !session.failed && !inside;
    session.lastEndMs = execution.endMs;
    session.failed = execution.sqlstate !== '';
    session.ended = execution.housekeeping === 'end';
    session.returned = givesBack(session, execution);
    const after = execution.transactionAfter;
    if (after !== '') session.inTransaction = after !== 'I';
    else if (execution.housekeeping === 'begin') session.inTransaction = true;
    else if (session.ended) session.inTransaction = false;
    if (session.inTransaction) session.sent(execution);
  }

  /** Hot path: its session has settled. True for the first execution of a statement in a request that tags name. */
  settled(execution: UnitExecution, settled: Settled): boolean {
    const unit = this.#goOn(wholeOf(execution.unit as Unit));
    const keep = unit.kept < limits.unitStatementsMax && !this.keeps.isFull;
    if (!keep) this.counters.unitStatementsDroppedTotal++;
    return unit.settle(execution, settled, keep) && unit.boundary === 'tags';
  }

  /** The connection is closed. */
  closed(session: SessionWork, { lifetimeMs, openingMs }: { lifetimeMs: number; openingMs: number }): void {
    const { unit, pace, partial } = session;
    if (!partial) pace.closed(lifetimeMs);
    if (unit === undefined) return;
    const isWhole = session.units === 1 && !partial && lifetimeMs < SHORT_LIFE_MS;
    if (isWhole && pace.isPerRequest) unit.opened = addOpened(unit.opened, { connections: 1, ms: openingMs });
    if (isWhole && unit.found === 'heuristic' && unit.counted === undefined) unit.boundary = 'connection';
    session.names(undefined, this.#free);
    this.#leave(session, unit);
    session.unit = undefined;
  }

  /** Counts the units that are over, and those that are long. Called before every flush. */
  tick(nowMs: number): void {
    // The relays' clocks need not agree with ours: silence is measured on theirs, and passes on ours.
    if (!this.#isNewestSeen) {
      this.#isNewestSeen = true;
      this.#newestSeenMs = nowMs;
    }
    const theirNowMs = this.#newestMs + Math.max(0, nowMs - this.#newestSeenMs);
    for (const unit of this.#open) {
      if (isYoung(unit, theirNowMs)) continue;
      if (isOver(unit, theirNowMs)) {
        this.#end(unit);
        continue;
      }
      const sinceMs = theirNowMs - unit.firstMs;
      if (unit.dirty && sinceMs > LONG_MS) this.#count(unit);
      // Until it is counted, a guess may turn out to be a part of a request, which would show the same again.
      const stands = unit.found === 'direct' || unit.counted !== undefined;
      if (stands && unit.unsettled === 0 && sinceMs > SHOWN_MS) {
        unit.servesOnce = true;
        this.#listener?.unitGoesOn(unit, { nowMs: theirNowMs, idleSessions: idleIn(unit) });
        unit.forgetRead();
      }
      if (rests(unit, theirNowMs)) {
        unit.servesOnce = true;
        this.#listener?.unitRests(unit);
        unit.rest();
      }
    }
  }

  /** Ends all units: nothing more comes. */
  endAll(): void {
    this.counted.endAll();
    for (const unit of this.#open) this.#end(unit);
  }

  #unitOf(session: SessionWork, execution: UnitExecution, { requestId, traceId }: Ids): Unit {
    const current = session.unit;
    if (requestId === '' && traceId === '') {
      const boundary = boundaryBefore(session, execution);
      if (current === undefined || boundary !== undefined) return this.#beginIn(session, boundary ?? 'burst');
      if (current.boundary === 'tags' && !isInside(session, execution) && isPrelude(execution))
        return this.#beginIn(session, session.autocommits ? 'burst' : 'transaction');
      return this.#goOn(current);
    }
    if (current !== undefined && current.requestId === requestId && current.traceId === traceId)
      return this.#goOn(current);
    const known = this.#ids.find(requestId, traceId);
    const resumed = known === undefined && this.counted.takeRequest(requestId || traceId);
    const unit = known === undefined ? this.#begin('tags', resumed) : this.#goOn(known);
    session.resumes = false;
    this.#ids.name(unit, requestId, traceId);
    // What carries no tags (COPY) and lies between two statements of one request is of that request.
    const parts = session.tagged === unit ? session.since : current === undefined ? [] : [current];
    const isOneStretch = session.tagged === unit || boundaryBefore(session, execution) === undefined;
    if (isOneStretch) for (const part of parts) if (isPartOf(unit, part)) this.#absorb(unit, part);
    session.names(unit, this.#free);
    return unit;
  }

  #beginIn(session: SessionWork, boundary: Unit['boundary']): Unit {
    const unit = this.#begin(boundary, session.resumes);
    session.resumes = false;
    session.begins(unit, this.#free);
    return unit;
  }

  #begin(boundary: Unit['boundary'], resumed: boolean): Unit {
    const unit = this.#free.begin(boundary);
    unit.resumed = resumed;
    this.counters.unitsTotal++;
    return this.#opened(unit);
  }

  #goOn(unit: Unit): Unit {
    if (!unit.ended) return unit;
    unit.ended = false;
    this.#ids.goesOn(unit);
    return this.#opened(unit);
  }

  #opened(unit: Unit): Unit {
    if (this.#open.size >= limits.unitsOpenMax) {
      this.counters.unitsCutTotal++;
      this.#end(this.#open.oldest!);
    }
    this.#open.add(unit);
    return unit;
  }

  #absorb(unit: Unit, part: Unit): void {
    unit.absorb(part);
    this.#open.remove(part);
    part.ended = true;
    this.counters.unitsTotal--;
  }

  #move(session: SessionWork, unit: Unit): void {
    const before = session.unit;
    session.unit = unit;
    session.units++;
    unit.enter(session);
    if (before !== undefined) this.#leave(session, before);
  }

  #leave(session: SessionWork, unit: Unit): void {
    unit.leave(session);
    // Memory that was used a moment ago is quick: units that wait for a tick to end them are in no processor's cache.
    if (isLeft(unit)) this.#end(unit);
    else this.#free.offer(unit);
  }

  #count(unit: Unit): void {
    unit.dirty = false;
    if (this.requests.count(unit)) this.statements.count(unit);
  }

  #end(unit: Unit): void {
    this.#open.remove(unit);
    unit.ended = true;
    if (unit.dirty) this.#count(unit);
    if (unit.counted !== undefined) this.counted.ended(unit);
    if (this.requests.measure(unit)) this.samples.offer(unit);
    if (unit.sums.statements > 0) this.#listener?.unitEnded(unit);
    unit.strip();
    this.#ids.ended(unit);
    this.#free.offer(unit);
  }
}
