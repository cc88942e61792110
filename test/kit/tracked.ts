// The relay's tracker on bytes, without sockets, with what it says as the lines of a trace.
// Invariant: SQL is shown as it was sent. Not here: the form of a line (cli/tracing/execution-line.ts).

import { executionLine, trackedText } from '../../cli/tracing/execution-line.js';
import type { Execution } from '../../proxy/session/execution.js';
import { Session } from '../../proxy/session/session.js';
import {
  type SessionEvents,
  type SessionLimits,
  type SessionState,
  TrackerCounters,
} from '../../proxy/session/session-state.js';
import { TextTable } from '../../proxy/session/texts.js';
import type { LossReason } from '../../proxy/stream/observation.js';
import { clientTable, serverTable } from '../../proxy/wire/message-codes.js';

export const LIMITS: SessionLimits = {
  outstandingBytesMax: 16 << 20,
  outstandingTextBytesMax: 8 << 20,
  statementNamesMax: 10_000,
  completionsMax: 4096,
};

export class Tracked implements SessionEvents {
  readonly lines: string[] = [];
  readonly executions: Execution[] = [];
  readonly counters = new TrackerCounters();
  readonly texts: TextTable;
  readonly session: Session;
  nowMs = 1000;

  constructor(
    options: {
      limits?: Partial<SessionLimits>;
      textBytesMax?: number;
      headBytesMax?: number;
      tailBytesMax?: number;
    } = {},
  ) {
    this.texts = new TextTable(options.textBytesMax ?? 1 << 20);
    this.session = new Session(1, {
      events: this,
      counters: this.counters,
      limits: { ...LIMITS, ...options.limits },
      texts: this.texts,
      clientTable: clientTable({
        headBytesMax: options.headBytesMax ?? 262_144,
        tailBytesMax: options.tailBytesMax ?? 4096,
      }),
      serverTable: serverTable(),
    });
  }

  client(...messages: Buffer[]): this {
    this.session.client(Buffer.concat(messages), this.nowMs, this.nowMs);
    return this.#checked();
  }

  server(...messages: Buffer[]): this {
    this.session.server(Buffer.concat(messages), this.nowMs, this.nowMs);
    return this.#checked();
  }

  /** Time passes. */
  after(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  close(): this {
    this.session.close(this.nowMs, this.nowMs);
    return this.#checked();
  }

  #checked(): this {
    this.session.invariants();
    this.texts.invariants();
    return this;
  }

  statement(_state: SessionState, execution: Execution): void {
    this.executions.push(execution);
    const protocol = execution.simple ? 'simple' : 'extended';
    const name = execution.prepared?.name ?? '';
    this.lines.push(executionLine(execution, { protocol, name, text: trackedText(execution.prepared) }));
  }

  ready(state: SessionState): void {
    this.lines.push(`ready ${state.serverVersion} ${state.applicationName}`.trimEnd());
  }

  lost(reason: LossReason, executions: number): void {
    this.lines.push(`lost ${executions} ${reason}`);
  }
}
