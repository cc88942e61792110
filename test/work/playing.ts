// Units of work without a pipeline: sessions that a test scripts, settled at once or later.

import { Findings } from '../../analyzer/findings/findings.js';
import type { UnitExecution } from '../../analyzer/work/kept/unit-execution.js';
import type { SessionWork } from '../../analyzer/work/session-work.js';
import { UnitTagSets } from '../../analyzer/work/unit-tag-sets.js';
import { Units } from '../../analyzer/work/units.js';
import type { WorkUnit } from '../../facts/work/unit.js';

export const T0 = 1_800_000_000_000;

export interface Sent {
  /** Name of the statement; its first word tells housekeeping apart. */
  sql: string;
  /** Start, in ms after T0. */
  at: number;
  ms?: number;
  session?: string;
  requestId?: string;
  traceId?: string;
  tags?: Readonly<Record<string, string>>;
  rows?: number;
  sqlstate?: string;
  source?: string;
  pool?: string;
  /** Status after it; found from the text where it is left out. */
  after?: 'I' | 'T' | 'E';
  idle?: number;
  /** Of its parameters; left out = it has none. */
  hash?: number;
}

const HOUSEKEEPING: Readonly<Record<string, string>> = {
  BEGIN: 'begin',
  COMMIT: 'end',
  ROLLBACK: 'end',
  PING: 'ping',
  DISCARD: 'reset',
  SET: 'setting',
};

export class Playing {
  readonly ended: WorkUnit[] = [];
  readonly findings = new Findings();
  readonly units = new Units({
    listener: {
      unitGoesOn: (unit, now) => this.findings.unitGoesOn(unit, now),
      unitRests: (unit) => this.findings.unitRests(unit),
      unitEnded: (unit) => {
        this.ended.push(copyOf(unit));
        this.findings.unitEnded(unit);
      },
    },
    tellsApart: () => true,
  });
  /** Sessions that another process saw before. */
  readonly knownBefore = new Set<string>();
  readonly #tagSets = new UnitTagSets();
  readonly #sessions = new Map<string, { work: SessionWork; status: 'I' | 'T' | 'E' }>();
  #nowMs = T0;

  /** Sends them in this order, settled at once. */
  send(...statements: readonly Sent[]): this {
    for (const sent of statements) this.settle(this.take(sent), sent);
    return this;
  }

  take(sent: Sent): UnitExecution {
    const { sql, at, ms = 1, session: name = 'one', requestId = '', traceId = '' } = sent;
    const session = this.#session(name);
    const housekeeping = HOUSEKEEPING[sql.split(' ')[0]] ?? '';
    const before = session.status;
    if (housekeeping === '' && before === 'I') session.work.autocommits = true;
    session.status = sent.after ?? (housekeeping === 'begin' ? 'T' : housekeeping === 'end' ? 'I' : before);
    const tagSet = sent.tags === undefined ? '' : JSON.stringify(sent.tags);
    const execution: UnitExecution = {
      fingerprint: sql,
      session: name,
      startMs: T0 + at,
      endMs: T0 + at + ms,
      serviceNs: ms * 1e6,
      rows: sent.rows ?? 1,
      sqlstate: sent.sqlstate ?? '',
      command: sql.split(' ')[0],
      batched: false,
      reads: sql.startsWith('SELECT') ? 'rows' : '',
      housekeeping,
      transactionBefore: before,
      transactionAfter: session.status,
      parameterHash: sent.hash ?? 0,
      parameterCount: sent.hash === undefined ? 0 : 1,
      parametersCut: false,
      source: '',
      construct: '',
      pool: '',
      tagSet,
      isRollback: sql === 'ROLLBACK',
      unitTagSet: this.#tagSets.of(tagSet),
      idleRequests: sent.idle ?? 0,
      unit: undefined,
    };
    this.#nowMs = Math.max(this.#nowMs, execution.endMs);
    this.units.take(session.work, execution, { requestId, traceId });
    return execution;
  }

  settle(execution: UnitExecution, { source, pool = 'pool-a' }: Pick<Sent, 'source' | 'pool'> = {}): void {
    const { tagSet, unitTagSet, housekeeping } = execution;
    const found = source ?? (housekeeping === '' ? 'raw' : 'housekeeping');
    this.units.settled(execution, { source: found, construct: '', pool, tagSet, unitTagSet });
  }

  close(name = 'one', lifetimeMs = 20): this {
    this.units.closed(this.#session(name).work, { lifetimeMs, openingMs: 4 });
    this.#sessions.delete(name);
    return this;
  }

  /** So much time passes without a statement, with a tick each second. */
  pass(ms: number): this {
    for (let passed = 0; passed <= ms; passed += 500) this.units.tick(this.#nowMs + passed);
    this.#nowMs += ms;
    return this;
  }

  get requests() {
    return [...this.units.requests.pending()];
  }

  get total() {
    const sum = (of: (row: ReturnType<Playing['rowsOf']>[number]) => number) =>
      this.requests.reduce((all, row) => all + of(row), 0);
    return { requests: sum((row) => row.requests), statements: sum((row) => row.statements) };
  }

  rowsOf() {
    return this.requests;
  }

  #session(name: string) {
    let session = this.#sessions.get(name);
    if (session === undefined) {
      const member = { running: false };
      session = {
        work: this.units.sessionOf(name, { startup: 'app', partial: this.knownBefore.has(name), member }),
        status: 'I',
      };
      this.#sessions.set(name, session);
    }
    return session;
  }
}

/** What a listener sees at that moment. */
function copyOf(unit: WorkUnit): WorkUnit {
  const { found, boundary, traits, id, tagSet, firstMs, lastMs, serviceNs, kept, opened, statementsDropped } = unit;
  const { first, statements } = unit;
  return {
    found,
    boundary,
    traits,
    id,
    tagSet,
    firstMs,
    lastMs,
    serviceNs,
    first,
    kept,
    opened,
    statementsDropped,
    statements,
  };
}
