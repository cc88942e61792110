// Made units of work for the rules of findings: statements a millisecond apart, if left open.
// Not here: real traffic (live.test.ts).

import { KINDS } from '../../analyzer/findings/kinds/kinds.js';
import { UnitView, type ViewOptions } from '../../analyzer/findings/views/unit-view.js';
import type { FindingKind, Occurrence } from '../../facts/finding.js';
import { TRAITS, traitsOf, type UnitStatement, type WorkUnit } from '../../facts/work/unit.js';

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
    traits: traitsOfAll(statements),
    id: '1',
    tagSet: '{"route":"/a"}',
    firstMs: first.startMs,
    lastMs: statements[statements.length - 1].endMs,
    serviceNs: statements.reduce((sum, { serviceNs }) => sum + serviceNs, 0),
    statements,
    first: statements[0],
    kept: statements.length,
    opened: { connections: 0, ms: 0 },
    statementsDropped: 0,
    ...parts,
  };
}

function traitsOfAll(statements: readonly UnitStatement[]): number {
  let traits = statements.reduce((all, one) => all | traitsOf(one), 0);
  if (new Set(statements.map(({ session }) => session)).size > 1) traits |= TRAITS.sessions;
  if (new Set(statements.map(({ fingerprint }) => fingerprint)).size < statements.length) traits |= TRAITS.repeats;
  return traits;
}

export const look = (
  kind: FindingKind,
  sent: readonly Sent[],
  parts: Partial<WorkUnit> = {},
  options: ViewOptions = {},
): Occurrence[] => {
  const made = unit(sent, parts);
  const { needs = 0, look } = KINDS[kind];
  return (made.traits & needs) === needs ? look(new UnitView(made, options)) : [];
};
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
