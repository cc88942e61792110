// The make-up of a pipeline besides its own steps: configuration, bounds, and who is told.
// Not here: the steps (pipeline.ts).

import type { Measured } from '../facts/rollup-row.js';
import type { ParameterKey } from '../proxy/stream/parameters.js';
import type { CountedListener } from './counting.js';
import type { LiveOptions } from './judge.js';
import type { Tail } from './notable/tail.js';
import type { PoolsOptions } from './pools/pools.js';
import type { RollupLimits } from './rollup/rollups.js';
import type { TagLimits } from './rollup/tag-rollups.js';
import type { Identity } from './texts/facts-of-text.js';

export interface PipelineOptions extends LiveOptions {
  limits: RollupLimits & TagLimits & { poolsMax: number; unsettledRowsMax: number };
  dimensionKeys: ReadonlySet<string>;
  nameOfPool?: PoolsOptions['nameOf'];
  counted: CountedListener;
  /** Told of slow statements where plans are collected. */
  plans?: { noteSlow(identity: Identity, measured: Pick<Measured, 'completedAtMs' | 'serviceNs'>): void };
  /** Told of each counted execution while `pgwitness tail` runs. */
  tail?: Tail;
  /** Parameters and literals are hashed with it; left out = none are. */
  parameterKey?: ParameterKey;
}
