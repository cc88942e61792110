// Writes one execution as one line, as traces show it.
//
//   protocol name "sql" [tag rows, …] !sqlstate rows=dataRows before>after flags
//
// Invariant: the same facts give the same line, whether the tracker or a recording has them. Times differ from run to
// run and are left out.
// Not here: masking literals (the caller gives the SQL to show), reading recordings (wire-recording.ts).

import type { PreparedText } from '../../proxy/session/texts.js';
import type { StatementObservation } from '../../proxy/stream/observation.js';

/** The facts that an Execution and a StatementObservation have in common. */
export type TracedFacts = Pick<
  StatementObservation,
  | 'completions'
  | 'sqlstate'
  | 'dataRows'
  | 'transactionBefore'
  | 'transactionAfter'
  | 'batched'
  | 'suspensions'
  | 'copy'
>;

/** `text`: the SQL to show; null = unknown. */
export function executionLine(
  facts: TracedFacts,
  statement: { protocol: 'simple' | 'extended'; name: string; text: string | null },
): string {
  const parts: string[] = [statement.protocol];
  if (statement.name !== '') parts.push(statement.name);
  parts.push(JSON.stringify(statement.text));
  parts.push(`[${facts.completions.map(({ command, rows }) => `${command || 'empty'} ${rows}`).join(', ')}]`);
  if (facts.sqlstate) parts.push(`!${facts.sqlstate}`);
  if (facts.dataRows) parts.push(`rows=${facts.dataRows}`);
  parts.push(`${facts.transactionBefore}>${facts.transactionAfter}`);
  if (facts.batched) parts.push('batched');
  if (facts.suspensions) parts.push(`suspended=${facts.suspensions}`);
  if (facts.copy) parts.push(`copy-${facts.copy}`);
  return parts.join(' ');
}

/** The SQL the tracker has, one character per byte; null when it is unknown or was evicted from the table of texts. */
export function trackedText(prepared: PreparedText | undefined): string | null {
  if (prepared === undefined) return null;
  return prepared.shared === undefined ? prepared.text : (prepared.shared.text ?? null);
}
