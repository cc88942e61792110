// The rows that a question is about: whose they are, and of which buckets of which level.
// Invariant: an execution of the window is in exactly one of the rows, however far each sidecar's hours and days were
// shipped. Not here: choosing segments (storage/reading/levels.ts), the words of a condition (ranges.ts),
// filters of statements (filters.ts).
//
// Sidecars ship closed hours and days at moments of their own. The mark of the fleet is that of the sidecar that is
// furthest. Where one is behind it, its hours after its own mark are read as minutes (and days as hours): a few pairs
// of store and bucket, which the conditions name.

import { MINUTE_MS } from '../../../../config/values/minute.js';
import type { IdentityFilter } from '../../../../facts/fleet/identity.js';
import { ceilTo, DAY_MIN, type FoldState, floorTo, HOUR_MIN, type Segment, SPAN } from '../../../reading/levels.js';
import { literal } from '../../schema/literal.js';
import { anyOf, inStretches, joined, type Range, rangeOf } from './ranges.js';

/** A row of instance_state. */
export interface InstanceState {
  service: string;
  environment: string;
  instance: string;
  /** A number of 64 bits, as text. */
  store: string;
  minutesFoldedTo: number;
  hoursFoldedTo: number;
  minutesKeptFrom: number;
  hoursKeptFrom: number;
  daysKeptFrom: number;
  firstMinute: number | null;
  lastMinute: number | null;
}

/** Days that each level is kept; `from`: the minutes where they begin, where that is later. */
export interface KeptDays {
  readonly minutes: number;
  readonly hours: number;
  readonly days: number;
  readonly from?: Readonly<Partial<Record<Level, number>>>;
}
type Level = 'minutes' | 'hours' | 'days';

/** Buckets that are read a level finer for one store. */
interface Behind {
  readonly pairs: string[];
  since: number;
}

/** Pairs that one statement may name. Beyond, the mark of the fleet is that of a sidecar that is less far. */
const PAIRS_MAX = 3_000;

export class Places {
  readonly state: FoldState;
  readonly #scope: string;
  readonly #hours: Behind;
  readonly #days: Behind;

  constructor(
    states: readonly InstanceState[],
    { scope, kept, nowMs }: { scope: IdentityFilter; kept: KeptDays; nowMs: number },
  ) {
    this.#scope = scopeSql(scope);
    const ran = states.filter(({ firstMinute, lastMinute }) => firstMinute !== null && lastMinute !== null);
    const now = Math.floor(nowMs / MINUTE_MS);
    const from = (level: Level, step: number, of: (state: InstanceState) => number): number => {
      // What was dropped before it was shipped counts only where there was something.
      const dropped = ran.filter((state) => state.firstMinute! < of(state)).map(of);
      const begins = [now - kept[level] * DAY_MIN, kept.from?.[level] ?? 0, ...dropped];
      return Math.max(0, ...begins.map((minute) => ceilTo(minute, step)));
    };
    // Whoever keeps minutes for longer than hours has none of the hours that lie between.
    const daysKeptFrom = from('days', DAY_MIN, (state) => state.daysKeptFrom);
    const hoursKeptFrom = Math.max(
      daysKeptFrom,
      from('hours', DAY_MIN, (state) => state.hoursKeptFrom),
    );
    const minutesKeptFrom = Math.max(
      hoursKeptFrom,
      from('minutes', HOUR_MIN, (state) => state.minutesKeptFrom),
    );
    const hours = behindOf(ran, { step: HOUR_MIN, from: minutesKeptFrom, markOf: (state) => state.minutesFoldedTo });
    const days = behindOf(ran, { step: DAY_MIN, from: hoursKeptFrom, markOf: (state) => state.hoursFoldedTo });
    this.#hours = hours;
    this.#days = days;
    this.state = {
      minutesFoldedTo: hours.mark,
      hoursFoldedTo: Math.min(days.mark, hours.mark),
      minutesKeptFrom,
      // Only whole buckets are shipped.
      minuteFolding: null,
      hourFolding: null,
      hoursKeptFrom,
      daysKeptFrom,
      firstMinute: least(ran.map((state) => state.firstMinute!)),
      lastMinute: most(ran.map((state) => state.lastMinute!)),
    };
  }

  /** A condition for rows that have an identity. */
  get whose(): string {
    return this.#scope;
  }

