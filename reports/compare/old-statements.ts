// Tells which statements are those that are to move: of one place of the ledger, and of all.
// Invariant: the ORM's own statement is never one, though it may have the fingerprint of the one that it replaced.
// Not here: the report (migration.ts).

import { callerOf, isSameFile } from '../../audit/callers.js';
import { type LedgerEntry, placeAt } from '../../audit/ledger/ledger.js';
import type { StatementFacts, StatementsReport } from '../../facts/answers.js';
import { HANDWRITTEN } from '../../facts/verdict.js';

/** What the statements that are to move did, in a window. */
export interface OldShare {
  /** Distinct (fingerprint, source). */
  readonly statements: number;
  readonly executions: number;
  readonly timeNs: number;
  /** Of everything but housekeeping and tools, 0 to 1; NaN where nothing ran. */
  readonly callShare: number;
  readonly timeShare: number;
}

export interface PlaceFacts {
  readonly entry: LedgerEntry;
  readonly group: string;
  readonly target: string;
  /** In the window; null = it was not seen. */
  readonly seen: PlaceSeen | null;
  /** The last time ever; null = never. */
  readonly lastSeenMs: number | null;
  /** Done or gone, and yet seen, or in the code. */
  readonly regressed: 'seen' | 'in-code' | null;
}

export interface PlaceSeen {
  readonly executions: number;
  readonly errors: number;
  readonly timeNs: number;
  readonly routes: readonly string[];
}

const NOBODYS: ReadonlySet<string> = new Set(['housekeeping', 'tool']);

/** The statements of a place that is to move. One that several places share is that of its callers, where tags tell. */
export function statementsOf(entry: LedgerEntry, statements: readonly StatementFacts[]): StatementFacts[] {
  const { file } = placeAt(entry.at);
  return statements.filter((facts) => {
    if (!entry.statements.includes(facts.fingerprint) || !canSend(entry.kind, facts)) return false;
    const callers = [...(facts.tags.get('caller') ?? [])];
    return callers.length === 0 || callers.some((caller) => isSameFile(callerOf(caller)?.file ?? caller, file));
  });
}

/** The ORM's own statement may have the fingerprint of the one it replaced. */
function canSend(kind: LedgerEntry['kind'], { source, byConstruct }: StatementFacts): boolean {
  if (source === 'unknown') return true;
  if (kind === 'sqlalchemy') return source === 'sqlalchemy';
  return source === 'raw' || [...byConstruct.keys()].some((construct) => HANDWRITTEN_IN_ORM.has(construct));
}

const HANDWRITTEN_IN_ORM: ReadonlySet<string> = new Set(HANDWRITTEN.constructs.filter((name) => name !== 'text'));

export function seenOf(statements: readonly StatementFacts[]): PlaceSeen {
  let [executions, errors, timeNs] = [0, 0, 0];
  for (const facts of statements) {
    executions += facts.calls + facts.errors;
    errors += facts.errors;
    timeNs += facts.serviceTotalNs;
  }
  const routes = new Set(statements.flatMap(({ tags }) => [...(tags.get('route') ?? [])]));
  return { executions, errors, timeNs, routes: [...routes].sort() };
}

/** Raw SQL, SQLAlchemy, fragments in the ORM; but not what the ledger says stays. */
export function shareOf(report: StatementsReport, entries: readonly LedgerEntry[]): OldShare {
  const staying = entries.filter(({ state }) => state === 'stays');
  let [statements, executions, timeNs, allExecutions, allTimeNs] = [0, 0, 0, 0, 0];
  for (const facts of report.statements) {
    if (isNobodys(facts)) continue;
    const ran = facts.calls + facts.errors;
    allExecutions += ran;
    allTimeNs += facts.serviceTotalNs;
    if (!isOld(facts) || staying.some((entry) => statementsOf(entry, [facts]).length > 0)) continue;
    statements++;
    executions += ran;
    timeNs += facts.serviceTotalNs;
  }
  return { statements, executions, timeNs, callShare: executions / allExecutions, timeShare: timeNs / allTimeNs };
}

function isOld(facts: StatementFacts): boolean {
  return facts.source === 'sqlalchemy' || (facts.source !== 'unknown' && canSend('raw', facts));
}

export function isNobodys({ source }: Pick<StatementFacts, 'source'>): boolean {
  return NOBODYS.has(source);
}
