// Finds work on another pool inside of an open transaction where no tags join the two: by nesting.
// The transaction's session is silent exactly while the other one works, and goes on right after: again and again, and
// more often than chance would have it.
// Invariant: what it finds is weak; counts begin anew every hour; bounded. Not here: sessions that tags join
// (kinds/boundary.ts), the words (the same).

import { limits } from '../../config/limits.js';
import type { Occurrence } from '../../facts/finding.js';
import type { Found } from '../../facts/rollup-row.js';
import { isWrite, TRAITS, type UnitStatement } from '../../facts/work/unit.js';
import { BurstCounts } from './burst-counts.js';
import { callerOf } from './views/caller.js';
import { beginningsMs, CHANCE_LN_MAX, chanceLn, isNested, type Span } from './views/chance.js';
import type { Transaction, UnitView } from './views/unit-view.js';

/** Work of one session between two pauses. */
interface Burst {
  readonly pool: string;
  readonly session: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly fingerprint: string;
  readonly source: string;
  readonly isWrite: boolean;
  /** A write that was not rolled back by its own transaction. */
  readonly stays: boolean;
  readonly serviceNs: number;
  readonly caller: string;
}

/** A transaction that has written, with the pauses after that. */
interface Outer {
  readonly pool: string;
  readonly session: string;
  readonly inside: { readonly fingerprint: string; readonly source: string };
  readonly isRolledBack: boolean;
  readonly gaps: readonly Span[];
  readonly of: NestedIn;
  readonly queuedMs: number;
}

/** The unit that the transaction is of. */
export interface NestedIn {
  readonly found: Found;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly route: string;
}

export interface Nested {
  readonly occurrence: Occurrence;
  readonly of: NestedIn;
}

/** How often one statement of one pool was nested in transactions of another. */
interface Pairing {
  times: number;
  /** Of the nested work, in ms. */
  lengthMs: number;
  /** Those that wait for the proof. */
  waiting: Nested[];
}

const TIMES_MIN = 5;
/** The units of both sessions have ended by then. */
const RIPE_MS = 2_500;
const KEPT_MS = 40_000;
const PAUSES_MAX = 1_024;
const WAITING_MAX = 20;
const AGAIN_MS = 3_600_000;

export class Nesting {
  readonly #pools = new Set<string>();
  #bursts: Burst[] = [];
  #outers: Outer[] = [];
  #pairings = new Map<string, Pairing>();
  /** Bursts by pool and statement. */
  #burstsOf = new BurstCounts();
  /** Pauses of transactions by pool: their number, and lengths of some. */
  #pausesOf = new Map<string, { all: number; lengthsMs: number[] }>();
  #sinceMs = Number.POSITIVE_INFINITY;
  #newestMs = 0;
  /** Bursts and transactions that were not compared, because there were too many. */
  droppedTotal = 0;

