// Made units of work for the rules of findings: statements a millisecond apart, if left open.
// Not here: real traffic (live.test.ts).

import { KINDS } from '../../analyzer/findings/kinds/kinds.js';
import { UnitView, type ViewOptions } from '../../analyzer/findings/views/unit-view.js';
import type { FindingKind, Occurrence } from '../../facts/finding.js';
import type { UnitStatement, WorkUnit } from '../../facts/work/unit.js';

export type Sent = Partial<UnitStatement> & { sql: string };

let atMs = 0;
function statement({ sql, ...parts }: Sent): UnitStatement {
  const startMs = parts.startMs ?? atMs++;
  return {
    fingerprint: sql,
    session: 'one',
    startMs,
    endMs: startMs + 1,
    serviceNs: 1e6,
    rows: 1,
    sqlstate: '',
    command: sql.split(' ')[0],
    batched: false,
    reads: sql.startsWith('SELECT') ? 'rows' : '',
    housekeeping: '',
    transactionBefore: 'I',
    transactionAfter: 'I',
    transactionPosition: 0,
    parameterHash: 0,
    parameterCount: 1,
    parametersCut: false,
    source: 'django-orm',
    construct: '',
    pool: 'pool-a',
    tagSet: '{"caller":"views.py:7","route":"/a"}',
    ...parts,
  };
}

export function unit(sent: readonly Sent[], parts: Partial<WorkUnit> = {}): WorkUnit {
  atMs = 0;
  const statements = sent.map(statement);
  const [first] = statements;
  return {
    found: 'direct',
    boundary: 'tags',
    id: '1',
    tagSet: '{"route":"/a"}',
    firstMs: first.startMs,
    lastMs: statements[statements.length - 1].endMs,
    serviceNs: statements.reduce((sum, { serviceNs }) => sum + serviceNs, 0),
    statements,
    kept: statements.length,
    opened: { connections: 0, ms: 0 },
    statementsDropped: 0,
    ...parts,
  };
}

export const look = (
  kind: FindingKind,
  sent: readonly Sent[],
  parts: Partial<WorkUnit> = {},
  options: ViewOptions = {},
): Occurrence[] => KINDS[kind].look(new UnitView(unit(sent, parts), options));
export const times = <T>(count: number, of: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => of(n));
export const item = (n: number, parts: Partial<UnitStatement> = {}): Sent => ({
  sql: 'SELECT item',
  parameterHash: n + 1,
  ...parts,
});
export const inside = (sql: string, parts: Partial<UnitStatement> = {}): Sent => ({
  sql,
  transactionAfter: 'T',
  ...parts,
});
export const end = (command: string): Sent => ({ sql: command, housekeeping: 'end', transactionAfter: 'I' });
