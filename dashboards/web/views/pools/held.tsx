// Connections over time: held, and busy at once.
// Invariant: a point is a peak. Not here: the points (reports/trends/pool-history.ts).

import { useMemo } from 'preact/hooks';
import type uPlot from 'uplot';
import { axes, bars, everyStep, fromZero, Plot, type PlotTheme } from '../../charts/plot.js';
import { count, windowLength } from '../../data/format.js';

interface HeldProps {
  readonly title: string;
  readonly points: ReadonlyArray<{ at: string; connections_max: number; busy_max: number }>;
  readonly stepMs: number;
  readonly height: number;
}

export function Held({ title, points, stepMs, height }: HeldProps) {
  const data = useMemo((): uPlot.AlignedData => {
    const { times, at } = everyStep(points, stepMs);
    return [times, at.map((point) => point?.connections_max ?? null), at.map((point) => point?.busy_max ?? null)];
  }, [points, stepMs]);
  if (points.length < 2) return null;
  const [, held, busy] = data;
  return (
    <div>
      <h3>{title}</h3>
      <Plot
        label={`${title}: peaks over time, a bar per ${windowLength(stepMs)}`}
        data={data}
        height={height}
        options={optionsOf}
        optionsKey="held"
        stepMs={stepMs}
        readout={(at) => `${count(held[at] ?? 0)} held, ${count(busy[at] ?? 0)} busy at once`}
      />
      <p class="key">
        <span class="swatch held" /> held, <span class="swatch busy" /> busy at once; the peak of each{' '}
        {windowLength(stepMs)}
      </p>
    </div>
  );
}

function optionsOf(theme: PlotTheme): Omit<uPlot.Options, 'width' | 'height'> {
  const [held, busy] = [theme.colour('--faint'), theme.colour('--accent')];
  const [x, y] = axes(theme, (value) => (Number.isInteger(value) ? count(value) : ''));
  return {
    scales: { y: { range: fromZero } },
    // A pool's chart is low.
    axes: [x, { ...y, size: 40, space: 18 }],
    series: [
      {},
      { label: 'held', stroke: held, fill: held, paths: bars(), points: { show: false } },
      { label: 'busy', stroke: busy, fill: busy, paths: bars(), points: { show: false } },
    ],
  };
}
