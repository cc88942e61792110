// Says what lost executions were, where their text was known: who sent it, by which pool.
// Invariant: only a verdict that is certain or strong is given, of one whole statement. What finds no place stays a
// loss of which nothing is known. Not here: counting losses (observer/accounts/losses.ts).

import { limits } from '../config/limits.js';
import type { LostStatementRow } from '../facts/flush.js';
import type { Pending } from '../facts/pending.js';
import type { StatementLost } from '../proxy/stream/observation.js';
import { UNKNOWN_TEXT } from './fingerprint/fingerprint.js';
import { NAMING_COMMANDS } from './fingerprint/sql-session.js';
import type { Judge } from './judge.js';
import type { ObservedSession } from './sessions/observed-session.js';
import type { Identity } from './texts/facts-of-text.js';
import type { KnownText } from './texts/known-text.js';

interface Lost extends Pick<KnownText, 'identity' | 'statement'>, Pick<StatementLost, 'minute' | 'reason'> {}

export class LostStatements implements Pending<LostStatementRow> {
  readonly #judge: Judge;
  /** Of sessions that have no verdict yet. */
  readonly #unsettled = new Map<ObservedSession, Lost[]>();
  #waiting = 0;
  readonly #rows = new Map<string, LostStatementRow>();

  constructor(judge: Judge) {
    this.#judge = judge;
  }

  take(session: ObservedSession, lost: Lost): void {
    if (!isOneStatement(lost.identity) || this.#waiting + this.#rows.size >= limits.lostStatementsMax) return;
    const waiting = this.#unsettled.get(session) ?? [];
    waiting.push(lost);
    this.#unsettled.set(session, waiting);
    this.#waiting++;
    if (session.settled) this.settle(session);
  }

  /** The session is settled, and still in its pool; or it closes. */
  settle(session: ObservedSession): void {
    const waiting = this.#unsettled.get(session);
    if (waiting === undefined) return;
    this.#unsettled.delete(session);
    this.#waiting -= waiting.length;
    const pool = session.member.pool?.id;
    if (!session.settled || pool === undefined) return;
    for (const lost of waiting) this.#note(session, pool, lost);
  }

  /** Called before every flush. */
  tick(): void {
    for (const session of this.#unsettled.keys()) if (session.settled) this.settle(session);
  }

  pending(): Iterable<LostStatementRow> {
    return this.#rows.values();
  }

  stored(): void {
    this.#rows.clear();
  }

  #note(session: ObservedSession, pool: string, { identity, statement, minute, reason }: Lost): void {
    const { source, construct, confidence } = this.#judge.judge(session, statement).verdict;
    if (source === 'unknown' || (confidence !== 'certain' && confidence !== 'strong')) return;
    const { fingerprint, query, summary } = identity;
    const key = [minute, reason, fingerprint, source, construct, pool].join('\n');
    const row = this.#rows.get(key);
    if (row !== undefined) row.count++;
    else this.#rows.set(key, { minute, reason, fingerprint, source, construct, pool, query, summary, count: 1 });
  }
}

/** EXECUTE, FETCH and their like run a statement that their own text does not name. */
function isOneStatement({ fingerprint, statementCount, truncated, command }: Identity): boolean {
  return fingerprint !== UNKNOWN_TEXT && statementCount === 1 && !truncated && !NAMING_COMMANDS.has(command);
}
