// Runs the relay's tracker on bytes, without sockets, and writes down what it says as short lines.
// A line: protocol name "sql" [tag rows …] !sqlstate rows=dataRows status>status flags. Times are left out: they differ from run to run.

import type { Execution } from '../../proxy/session/execution.js';
import { Session } from '../../proxy/session/session.js';
import {
  type SessionEvents,
  type SessionLimits,
  type SessionState,
  TrackerCounters,
} from '../../proxy/session/session-state.js';
import { type PreparedText, TextTable } from '../../proxy/session/texts.js';
import type { LossReason } from '../../proxy/stream/observation.js';
import { clientTable, serverTable } from '../../proxy/wire/message-codes.js';

export const LIMITS: SessionLimits = {
  outstandingMax: 65_536,
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
    return this;
  }

  server(...messages: Buffer[]): this {
    this.session.server(Buffer.concat(messages), this.nowMs, this.nowMs);
    return this;
  }

  /** Time passes. */
  after(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  close(): this {
    this.session.close(this.nowMs, this.nowMs);
    return this;
  }

  statement(_state: SessionState, execution: Execution): void {
    this.executions.push(execution);
    this.lines.push(traceLine(execution));
  }

  ready(state: SessionState): void {
    this.lines.push(`ready ${state.serverVersion} ${state.applicationName}`.trimEnd());
  }

  lost(reason: LossReason, executions: number): void {
    this.lines.push(`lost ${executions} ${reason}`);
  }
}

export function traceLine(execution: Execution): string {
  const parts = [execution.simple ? 'simple' : 'extended'];
  if (execution.prepared?.name) parts.push(execution.prepared.name);
  parts.push(JSON.stringify(textOf(execution.prepared)));
  parts.push(`[${execution.completions.map(({ command, rows }) => `${command || 'empty'} ${rows}`).join(', ')}]`);
  if (execution.sqlstate) parts.push(`!${execution.sqlstate}`);
  if (execution.dataRows) parts.push(`rows=${execution.dataRows}`);
  parts.push(`${execution.transactionBefore}>${execution.transactionAfter}`);
  if (execution.batched) parts.push('batched');
  if (execution.suspensions) parts.push(`suspended=${execution.suspensions}`);
  if (execution.copy) parts.push(`copy-${execution.copy}`);
  return parts.join(' ');
}

function textOf(prepared: PreparedText | undefined): string | null {
  if (prepared === undefined) return null;
  return prepared.shared === undefined ? prepared.text : (prepared.shared.text ?? null);
}
