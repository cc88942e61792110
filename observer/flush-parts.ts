// The list of everything that waits for a flush, by the part of the flush that it fills.
// Invariant: a part of the flush without a holder does not compile; a holder that fills no part fails
// test/observer/flush-parts.test.ts. A flush that the store refused changes no holder. Not here: when a flush is made
// (flush.ts), the holders themselves.

import type { Pipeline } from '../analyzer/pipeline.js';
import type { Identity } from '../facts/fleet/identity.js';
import type { BypassSample, Flush, GapRow, LossRow, PlanRow, RelayProgress, WatchedTime } from '../facts/flush.js';
import type { Pending } from '../facts/pending.js';
import { Counters } from './accounts/counters.js';
import type { Relays } from './accounts/relays.js';
import { Settings } from './accounts/settings.js';

type Part = Exclude<keyof Flush, 'atMs'>;
type RowOf<Rows> = Rows extends Iterable<infer Row> ? Row : never;

export type FlushHolders = { readonly [Name in Part]: Pending<RowOf<Flush[Name]>> };

export interface HolderSources {
  pipeline: Pipeline;
  relays: Relays;
  losses: Pending<LossRow>;
  gaps: Pending<GapRow>;
  watched: Pending<WatchedTime>;
  /** Left out where nobody looks for it. */
  bypass?: Pending<BypassSample>;
  /** Left out where no plans are collected. */
  plans?: Pending<PlanRow>;
  progress: Pending<RelayProgress>;
  /** Left out where nothing says who observes. */
  identity?: Identity;
}

export class FlushParts {
  readonly holders: FlushHolders;
  #beganAnew = false;

  constructor({ pipeline, relays, losses, gaps, watched, bypass, plans, progress, identity }: HolderSources) {
    const { sessions, pools } = pipeline;
    this.holders = {
      rollups: pipeline.counting.rollups,
      statements: pipeline.counting.statementDeltas,
      tags: pipeline.counting.tagRollups,
      requests: pipeline.counting.units.requests,
      requestStatements: pipeline.counting.units.statements,
      unitSamples: pipeline.counting.units.samples,
      countedRequests: pipeline.counting.units.counted,
      findings: pipeline.counting.findings,
      catalogue: pipeline.catalogue,
      pools: pools.rows,
      poolMinutes: pools.minutes,
      fleetMinutes: pools.fleet,
      sessionsOpen: sessions.changed,
      sessionsClosed: sessions.closed,
      losses,
      lostStatements: pipeline.lostStatements,
      gaps,
      watched,
      bypass: bypass ?? NONE,
      marks: pipeline.marks,
      samples: pipeline.counting.samples,
      plans: plans ?? NONE,
      settings: new Settings(pipeline.counting.findings.accepted, identity),
      counters: new Counters(pipeline, relays),
      // Last: what is stored() here is acknowledged to its relay.
      relays: progress,
    };
  }

  /** Everything that waits. Each part can be read more than once: the store may have to try row by row. */
  flushAt(atMs: number): Flush {
    this.#beganAnew = false;
    const parts = Object.entries(this.holders).map(
      ([name, holder]) => [name, { [Symbol.iterator]: () => holder.pending()[Symbol.iterator]() }] as const,
    );
    return { atMs, ...Object.fromEntries(parts) } as unknown as Flush;
  }

  /** The store took the flush. */
  stored(): void {
    for (const holder of Object.values(this.holders)) holder.stored();
    // The store began anew within this very flush, which holds only what had changed.
    if (this.#beganAnew) this.storeAgain();
  }

  /** The store began anew: all that it is given only once or when it changes waits again. */
  storeAgain(): void {
    this.#beganAnew = true;
    for (const holder of Object.values(this.holders)) holder.storeAgain?.();
  }
}

const NONE: Pending<never> = { pending: () => [], stored() {} };
