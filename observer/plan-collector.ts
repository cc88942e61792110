// Asks a server that the user named (--samples-dsn) for the plans of slow statements.
// Invariant: one question at a time, at most one in INTERVAL_MS, the slowest statement first, and one per statement in
// RENEW_MS; at most WAITING_MAX statements wait. A server that does not answer costs nothing but its plans. No question
// holds a value from traffic.
// Not here: the question itself (own-queries/plans.ts).

import { type Plannable, plannableOf } from '../analyzer/fingerprint/plannable.js';
import type { Identity } from '../analyzer/texts/facts-of-text.js';
import type { Log } from '../config/log.js';
import type { PlanRow } from '../facts/flush.js';
import type { Pending } from '../facts/pending.js';
import type { Measured } from '../facts/rollup-row.js';
import type { ServerAddress } from '../own-queries/dsn.js';
import { OWN_NAMES } from '../own-queries/own-names.js';
import { genericPlan } from '../own-queries/plans.js';
import { StandingConnection } from './standing-connection.js';

const INTERVAL_MS = 2_000;
const RENEW_MS = 6 * 3_600_000;
/** Pause after a connection that failed. */
const RETRY_MS = 60_000;
const WAITING_MAX = 500;
const ASKED_MAX = 20_000;
const CONNECT = {
  timeoutMs: 5_000,
  statementTimeoutMs: 1_000,
  graceMs: 2_000,
  answerBytesMax: 4 * 1024 * 1024,
  applicationName: OWN_NAMES.plans,
};
const WORDS = {
  lost: 'no plans for now: the server of --samples-dsn does not answer',
  back: 'the server of --samples-dsn answers again: plans are collected',
};

type Slow = Pick<Measured, 'completedAtMs' | 'serviceNs'>;

interface Waiting {
  readonly plannable: Plannable;
  /** Of its slowest execution meanwhile. */
  serviceNs: number;
}

export class PlanCollector implements Pending<PlanRow> {
  readonly #server: StandingConnection;
  readonly #timer: NodeJS.Timeout;
  readonly #waiting = new Map<string, Waiting>();
  /** Fingerprint → when its plan was asked for, Unix ms. */
  readonly #asked = new Map<string, number>();
  #pending: PlanRow[] = [];
  #busy = false;
  #notBeforeMs = 0;

  constructor(address: ServerAddress, log: Log) {
    this.#server = new StandingConnection({ address, connect: CONNECT, log, words: WORDS });
    this.#timer = setInterval(() => void this.#askNext(), INTERVAL_MS);
    this.#timer.unref();
  }

  /** Called for each slow execution; a look-up when its statement was asked for lately. */
  noteSlow({ fingerprint, key }: Pick<Identity, 'fingerprint' | 'key'>, { completedAtMs, serviceNs }: Slow): void {
    const asked = this.#asked.get(fingerprint);
    if (asked !== undefined && completedAtMs - asked < RENEW_MS) {
      const waiting = this.#waiting.get(fingerprint);
      if (waiting !== undefined && waiting.serviceNs < serviceNs) waiting.serviceNs = serviceNs;
      return;
    }
    if (this.#waiting.size >= WAITING_MAX) return;
    this.#remember(fingerprint, completedAtMs);
    const plannable = plannableOf(key);
    if (plannable !== undefined) this.#waiting.set(fingerprint, { plannable, serviceNs });
  }

  pending(): readonly PlanRow[] {
    return this.#pending;
  }

  stored(): void {
    this.#pending = [];
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#server.close();
  }

  async #askNext(): Promise<void> {
    if (this.#busy || Date.now() < this.#notBeforeMs) return;
    const next = this.#slowest();
    if (next === undefined) return;
    const [fingerprint, { plannable }] = next;
    this.#busy = true;
    try {
      const connection = await this.#server.open();
      const { version } = connection;
      const answer = await genericPlan(connection, plannable);
      this.#server.answered();
      this.#waiting.delete(fingerprint);
      this.#pending.push({ fingerprint, atMs: Date.now(), serverVersion: version, ...answer });
    } catch (error) {
      this.#notBeforeMs = Date.now() + RETRY_MS;
      this.#server.failed((error as Error).message);
    } finally {
      this.#busy = false;
    }
  }

  #slowest(): [fingerprint: string, waiting: Waiting] | undefined {
    let slowest: [string, Waiting] | undefined;
    for (const entry of this.#waiting)
      if (slowest === undefined || entry[1].serviceNs > slowest[1].serviceNs) slowest = entry;
    return slowest;
  }

  #remember(fingerprint: string, nowMs: number): void {
    this.#asked.delete(fingerprint);
    this.#asked.set(fingerprint, nowMs);
    if (this.#asked.size > ASKED_MAX) this.#asked.delete(this.#asked.keys().next().value as string);
  }
}
