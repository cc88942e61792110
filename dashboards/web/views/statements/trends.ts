// Asks for the sparklines of the rows that are in view.
// Invariant: a row's trend is asked for once per window; only rows that stay in view for a moment are asked for.
// Not here: drawing (charts/spark.tsx).

import { useEffect, useState } from 'preact/hooks';
import type { TrendsJson } from '../../../../reports/trends/trends-json.js';
import { withinFleet } from '../../data/address.js';
import { ask } from '../../data/api.js';

interface Named {
  readonly fingerprint: string;
  readonly source: string;
}

/** By trendKey: service time in ms of each part of the window. */
export type Trends = ReadonlyMap<string, readonly number[]>;

export function trendKey({ fingerprint, source }: Named): string {
  return `${fingerprint}:${source}`;
}

const REST_MS = 150;
/** As many as the API answers at once. */
const AT_ONCE = 60;

/** `asked`: the window and filters, as parameters of the API. */
export function useTrends(rows: readonly Named[], asked: string): Trends {
  const range = withinFleet(`/api/v1/trends?${asked}`);
  const [known, setKnown] = useState<{ range: string; trends: Trends }>({ range, trends: new Map() });
  const trends = known.range === range ? known.trends : NONE;
  const missing = rows
    .map(trendKey)
    .filter((key) => !trends.has(key))
    .slice(0, AT_ONCE)
    .join(',');
  useEffect(() => {
    if (missing === '') return;
    const aborter = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const of = new URLSearchParams({ of: missing });
        const answer = await ask<TrendsJson>(`${range}&${of}`, { signal: aborter.signal });
        setKnown((last) => {
          const more = new Map(last.range === range ? last.trends : []);
          for (const trend of answer.trends) more.set(trendKey(trend), trend.total_ms);
          return { range, trends: more };
        });
      } catch {
        // A list without sparklines is a list; the view says it when the API fails.
      }
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      aborter.abort();
    };
  }, [missing, range]);
  return trends;
}

const NONE: Trends = new Map();
