// Holds what is known of one session's work: the unit it is in, and what tells the next one apart.
// Invariant: constant size. Not here: deciding (boundary.ts), counting (units.ts).

import type { FreeUnits } from './free-units.js';
import type { UnitExecution } from './kept/unit-execution.js';
import type { SessionInUnit } from './kept/unit-sums.js';
import type { Pace } from './pace.js';
import type { Unit } from './unit.js';

/** Units without tags that a session may begin between two statements of one request. */
const SINCE_MAX = 8;
/** So many pings show that requests of a connection begin with one. */
const PINGS_MIN = 2;
/** They count half after so many, so that what a connection is used for may change. */
const PINGS_KEPT = 64;

export class SessionWork implements SessionInUnit {
  /** Relay and session. */
  readonly name: string;
  readonly alone: readonly SessionInUnit[] = [this];
  /** Shared by all connections with its startup packet. */
  readonly pace: Pace;
  /** The unit of its last statement. */
  unit: Unit | undefined = undefined;
  /** Of its last statement inside a transaction. */
  readonly last = { fingerprint: '', tagSet: '', source: '', isAborted: false };
  /** The unit of its last tagged statement, and units that it began since: they may turn out to lie inside of it. */
  #tagged: Unit | undefined = undefined;
  #since: Unit[] = [];
  /** Units that it had a part in. */
  units = 0;
  /** Unix ms; 0 = it has sent nothing. */
  firstMs = 0;
  lastEndMs = 0;
  /** Pings between two requests that a statement followed at once: health checks, pre-ping. */
  #pings = 0;
  /** Those that none followed at once: the application's own SELECT 1, which says whether it is healthy. */
  #lonePings = 0;
  /** Its last statement was a ping between two requests. */
  pinged = false;
  inTransaction = false;
  /** It has run statements outside of transactions. Told before each statement. */
  autocommits = false;
  /** The last statement gave the connection back to its pool. */
  returned = false;
  /** The last statement ended a transaction. */
  ended = false;
  failed = false;
  /** An earlier process counted the request that it was in, and no statement has told since that it is over. */
  resumes: boolean;
  readonly member: SessionInUnit['member'];
  /** Earlier statements of it were seen by another process. */
  readonly partial: boolean;

  constructor(
    name: string,
    options: { pace: Pace; partial: boolean; resumes: boolean; member: SessionInUnit['member'] },
  ) {
    this.name = name;
    this.resumes = options.resumes;
    this.pace = options.pace;
    this.partial = options.partial;
    this.member = options.member;
  }

  /** Hot path inside of transactions. */
  sent({ fingerprint, tagSet, transactionAfter }: UnitExecution): void {
    const { last } = this;
    last.fingerprint = fingerprint;
    last.tagSet = tagSet;
    last.source = '';
    last.isAborted = transactionAfter === 'E';
  }

  /** Hot path inside of transactions: what is known of the last one once the session has settled. */
  settled(source: string, tagSet: string): void {
    this.last.source = source;
    this.last.tagSet = tagSet;
  }

  /**
   * Hot path: it sent nothing for so long, outside of a transaction. `isPing`: and a ping now. One after another they
   * keep an idle connection alive, and say nothing of requests.
   */
  paused(ms: number, isPing: boolean): void {
    if (this.pinged && !isPing) {
      if (ms <= this.pace.gapMs) this.#pings++;
      else this.#lonePings++;
      if (this.#pings + this.#lonePings > PINGS_KEPT) {
        this.#pings >>= 1;
        this.#lonePings >>= 1;
      }
    }
    this.pace.paused(ms);
  }

  /** Whoever takes the connection looks at it first: a pause inside of a request is none of its own. */
  get isPinged(): boolean {
    return this.#pings >= PINGS_MIN && this.#pings > this.#lonePings;
  }

  get tagged(): Unit | undefined {
    return this.#tagged;
  }

  get since(): readonly Unit[] {
    return this.#since;
  }

  /** A unit without tags, which may turn out to lie between two statements of one request. */
  begins(unit: Unit, free: FreeUnits): void {
    if (this.#tagged === undefined) return;
    // Those that ended are no part of what comes, and may be large.
    if (this.#since.some(hasEnded)) {
      const ended = this.#since.filter(hasEnded);
      this.#since = this.#since.filter((one) => !hasEnded(one));
      for (const one of ended) free.release(one);
    }
    if (this.#since.length >= SINCE_MAX) return;
    unit.holders++;
    this.#since.push(unit);
  }

  /** It sent a statement of this unit, with tags; undefined = it sends nothing more. */
  names(unit: Unit | undefined, free: FreeUnits): void {
    const { tagged: before, since } = this;
    if (unit !== undefined && unit !== before) unit.holders++;
    this.#tagged = unit;
    if (since.length > 0) this.#since = [];
    for (const one of since) free.release(one);
    if (before !== undefined && before !== unit) free.release(before);
  }
}

function hasEnded({ ended }: Unit): boolean {
  return ended;
}
