// Families about shipping to the store of a fleet; without samples where nothing is shipped.
// Not here: who counts (observer/shipping/).

import type { ShippingStatus } from '../../../facts/fleet/shipping-status.js';
import { type Family, one, type Readings, type Sample } from './family.js';

/** Of each level. */
const LEVELS = ['minutes', 'hours', 'days'] as const;

function shipped(samples: (status: ShippingStatus) => Sample[]): (readings: Readings) => Sample[] {
  return ({ state: { shipping } }) => (shipping === undefined ? [] : samples(shipping));
}

export const SHIPPING_FAMILIES: readonly Family[] = [
  {
    name: 'pgwitness_ship_rows_total',
    type: 'counter',
    unit: '',
    labels: ['level'],
    help: 'Rows that the store of the fleet took (--ship), by level: minutes, hours, days, others.',
    samples: shipped(({ rows }) => Object.entries(rows).map(([level, value]) => ({ value, labels: { level } }))),
  },
  {
    name: 'pgwitness_ship_lag_seconds',
    type: 'gauge',
    unit: 'seconds',
    labels: [],
    help: 'Age of the oldest change that waits to be shipped. 0 while nothing waits.',
    samples: (readings) =>
      shipped(({ waitingSinceMs }) =>
        one(waitingSinceMs === undefined ? 0 : Math.max(0, (readings.begunMs - waitingSinceMs) / 1e3)),
      )(readings),
  },
  {
    name: 'pgwitness_ship_last_success_timestamp_seconds',
    type: 'gauge',
    unit: 'seconds',
    labels: [],
    help: 'Unix time at which the store of the fleet took something last. 0 while it never did.',
    samples: shipped(({ sentMs }) => one(sentMs / 1e3)),
  },
  {
    name: 'pgwitness_ship_failing',
    type: 'gauge',
    unit: '',
    labels: [],
    help: '1 while shipping fails: everything waits in the data directory, and is tried again. Otherwise 0.',
    samples: shipped(({ failingSinceMs }) => one(failingSinceMs === undefined ? 0 : 1)),
  },
  {
    name: 'pgwitness_ship_failures_total',
    type: 'counter',
    unit: '',
    labels: ['code'],
    help: 'Attempts to ship that failed, by why: unreachable, denied, missing, full, busy, newer-schema, corrupt, io.',
    samples: shipped(({ failures }) => Object.entries(failures).map(([code, value]) => ({ value, labels: { code } }))),
  },
  {
    name: 'pgwitness_ship_dropped_rows_total',
    type: 'counter',
    unit: '',
    labels: ['level', 'reason'],
    help: 'Rows that were not shipped, by level: dropped (retention came first), expired (the store of the fleet keeps none as old).',
    samples: shipped(({ dropped, expired }) =>
      LEVELS.flatMap((level) => [
        { value: dropped[level], labels: { level, reason: 'dropped' } },
        { value: expired[level], labels: { level, reason: 'expired' } },
      ]),
    ),
  },
];