  /** A unit ended that no tags name. */
  take(view: UnitView, nowMs: number): void {
    const { unit, first } = view;
    if (first === undefined || first.pool === '' || view.hasSeveralSessions) return;
    if (this.#pools.size < limits.nestingPairsMax) this.#pools.add(first.pool);
    this.#sinceMs = Math.min(this.#sinceMs, unit.firstMs);
    this.#newestMs = Math.max(this.#newestMs, unit.lastMs);
    if (this.#newestMs - this.#sinceMs > AGAIN_MS) this.#beginAnew();
    if (this.#bursts.length < limits.nestingBurstsMax) this.#keep(burstOf(view, first));
    else this.droppedTotal++;
    if ((unit.traits & TRAITS.writes) === 0) return;
    for (const transaction of view.transactions) {
      const outer = outerOf(view, transaction, nowMs);
      if (outer === undefined) continue;
      this.#notePauses(outer.pool, outer.gaps);
      if (this.#outers.length < limits.nestingTransactionsMax) this.#outers.push(outer);
      else this.droppedTotal++;
    }
  }

  /** What is proven by now. `all`: nothing more comes. */
  found(nowMs: number, { all = false } = {}): Nested[] {
    const isRipe = ({ queuedMs }: Outer): boolean => all || nowMs - queuedMs >= RIPE_MS;
    const ripe = this.#outers.filter(isRipe);
    const found: Nested[] = [];
    if (this.#pools.size > 1) for (const outer of ripe) this.#match(outer, found);
    if (ripe.length > 0) this.#outers = this.#outers.filter((outer) => !isRipe(outer));
    this.#bursts = this.#bursts.filter(({ lastMs }) => this.#newestMs - lastMs < KEPT_MS);
    return found;
  }

  /** What cannot be counted among all of its kind is not compared: nothing could prove it. */
  #keep(burst: Burst): void {
    if (this.#burstsOf.add(burst)) this.#bursts.push(burst);
    else this.droppedTotal++;
  }

  #match(outer: Outer, found: Nested[]): void {
    const [{ startMs: fromMs }] = outer.gaps;
    const { endMs: toMs } = outer.gaps[outer.gaps.length - 1];
    for (const burst of this.#bursts) {
      if (burst.firstMs < fromMs || burst.lastMs > toMs) continue;
      if (burst.pool === outer.pool || burst.session === outer.session) continue;
      const gap = outer.gaps.find(({ startMs, endMs }) => startMs <= burst.firstMs && burst.lastMs <= endMs);
      if (gap === undefined || !isNested(burst, gap)) continue;
      const key = `${outer.pool} ${burst.pool} ${burst.fingerprint}`;
      let pairing = this.#pairings.get(key);
      if (pairing === undefined) {
        if (this.#pairings.size >= limits.nestingPairsMax) {
          this.droppedTotal++;
          continue;
        }
        pairing = { times: 0, lengthMs: 0, waiting: [] };
        this.#pairings.set(key, pairing);
      }
      pairing.times++;
      pairing.lengthMs += burst.lastMs - burst.firstMs;
      if (pairing.waiting.length < WAITING_MAX) pairing.waiting.push(nestedOf(outer, burst));
      if (!this.#isProven(pairing, outer.pool, burst)) continue;
      found.push(...pairing.waiting);
      pairing.waiting = [];
    }
  }

  /** Work that has nothing to do with the pauses begins at a moment from which it is nested by chance. */
  #isProven({ times, lengthMs }: Pairing, outerPool: string, { pool, fingerprint }: Burst): boolean {
    if (times < TIMES_MIN) return false;
    const all = this.#burstsOf.of(pool, fingerprint) ?? times;
    const pauses = this.#pausesOf.get(outerPool);
    if (pauses === undefined) return false;
    let momentsMs = 0;
    for (const pauseMs of pauses.lengthsMs) momentsMs += beginningsMs(pauseMs, lengthMs / times);
    momentsMs *= pauses.all / pauses.lengthsMs.length;
    const share = momentsMs / Math.max(1, this.#newestMs - this.#sinceMs);
    return chanceLn({ times: Math.min(times, all), all, share }) <= CHANCE_LN_MAX;
  }

  #notePauses(pool: string, gaps: readonly Span[]): void {
    let pauses = this.#pausesOf.get(pool);
    if (pauses === undefined) {
      if (this.#pausesOf.size >= limits.nestingPairsMax) return;
      pauses = { all: 0, lengthsMs: [] };
      this.#pausesOf.set(pool, pauses);
    }
    for (const { startMs, endMs } of gaps) {
      // The newest ones stand for all.
      pauses.lengthsMs[pauses.all % PAUSES_MAX] = endMs - startMs;
      pauses.all++;
    }
  }

  #beginAnew(): void {
    this.#pairings = new Map();
    this.#burstsOf = new BurstCounts();
    this.#pausesOf = new Map();
    this.#sinceMs = this.#newestMs;
  }
}

/** It is about its first write; without one about its first read. */
function burstOf(view: UnitView, first: UnitStatement): Burst {
  const { unit, transactions } = view;
  const write =
    (unit.traits & TRAITS.writes) === 0 ? undefined : view.own.find((one) => isWrite(one) && one.sqlstate === '');
  const about = write ?? first;
  const { pool, session, fingerprint, source, serviceNs } = about;
  const isUndone = transactions.some(
    ({ startMs, endMs, isRolledBack }) => isRolledBack && startMs <= about.startMs && about.endMs <= endMs,
  );
  return {
    pool,
    session,
    firstMs: unit.firstMs,
    lastMs: unit.lastMs,
    fingerprint,
    source,
    isWrite: write !== undefined,
    stays: !isUndone,
    serviceNs,
    caller: callerOf(about),
  };
}

function outerOf(
  view: UnitView,
  { statements, isRolledBack, session }: Transaction,
  queuedMs: number,
): Outer | undefined {
  const at = statements.findIndex((one) => isWrite(one) && one.sqlstate === '');
  if (at < 0) return undefined;
  const gaps: Span[] = [];
  for (let next = at + 1; next < statements.length; next++) {
    gaps.push({ startMs: statements[next - 1].endMs, endMs: statements[next].startMs });
  }
  if (gaps.length === 0) return undefined;
  const { pool, fingerprint, source } = statements[at];
  const { found, firstMs, lastMs } = view.unit;
  const of = { found, firstMs, lastMs, route: view.route };
  return { pool, session, inside: { fingerprint, source }, isRolledBack, gaps, of, queuedMs };
}

function nestedOf({ pool, inside, isRolledBack, of }: Outer, burst: Burst): Nested {
  const isLost = isRolledBack && burst.stays;
  const kind = !burst.isWrite ? 'boundary-read' : isLost ? 'boundary-lost-rollback' : 'boundary-write';
  const occurrence: Occurrence = {
    kind,
    confidence: 'weak',
    statements: [
      { fingerprint: burst.fingerprint, source: burst.source, role: 'beside' },
      { ...inside, role: 'inside' },
    ],
    pools: [pool, burst.pool],
    times: 1,
    costNs: burst.serviceNs,
    caller: burst.caller,
  };
  return { occurrence, of };
}
