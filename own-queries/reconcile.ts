// Compares the server's counts with those of pgwitness, statement by statement.
// Invariant: each fingerprint of either side is in exactly one row, and each row has one outcome; a difference
// without a rule is 'unexplained', and counts that a reset makes impossible to compare are never 'equal'.
// Not here: reading the counts (stat-statements.ts, cli/reading/reconcile-witness.ts), the server's rules
// (server-rules.ts).

import { type Difference, ENTRIES_DROPPED, SERVER_RULES, type ServerRule, type ServerTraits } from './server-rules.js';
import type { ServerCount, ServerSnapshot } from './stat-statements.js';

export interface Count {
  readonly calls: number;
  readonly rows: number;
}

/**
 * Bounds of what pgwitness counted: the server's count lies between them while there is traffic. Without traffic
 * `least` and `doubtful` together are `most`.
 */
export interface WitnessCount {
  readonly query: string;
  /** All of it is housekeeping: BEGIN, SET, pings. */
  readonly isHousekeeping?: boolean;
  /** What must lie in the window. */
  readonly least: Count;
  /** Counted in the minute (of old data: hour, day) of the server's reset: before or after it, nobody knows. */
  readonly doubtful?: Count;
  readonly most: Count;
  /** It is lower than at the beginning of the window, so its increase is not known. */
  readonly beganAnew?: boolean;
}

export type SeenBy = 'both' | 'server' | 'proxy';
/**
 * `bypass`: the server executed it, and pgwitness never saw it. `reset`: it cannot be compared, because one side began
 * to count anew in the window.
 */
export type Outcome = 'equal' | 'explained' | 'bypass' | 'reset' | 'unexplained';

export interface ReconciledStatement {
  readonly fingerprint: string;
  readonly query: string;
  readonly seenBy: SeenBy;
  readonly server: Count;
  readonly proxy: Count;
  readonly outcome: Outcome;
  /** Name of the rule that explains the difference; '' = there is no difference or no rule. */
  readonly rule: string;
}

export interface Reconciliation {
  readonly statements: readonly ReconciledStatement[];
  /** The rules that hold for this server, used or not. */
  readonly rules: readonly ServerRule[];
  /** Statements by outcome. */
  readonly sums: Readonly<Record<Outcome, number>>;
}

const NONE: Count = { calls: 0, rows: 0 };

export function reconcile(
  server: Pick<ServerSnapshot, 'counts' | 'major' | 'trackUtility' | 'deallocations'>,
  witness: { readonly counts: ReadonlyMap<string, WitnessCount>; readonly notObserved: number },
): Reconciliation {
  const traits: ServerTraits = {
    ...server,
    notObserved: witness.notObserved,
    passedBy: passedBy(server.counts, witness.counts),
  };
  const rules = SERVER_RULES.filter((rule) => rule.inForce(traits));
  const fingerprints = new Set([...server.counts.keys(), ...witness.counts.keys()]);
  const statements: ReconciledStatement[] = [];
  const sums = { equal: 0, explained: 0, bypass: 0, reset: 0, unexplained: 0 };
  for (const fingerprint of fingerprints) {
    const counted = server.counts.get(fingerprint);
    const seen = witness.counts.get(fingerprint);
    if (!isCounted(counted) && !isCounted(seen?.most) && !beganAnew({ counted, seen })) continue;
    const row = judged(fingerprint, { counted, seen, rules, traits });
    statements.push(row);
    sums[row.outcome]++;
  }
  statements.sort(
    (a, b) =>
      RANK[a.outcome] - RANK[b.outcome] || b.server.calls - a.server.calls || (a.fingerprint < b.fingerprint ? -1 : 1),
  );
  return { statements, rules, sums };
}

/**
 * Executions of statements that only the server saw, without those it runs by itself. Of our own, plans alone are asked
 * for between BEGIN and ROLLBACK.
 */
function passedBy(counted: ReadonlyMap<string, ServerCount>, seen: ReadonlyMap<string, WitnessCount>): number {
  let calls = 0;
  for (const [fingerprint, count] of counted) {
    const { origin, command } = count;
    const sendsHousekeeping =
      origin === undefined || origin === 'catalogue-look-up' || (origin === 'own-query' && command === 'EXPLAIN');
    if (sendsHousekeeping && !isCounted(seen.get(fingerprint)?.most)) calls += count.calls;
  }
  return calls;
}

const RANK: Readonly<Record<Outcome, number>> = { unexplained: 0, reset: 1, bypass: 2, explained: 3, equal: 4 };

interface Sides {
  readonly counted: ServerCount | undefined;
  readonly seen: WitnessCount | undefined;
  readonly rules: readonly ServerRule[];
  readonly traits: ServerTraits;
}

function judged(fingerprint: string, { counted, seen, rules, traits }: Sides): ReconciledStatement {
  const server = { calls: counted?.calls ?? 0, rows: counted?.rows ?? 0 };
  const least = seen?.least ?? NONE;
  const most = seen?.most ?? NONE;
  const query = seen?.query || counted?.query || '';
  const seenBy = server.calls === 0 ? 'proxy' : most.calls === 0 ? 'server' : 'both';
  const row = { fingerprint, query, seenBy, server, proxy: most } as const;
  if (beganAnew({ counted, seen })) {
    const dropped = traits.deallocations > 0 && seen?.beganAnew !== true;
    return dropped ? { ...row, outcome: 'explained', rule: ENTRIES_DROPPED } : { ...row, outcome: 'reset', rule: '' };
  }
  const difference: Difference = {
    command: counted?.command ?? commandOf(query),
    origin: counted?.origin,
    isHousekeeping: seen?.isHousekeeping === true,
    serverCalls: server.calls,
    proxyCalls: most.calls,
    moreCallsByServer: Math.max(0, server.calls - most.calls),
    moreCallsByProxy: Math.max(0, least.calls - server.calls),
    moreRowsByServer: Math.max(0, server.rows - most.rows),
    moreRowsByProxy: Math.max(0, least.rows - server.rows),
  };
  const { moreCallsByServer, moreCallsByProxy, moreRowsByServer, moreRowsByProxy } = difference;
  if (moreCallsByServer + moreCallsByProxy + moreRowsByServer + moreRowsByProxy === 0) {
    return { ...row, outcome: isInDoubt(server, seen) ? 'reset' : 'equal', rule: '' };
  }
  const rule = rules.find((candidate) => candidate.explains(difference, traits));
  if (seenBy === 'server' && rule?.isOrigin !== true) return { ...row, outcome: 'bypass', rule: rule?.name ?? '' };
  return { ...row, outcome: rule === undefined ? 'unexplained' : 'explained', rule: rule?.name ?? '' };
}

function beganAnew({ counted, seen }: Pick<Sides, 'counted' | 'seen'>): boolean {
  return counted?.beganAnew === true || seen?.beganAnew === true;
}

/** The server agrees only if some executions of the reset's minute are taken for earlier than the reset. */
function isInDoubt(server: Count, seen: WitnessCount | undefined): boolean {
  if (seen?.doubtful === undefined) return false;
  const { least, doubtful } = seen;
  return server.calls < least.calls + doubtful.calls || server.rows < least.rows + doubtful.rows;
}

function isCounted(count: Count | undefined): boolean {
  return count !== undefined && (count.calls > 0 || count.rows > 0);
}

/** First word of a normalised text. */
function commandOf(query: string): string {
  return /^[\s(]*([A-Za-z]+)/.exec(query)?.[1].toUpperCase() ?? '';
}