  /** A condition for rows of rollup tables. */
  of(segments: readonly Segment[]): string {
    const ranges = this.#rangesOf(segments);
    return ranges.length === 0 ? '0' : `${anyOf(ranges)} AND ${this.#scope}`;
  }

  /** The same for tables of statements, which are read by stretches. */
  ofStatements(segments: readonly Segment[]): string {
    const ranges = this.#rangesOf(segments);
    return ranges.length === 0 ? '0' : `${inStretches(ranges)} AND ${this.#scope}`;
  }

  #rangesOf(segments: readonly Segment[]): Range[] {
    return joined(segments.flatMap((segment) => this.#partsOf(segment)));
  }

  #partsOf({ spanS, fromMinute, toMinute }: Segment): Range[] {
    if (spanS === SPAN.minute) return [rangeOf(spanS, fromMinute, toMinute)];
    if (spanS === SPAN.hour) {
      const until = Math.min(toMinute, this.state.minutesFoldedTo);
      const { pairs, since } = this.#hours;
      if (pairs.length === 0 || until <= since) return [rangeOf(spanS, fromMinute, until)];
      return [
        rangeOf(spanS, fromMinute, until, notIn(pairs, 'bucket_min')),
        rangeOf(SPAN.minute, Math.max(fromMinute, since), until, isIn(pairs, HOUR_OF)),
      ];
    }
    const until = Math.min(toMinute, this.state.hoursFoldedTo);
    const { pairs, since } = this.#days;
    if (pairs.length === 0 || until <= since) return [rangeOf(SPAN.day, fromMinute, until)];
    const finer = this.#partsOf({ spanS: SPAN.hour, fromMinute: Math.max(fromMinute, since), toMinute: until });
    return [
      rangeOf(SPAN.day, fromMinute, until, notIn(pairs, 'bucket_min')),
      ...finer.map((range) => ({ ...range, only: `${range.only} AND ${isIn(pairs, DAY_OF)}` })),
    ];
  }
}

const HOUR_OF = `bucket_min - bucket_min % ${HOUR_MIN}`;
const DAY_OF = `bucket_min - bucket_min % ${DAY_MIN}`;

function isIn(pairs: readonly string[], bucket: string): string {
  return `(store, ${bucket}) IN (${pairs.join(', ')})`;
}

function notIn(pairs: readonly string[], bucket: string): string {
  return `(store, ${bucket}) NOT IN (${pairs.join(', ')})`;
}

/** The mark of the fleet, a multiple of `step`, and what is behind it. */
function behindOf(
  states: readonly InstanceState[],
  { step, from, markOf }: { step: number; from: number; markOf(state: InstanceState): number },
): Behind & { mark: number } {
  const marks = [...new Set(states.map((state) => ceilTo(markOf(state), step)))].sort((a, b) => b - a);
  for (const mark of marks) {
    const behind = pairsBehind(states, { mark, step, from, markOf });
    if (behind !== undefined) return { ...behind, mark };
  }
  return { pairs: [], since: 0, mark: 0 };
}

/** Undefined where they are too many. */
function pairsBehind(
  states: readonly InstanceState[],
  { mark, step, from, markOf }: { mark: number; step: number; from: number; markOf(state: InstanceState): number },
): Behind | undefined {
  const behind: Behind = { pairs: [], since: Number.POSITIVE_INFINITY };
  for (const state of states) {
    // What it had when it stopped is whole, however long ago.
    if (markOf(state) >= mark || state.lastMinute! < markOf(state)) continue;
    const since = Math.max(floorTo(markOf(state), step), from);
    const until = Math.min(mark, state.lastMinute! + 1);
    for (let bucket = since; bucket < until; bucket += step) {
      if (behind.pairs.length === PAIRS_MAX) return undefined;
      behind.pairs.push(`(${state.store}, ${bucket})`);
      behind.since = Math.min(behind.since, bucket);
    }
  }
  return behind;
}

function least(numbers: readonly number[]): number | null {
  return numbers.length === 0 ? null : Math.min(...numbers);
}

function most(numbers: readonly number[]): number | null {
  return numbers.length === 0 ? null : Math.max(...numbers);
}

/** A condition for rows that have an identity. */
export function scopeSql({ service, environment, instance }: IdentityFilter): string {
  const parts = Object.entries({ service, environment, instance }).flatMap(([column, value]) =>
    value === undefined ? [] : `${column} = ${literal(value)}`,
  );
  return parts.length === 0 ? '1' : parts.join(' AND ');
}
