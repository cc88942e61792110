// Keeps the last executions as they were counted, for `pgwitness tail`.
// Invariant: nothing is kept while nobody asks, and at most 2 * TAIL_MAX executions while somebody does; none of them
// holds text or a literal. Not here: texts (the catalogue has them), who may ask (dashboards/http/).

import type { ExecutionFacts, TailBatch } from '../../facts/answers.js';
import type { Verdict } from '../../facts/verdict.js';
import { nameOf } from '../attribution/comments/request-tags.js';
import type { ObservedSession, Waiting } from '../sessions/observed-session.js';
import { wholeOf } from '../work/boundary.js';
import type { Unit } from '../work/unit.js';

export interface Counted {
  readonly execution: Waiting;
  readonly pool: string;
  readonly verdict: Verdict;
  readonly tagSet: string;
}

const TAIL_MAX = 5_000;
/** A reader that has not asked for so long has left. */
const LEFT_AFTER_MS = 10_000;

interface Kept {
  readonly facts: Omit<ExecutionFacts, 'unit' | 'boundary'>;
  /** What led up to a request may join it after it was counted. */
  readonly unit: Unit | undefined;
}

export class Tail {
  #askedMs = Number.NEGATIVE_INFINITY;
  /** From 1: a reader that begins asks for what comes after 0. */
  #sequence = 1;
  #kept: Kept[] = [];
  readonly #units = new WeakMap<Unit, string>();
  #unitsNamed = 0;

  add({ facts: session }: ObservedSession, { execution, pool, verdict, tagSet }: Counted): void {
    const { statement, measured, transactionPosition } = execution;
    // Without a reader nothing is kept.
    if (measured.completedAtMs - this.#askedMs > LEFT_AFTER_MS) {
      if (this.#kept.length > 0) this.#kept = [];
      return;
    }
    this.#sequence++;
    const facts = {
      atMs: measured.completedAtMs,
      session: `${session.relayId}.${session.sessionId}`,
      pool,
      source: verdict.source,
      construct: verdict.construct,
      fingerprint: statement.fingerprint,
      serviceNs: measured.serviceNs,
      rows: measured.rows,
      sqlstate: measured.sqlstate,
      transactionPosition,
      tagSet,
      request: nameOf(statement.tags.request),
    };
    const unit = execution.inUnit?.unit as Unit | undefined;
    if (unit !== undefined) wholeOf(unit).servesOnce = unit.servesOnce = true;
    this.#kept.push({ facts, unit });
    // Cut in one go: shifting a long array at each execution is expensive.
    if (this.#kept.length >= 2 * TAIL_MAX) this.#kept = this.#kept.slice(-TAIL_MAX);
  }

  /** Executions after the `sequence` of an earlier batch; 0 = from now on. */
  batchAfter(sequence: number, nowMs: number): Omit<TailBatch, 'texts'> {
    this.#askedMs = nowMs;
    const wanted = sequence === 0 ? 0 : this.#sequence - sequence;
    const kept = wanted <= 0 ? [] : this.#kept.slice(-Math.min(wanted, TAIL_MAX));
    const executions = kept.map(({ facts, unit }) => ({ ...facts, ...this.#unitOf(unit) }));
    return { sequence: this.#sequence, missed: Math.max(0, wanted - executions.length), executions };
  }

  #unitOf(part: Unit | undefined): Pick<ExecutionFacts, 'unit' | 'boundary'> {
    if (part === undefined) return { unit: '', boundary: '' };
    const unit = wholeOf(part);
    let name = this.#units.get(unit);
    if (name === undefined) {
      name = String(++this.#unitsNamed);
      this.#units.set(unit, name);
    }
    return { unit: name, boundary: unit.boundary };
  }
}
