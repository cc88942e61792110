// Windows of statements on a real ClickHouse: whichever words say them, they have the same rows.
// Invariant: a row of every bucket of every level is looked at. Not here: which segments a window has (test/reports).

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Clickhouse, startClickhouse } from '../../scripts/lib/clickhouse.mjs';
import { xorshift } from '../../scripts/lib/xorshift.mjs';
import { anyOf, inStretches, joined, type Range, rangeOf } from '../../storage/clickhouse/read/questions/ranges.js';
import { STRETCH_SQL } from '../../storage/clickhouse/schema/stretch.js';
import { describeWithClickhouse } from '../kit/clickhouse.js';

const SPANS = [60, 3_600, 86_400];
const DAY_MIN = 1440;
/** In the middle of a week of days and of a month. */
const FIRST = 20_003 * DAY_MIN;
const DAYS = 24;

await describeWithClickhouse('a window of statements', (library) => {
  let clickhouse: Clickhouse;
  beforeAll(async () => {
    clickhouse = await startClickhouse({ library });
    const buckets = SPANS.map((spanS) => {
      const step = spanS / 60;
      const count = (DAYS * DAY_MIN) / step;
      return `SELECT ${spanS} AS span_s, toUInt32(${FIRST} + number * ${step}) AS bucket_min FROM numbers(${count})`;
    });
    await clickhouse.query(
      `CREATE TABLE bucket ENGINE = Memory AS SELECT *, toUInt32(${STRETCH_SQL}) AS stretch
       FROM (${buckets.join(' UNION ALL ')})`,
    );
  });
  afterAll(() => clickhouse?.stop());

  const sameRows = async (ranges: readonly Range[]) => {
    const [short, plain] = [inStretches(ranges), anyOf(ranges)];
    const both = `SELECT countIf((${short}) != (${plain})), countIf(${plain}) > 0 FROM bucket`;
    expect(await clickhouse.query(both), `${short}\nis not\n${plain}`).toBe('0\t1');
    return short;
  };

  test('as reports have them: minutes at both ends, hours, days', async () => {
    const [since, until] = [FIRST + 3 * DAY_MIN + 754, FIRST + 20 * DAY_MIN + 1234];
    const [hoursFrom, daysFrom] = [FIRST + 3 * DAY_MIN + 780, FIRST + 4 * DAY_MIN];
    const [daysUntil, hoursUntil] = [FIRST + 20 * DAY_MIN, FIRST + 20 * DAY_MIN + 1200];
    const ranges = joined([
      rangeOf(60, since, hoursFrom),
      rangeOf(3_600, hoursFrom, daysFrom),
      rangeOf(86_400, daysFrom, daysUntil),
      rangeOf(3_600, daysUntil, hoursUntil),
      rangeOf(60, hoursUntil, until),
    ]);
    // What follows from another bound is not said again.
    expect(await sameRows(ranges)).toMatch(
      new RegExp(
        `^bucket_min >= ${since} AND bucket_min < ${until} AND \\(span_s != 3600 OR bucket_min < ${hoursUntil}\\)` +
          ` AND \\(span_s != 86400 OR bucket_min < ${daysUntil}\\) AND stretch IN \\(`,
      ),
    );
  });

  test('any others, holes within a stretch too', async () => {
    const next = xorshift();
    const below = (count: number) => Math.floor(next() * count);
    for (let round = 0; round < 150; round++) {
      const parts = Array.from({ length: 1 + below(5) }, () => {
        const spanS = SPANS[below(3)];
        // Edges of stretches as often as others.
        const step = (spanS / 60) * [1, 1, 60, 24, 7][below(5)];
        const at = () => Math.ceil(FIRST / step) * step + step * below(Math.ceil((DAYS * DAY_MIN) / step / 2));
        const from = at();
        return rangeOf(spanS, from, from + step * (1 + below(30)), below(9) === 0 ? 'span_s > 60' : '1');
      });
      const shown = joined(parts).filter(({ from }) => from < FIRST + DAYS * DAY_MIN);
      const hasRows = shown.some(({ only, spanS }) => only === '1' || spanS > 60);
      if (hasRows) await sameRows(shown);
    }
  });

  test('too many stretches to be named one by one', async () => {
    expect(await sameRows([rangeOf(60, FIRST + 17, FIRST + 23 * DAY_MIN + 5)])).toContain('BETWEEN');
  });
});
