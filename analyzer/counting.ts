// Counts an execution of a settled session under its verdict.
// Invariant: an execution is added to one rollup row, once. Not here: when it is counted (pipeline.ts,
// waiting-executions.ts), the verdict (judge.ts).

import { Findings } from './findings/findings.js';
import type { Judge, LiveOptions } from './judge.js';
import { Samples } from './notable/samples.js';
import type { Tail } from './notable/tail.js';
import type { Pool } from './pools/pool.js';
import type { Pools } from './pools/pools.js';
import { type RollupLimits, Rollups, whereOf } from './rollup/rollups.js';
import { StatementDeltas } from './rollup/statement-deltas.js';
import { type TagLimits, TagRollups } from './rollup/tag-rollups.js';
import type { ObservedSession, Waiting } from './sessions/observed-session.js';
import type { Settled } from './work/kept/unit-execution.js';
import { UnitTagSets } from './work/unit-tag-sets.js';
import { Units } from './work/units.js';

/** Is told of each counted execution, for the metrics. */
export interface CountedListener {
  recordStatement(counted: {
    source: string;
    confidence: string;
    poolName: string;
    command: string;
    outcome: 'ok' | 'error';
    calls: number;
    serviceNs: number;
    batched: boolean;
    /** Trace of the request; '' = its comments name none. */
    traceId: string;
    atMs: number;
  }): void;
}

export interface CountingOptions {
  limits: RollupLimits & TagLimits;
  judge: Judge;
  counted: CountedListener;
  /** Told of each counted execution while `pgwitness tail` runs. */
  tail?: Tail;
  pools: Pools;
  findings?: LiveOptions['findings'];
}

export class Counting {
  readonly #options: CountingOptions;
  readonly rollups: Rollups;
  readonly statementDeltas: StatementDeltas;
  readonly tagRollups: TagRollups;
  readonly samples = new Samples();
  readonly findings: Findings;
  readonly units: Units;
  readonly #unitTagSets = new UnitTagSets();
  /** Serves every execution. */
  readonly #settled: Settled = { source: '', construct: '', pool: '', tagSet: '', unitTagSet: '' };

  constructor(options: CountingOptions) {
    this.#options = options;
    this.rollups = new Rollups(options.limits);
    this.statementDeltas = new StatementDeltas(this.rollups);
    this.tagRollups = new TagRollups(options.limits);
    this.findings = new Findings((id) => options.pools.nameOf(id));
    if (options.findings !== undefined) this.findings.reconfigure(options.findings);
    this.units = new Units({
      listener: this.findings,
      tellsApart: (fingerprint, tagSet) => this.tagRollups.tellsApart(fingerprint, tagSet),
    });
  }

  /** Called before every flush. */
  tick(nowMs: number): void {
    this.units.tick(nowMs);
    this.findings.tick(nowMs);
  }

  /** Nothing more comes. */
  endAll(): void {
    this.units.endAll();
    this.findings.endAll();
  }

  /** Hot path: once per execution. The session is settled, so it has a pool. */
  count(session: ObservedSession, execution: Waiting): void {
    const { judge, counted, tail } = this.#options;
    const { statement, measured, transactionPosition, inUnit } = execution;
    const { fingerprint } = statement;
    const { request } = statement.tags;
    const pool = session.member.pool as Pool;
    const { verdict, tagSet } = judge.judge(session, statement);
    let where = pool.where.get(verdict);
    if (where === undefined) {
      where = whereOf(pool.id, verdict.source, verdict.construct);
      pool.where.set(verdict, where);
    }
    if (inUnit !== undefined) {
      const settled = this.#settled;
      settled.source = verdict.source;
      settled.construct = verdict.construct;
      settled.pool = pool.id;
      settled.tagSet = tagSet;
      settled.unitTagSet = tagSet === statement.tagSet ? inUnit.unitTagSet : this.#unitTagSets.of(tagSet);
      measured.firstOfRequest = this.units.settled(inUnit, settled);
      if (session.work?.inTransaction) session.work.settled(verdict.source, tagSet);
    }
    this.rollups.add(measured, { fingerprint, pool: pool.id, verdict, where });
    if (tagSet !== '') this.tagRollups.add(measured, { fingerprint, source: verdict.source, tagSet });
    if (this.samples.wants(fingerprint, measured)) {
      const sample = { fingerprint, source: verdict.source, pool: pool.id, tagSet, request, transactionPosition };
      this.samples.keep(measured, sample);
    }
    counted.recordStatement({
      source: verdict.source,
      confidence: verdict.confidence,
      poolName: pool.name,
      command: measured.command,
      outcome: measured.sqlstate === '' ? 'ok' : 'error',
      calls: 1,
      serviceNs: measured.serviceNs,
      batched: measured.batched,
      traceId: request.traceId,
      atMs: measured.completedAtMs,
    });
    tail?.add(session, { execution, pool: pool.name, verdict, tagSet });
  }
}
