// Looks once a minute which sessions of a server (--bypass-dsn) do not come through pgwitness.
// Invariant: a server that does not answer costs nothing but its samples, and each such minute says so.
// Not here: comparing (own-queries/activity.ts), judging samples (reports/check/).

import type { Log } from '../config/log.js';
import { minuteOf } from '../config/values/minute.js';
import type { BypassSample } from '../facts/flush.js';
import type { Pending } from '../facts/pending.js';
import type { BypassReport, WitnessedSession } from '../own-queries/activity.js';
import type { ServerAddress } from '../own-queries/dsn.js';
import { OWN_NAMES } from '../own-queries/own-names.js';
import { StandingConnection } from './standing-connection.js';

const INTERVAL_MS = 60_000;
/** Between the two looks at the server: a session of the first is stored by then. */
const SETTLE_MS = 2_500;
const CONNECT = {
  timeoutMs: 5_000,
  statementTimeoutMs: 5_000,
  graceMs: 2_000,
  answerBytesMax: 4 * 1024 * 1024,
  applicationName: OWN_NAMES.bypass,
};
/** Kinds of clients kept of one sample. */
const CLIENTS_MAX = 20;
const WORDS = {
  lost: 'nobody knows what bypasses pgwitness: the server of --bypass-dsn does not answer',
  back: 'the server of --bypass-dsn answers again',
};
const OTHER = '(other)';
const WAITING_MAX = 1_440;

export class BypassSampler implements Pending<BypassSample> {
  readonly #server: StandingConnection;
  #timer: NodeJS.Timeout | undefined;
  #sessions: () => readonly WitnessedSession[] = () => [];
  #pending: BypassSample[] = [];
  #busy = false;
  #stopped = false;

  constructor(address: ServerAddress, log: Log) {
    this.#server = new StandingConnection({ address, connect: CONNECT, log, words: WORDS });
  }

  /** `sessions`: those that are open here, as they were stored. */
  begin(sessions: () => readonly WitnessedSession[]): void {
    this.#sessions = sessions;
    this.#timer = setInterval(() => void this.#sample(), INTERVAL_MS);
    this.#timer.unref();
    void this.#sample();
  }

  pending(): readonly BypassSample[] {
    return this.#pending;
  }

  stored(): void {
    this.#pending = [];
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#server.close();
  }

  async #sample(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    const minute = minuteOf(Date.now());
    try {
      this.#push(sampleOf(minute, await this.#look()));
      this.#server.answered();
    } catch (error) {
      if (this.#stopped) return this.#server.close();
      const { message } = error as Error;
      this.#push({ minute, connections: null, clients: [], reason: message.slice(0, 200) });
      this.#server.failed(message);
    } finally {
      this.#busy = false;
    }
  }

  async #look(): Promise<BypassReport> {
    const { compareActivity, readActivity } = await import('../own-queries/activity.js');
    const connection = await this.#server.open();
    // It may have come while this was stopped.
    if (this.#stopped) throw new Error('stopped');
    const before = await readActivity(connection);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const witnessed = this.#sessions();
    const compared = compareActivity(witnessed, { before, after: await readActivity(connection) });
    if (!connection.isAmong(witnessed)) return compared;
    return { ...compared, outcome: 'cannot tell', reason: 'the address leads through pgwitness' };
  }

  #push(sample: BypassSample): void {
    if (this.#pending.length < WAITING_MAX) this.#pending.push(sample);
  }
}

function sampleOf(minute: number, { outcome, reason, bypassing }: BypassReport): BypassSample {
  if (outcome === 'cannot tell') return { minute, connections: null, clients: [], reason };
  return { minute, connections: sumOf(bypassing), clients: kindsOf(bypassing), reason: '' };
}

/** By user and application, from any address; what goes beyond CLIENTS_MAX is told of together. */
function kindsOf(bypassing: BypassReport['bypassing']): BypassSample['clients'] {
  const kinds = new Map<string, BypassSample['clients'][number]>();
  for (const { user, applicationName, connections } of bypassing) {
    const name = `${user}\0${applicationName}`;
    kinds.set(name, { user, applicationName, connections: connections + (kinds.get(name)?.connections ?? 0) });
  }
  const sorted = [...kinds.values()].sort((a, b) => b.connections - a.connections);
  const rest = sorted.splice(CLIENTS_MAX);
  return rest.length === 0 ? sorted : [...sorted, { user: OTHER, applicationName: '', connections: sumOf(rest) }];
}

function sumOf(clients: ReadonlyArray<{ readonly connections: number }>): number {
  return clients.reduce((sum, { connections }) => sum + connections, 0);
}
