// Draws numbers over time as one line of bars. Not here: choosing the numbers.

const BARS = '▁▂▃▄▅▆▇█';

/** One character per value: a space for undefined, else a bar in proportion to the biggest. */
export function sparkline(values: ReadonlyArray<number | undefined>): string {
  const most = Math.max(0, ...values.map((value) => value ?? 0));
  return values
    .map((value) => {
      if (value === undefined) return ' ';
      const level = most === 0 ? 0 : Math.ceil((value / most) * BARS.length) - 1;
      return BARS[Math.max(0, level)];
    })
    .join('');
}

/** Joins points that lie `stepMs` apart into at most `width` bars; a bar without points is undefined. */
export function evenly<Point extends { readonly atMs: number }>(
  points: readonly Point[],
  options: {
    readonly stepMs: number;
    readonly width: number;
    readonly sinceMs: number;
    readonly untilMs: number;
    readonly join: (points: readonly Point[]) => number;
  },
): Array<number | undefined> {
  const { stepMs, width, sinceMs, untilMs } = options;
  const first = Math.floor(sinceMs / stepMs);
  const steps = Math.max(1, Math.ceil(untilMs / stepMs) - first);
  const perBar = Math.max(1, Math.ceil(steps / width));
  const bars = Array.from({ length: Math.ceil(steps / perBar) }, (): Point[] => []);
  for (const point of points) bars[Math.floor((point.atMs / stepMs - first) / perBar)]?.push(point);
  return bars.map((bar) => (bar.length === 0 ? undefined : options.join(bar)));
}
