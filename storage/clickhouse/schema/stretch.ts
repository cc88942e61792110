// Stretches of time by which rows of statements lie together, so that a window is read alone.
// They are an hour of minutes, a day of hours, a week of days.
// Invariant: the tables are sorted by the very words that conditions use, else ClickHouse reads whole partitions.
// Not here: the tables (rollups.ts), conditions of a window (../read/questions/ranges.ts).

const LEVELS = [
  { spanS: 60, stretchMin: 60 },
  { spanS: 3_600, stretchMin: 1_440 },
  { spanS: 86_400, stretchMin: 7 * 1_440 },
] as const;

const [MINUTES, HOURS, DAYS] = LEVELS.map(({ spanS, stretchMin }) => ({
  test: `span_s = ${spanS}`,
  first: `bucket_min - bucket_min % ${stretchMin}`,
}));

/** The first minute of a row's stretch. */
export const STRETCH_SQL = `multiIf(${MINUTES.test}, ${MINUTES.first}, ${HOURS.test}, ${HOURS.first}, ${DAYS.first})`;

/** That of a minute, for rows of one level. */
export function stretchOf(spanS: number, minute: number): number {
  return minute - (minute % stretchMinOf(spanS));
}

/** Those of the minutes [from, until), in order; no more than one beyond `most`. */
export function stretchesOf(
  spanS: number,
  { from, until, most }: { from: number; until: number; most: number },
): number[] {
  const stretches: number[] = [];
  const step = stretchMinOf(spanS);
  for (let at = stretchOf(spanS, from); at < until && stretches.length <= most; at += step) stretches.push(at);
  return stretches;
}

function stretchMinOf(spanS: number): number {
  return (LEVELS.find((level) => level.spanS === spanS) ?? LEVELS[2]).stretchMin;
}
