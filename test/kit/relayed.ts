// A listener inside the test's process, with an observer in memory.
// For what a fault did to the client, and what was counted.
// Invariant: what is read from it was carried by the real relay, tracker, link and codec; only the observer's process
// is left out.
// Not here: the upstream (scripted-server.ts, postgres.ts), the client (raw-client.ts).

import { duplexPair } from 'node:stream';
import { afterEach } from 'vitest';
import { limits } from '../../config/limits.js';
import { createLog } from '../../config/log.js';
import type { UpstreamTlsMode } from '../../config/values/option-readers.js';
import { Clock } from '../../proxy/link/clock.js';
import { ObserverLink } from '../../proxy/link/link.js';
import { Admission } from '../../proxy/listen/admission.js';
import { Listener, type ListenerLimits } from '../../proxy/listen/listener.js';
import { type SessionLimits, TrackerCounters } from '../../proxy/session/session-state.js';
import { TextTable } from '../../proxy/session/texts.js';
import { ackFrame, controlFrame, FrameKind, FrameReader } from '../../proxy/stream/frames.js';
import { type Observation, SCHEMA_VERSION, type StatementObservation } from '../../proxy/stream/observation.js';
import { BatchReader } from '../../proxy/stream/reader.js';
import { type TapShared, tapShared } from '../../proxy/watch/tap.js';
import { until } from './sidecar.js';

/** What an observer would draw. */
export const PARAMETER_KEY = [0x1234567, -0x7654321] as const;

export interface Upstream {
  readonly host: string;
  readonly port: number;
  /** --upstream-tls. */
  readonly tls?: UpstreamTlsMode;
}

/** One statement as the observer got it. */
export interface Witnessed extends Omit<StatementObservation, 'text'> {
  readonly text: string | null;
}

export class Relayed {
  readonly listener: Listener;
  readonly #counters = new TrackerCounters();
  readonly #clock = new Clock();
  readonly #link: ObserverLink;
  readonly #shared: TapShared;
  readonly #texts = new Map<number, string>();
  readonly statements: Witnessed[] = [];
  /** Executions by minute and reason, as last told: the counts are cumulative. */
  readonly #losses = new Map<string, { reason: string; count: number }>();
  readonly closedBy: string[] = [];
  /** Reason and text of each lost execution whose text the relay had. */
  readonly lostTexts: string[] = [];
  port = 0;

  constructor(upstream: Upstream, bounds: Partial<ListenerLimits & SessionLimits> = {}) {
    const texts = new TextTable(limits.internedTextBytesMax);
    const log = createLog({ level: 'silent' });
    const all = { ...limits, ...bounds };
    this.#link = new ObserverLink({
      relayId: 'test',
      version: 'test',
      limits: { ...limits, batchAgeMs: 1 },
      clock: this.#clock,
      texts,
      sessions: () => [],
      log,
    });
    this.#shared = tapShared({
      link: this.#link,
      clock: this.#clock,
      counters: this.#counters,
      texts,
      log,
      limits: all,
    });
    let sessions = 0;
    this.listener = new Listener({
      listen: { kind: 'tcp', host: '127.0.0.1', port: 0 },
      settings: {
        target: {
          address: { kind: 'tcp', host: upstream.host, port: upstream.port },
          tls: { mode: upstream.tls ?? 'disable', serverName: '', authorities: undefined },
        },
        certificate: undefined,
        limits: all,
      },
      shared: this.#shared,
      admission: new Admission(),
      observe: () => true,
      nextSessionId: () => ++sessions,
      log,
    });
  }

  async start(): Promise<void> {
    const [relaySide, observerSide] = duplexPair();
    const frames = new FrameReader();
    const batches = new BatchReader();
    observerSide.on('data', (chunk: Buffer) =>
      frames.feed(chunk, (kind, body) => {
        if (kind === FrameKind.hello) {
          observerSide.write(
            controlFrame(FrameKind.welcome, {
              schemaVersion: SCHEMA_VERSION,
              lastSequence: 0,
              parameterKey: PARAMETER_KEY,
            }),
          );
          return;
        }
        batches.read(body, (observation) => this.#observed(observation));
        observerSide.write(ackFrame(batches.sequence));
      }),
    );
    this.#link.attach(relaySide);
    await until('the link is live', () => this.#link.live);
    const address = await this.listener.listen();
    if (address.kind === 'tcp') this.port = address.port;
  }

  get counters(): TrackerCounters {
    this.#shared.waiting.lookAtAll();
    return this.#counters;
  }

  get sessionsOpen(): number {
    return this.listener.connections.size;
  }

  /** Executions that were not observed, by reason. */
  get losses(): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const { reason, count } of this.#losses.values()) sums[reason] = (sums[reason] ?? 0) + count;
    return sums;
  }

  /** Each statement in a line: text, command tags, SQLSTATE. */
  get lines(): string[] {
    return this.statements.map(({ text, completions, sqlstate }) =>
      [text, ...completions.map(({ command, rows }) => `${command || 'empty'} ${rows}`), sqlstate && `!${sqlstate}`]
        .filter((part) => part !== '')
        .join(' | '),
    );
  }

  /** All sessions ended, and what was said of them has arrived. */
  async settled(): Promise<void> {
    await until('all sessions ended', () => this.sessionsOpen === 0);
    await this.told();
  }

  /** What was said so far has arrived. */
  async told(): Promise<void> {
    this.#shared.waiting.lookAtAll();
    this.#link.flush();
    await until('the observer acknowledged', () => this.#link.silentForMs(this.#clock.now()) === 0);
  }

  /** What the relay's second tick does for the clock. */
  renewClock(): void {
    this.#clock.renew();
  }

  stop(): void {
    this.listener.stopListening();
    for (const relay of this.listener.connections) relay.destroy();
    this.#link.detach();
  }

  #observed(observation: Observation): void {
    switch (observation.kind) {
      case 'text-defined':
        this.#texts.set(observation.textId, Buffer.from(observation.text).toString('latin1'));
        break;
      case 'statement': {
        const inline = observation.text === null ? null : Buffer.from(observation.text).toString('latin1');
        this.statements.push({ ...observation, text: inline ?? this.#texts.get(observation.textId) ?? null });
        break;
      }
      case 'loss':
        this.#losses.set(`${observation.minute} ${observation.reason}`, { ...observation });
        break;
      case 'statement-lost': {
        const inline = observation.text === null ? undefined : Buffer.from(observation.text).toString('latin1');
        this.lostTexts.push(`${observation.reason} ${inline ?? this.#texts.get(observation.textId)}`);
        break;
      }
      case 'session-closed':
        this.closedBy.push(observation.by);
        break;
    }
  }
}

/** Call it in a file or describe: gives a function that starts a relay, stopped after the test. */
export function useRelayed(): (
  upstream: Upstream,
  bounds?: Partial<ListenerLimits & SessionLimits>,
) => Promise<Relayed> {
  const started: Relayed[] = [];
  afterEach(() => {
    for (const relayed of started.splice(0)) relayed.stop();
  });
  return async (upstream, bounds) => {
    const relayed = new Relayed(upstream, bounds);
    started.push(relayed);
    await relayed.start();
    return relayed;
  };
}
