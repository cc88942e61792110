// Stretches of time by which rows of statements lie together, so that a window is read alone.
// They are an hour of minutes, a day of hours, a week of days. A stretch is told by its first minute, a multiple of 60,
// to which 0, 1 or 2 is added for its level.
// Invariant: a stretch has rows of one level. Not here: the tables (rollups.ts), conditions of a window
// (../read/questions/ranges.ts).

const LEVELS = [
  { spanS: 60, stretchMin: 60 },
  { spanS: 3_600, stretchMin: 1_440 },
  { spanS: 86_400, stretchMin: 7 * 1_440 },
] as const;

const [MINUTES, HOURS, DAYS] = LEVELS.map(({ spanS, stretchMin }, level) => ({
  test: `span_s = ${spanS}`,
  stretch: `bucket_min - bucket_min % ${stretchMin} + ${level}`,
}));

/** That of a row. */
export const STRETCH_SQL = `multiIf(${MINUTES.test}, ${MINUTES.stretch}, ${HOURS.test}, ${HOURS.stretch}, ${DAYS.stretch})`;

/** That of a minute, for rows of one level. */
export function stretchOf(spanS: number, minute: number): number {
  return minute - (minute % stretchMinOf(spanS)) + levelOf(spanS);
}

/** Those of the minutes [from, until), in order; no more than one beyond `most`. */
export function stretchesOf(
  spanS: number,
  { from, until, most }: { from: number; until: number; most: number },
): number[] {
  const stretches: number[] = [];
  const step = stretchMinOf(spanS);
  const last = stretchOf(spanS, until - 1);
  for (let at = stretchOf(spanS, from); at <= last && stretches.length <= most; at += step) stretches.push(at);
  return stretches;
}

/** Minutes of a stretch; it begins at a multiple of them. */
export function stretchMinOf(spanS: number): number {
  return LEVELS[levelOf(spanS)].stretchMin;
}

function levelOf(spanS: number): number {
  const level = LEVELS.findIndex((one) => one.spanS === spanS);
  return level < 0 ? LEVELS.length - 1 : level;
}
