// One statement over time: percentiles, executions, and the distribution of its durations.
// Invariant: a time without executions is drawn as a gap. Not here: the points (reports/timeline.ts).

import { useMemo } from 'preact/hooks';
import type uPlot from 'uplot';
import type { TimelineJson } from '../../../../reports/forms/timeline-json.js';
import { Distribution } from '../../charts/distribution.js';
import { axes, bars, everyStep, fromZero, Plot, type PlotTheme } from '../../charts/plot.js';
import { useReport } from '../../data/api.js';
import { count, duration, moment, windowLength } from '../../data/format.js';
import { NumbersTable } from '../../parts/tables.js';

interface HistoryProps {
  readonly fingerprint: string;
  readonly source: string;
  readonly range: string;
  readonly live: boolean;
  readonly version: number;
}

export function History({ fingerprint, source, range, live, version }: HistoryProps) {
  const query = new URLSearchParams(range);
  query.set('source', source);
  const { data } = useReport<TimelineJson>(`/api/v1/statements/${fingerprint}/history?${query}`, { live, version });
  const drawn = useMemo(() => data && historyData(data), [data]);
  if (data === undefined || drawn === undefined) return null;
  const step = windowLength(data.step_ms);
  return (
    <>
      <section aria-labelledby="history">
        <h2 id="history">How long did it take, and how often was it sent?</h2>
        <Plot
          label={`Service time (p50 and p95) and executions of ${fingerprint} over time, a point per ${step}`}
          data={drawn}
          height={260}
          options={historyOptions}
          optionsKey="history"
          stepMs={data.step_ms}
          readout={(at) => readoutOf(drawn, at)}
        />
        <p class="key">
          <span class="swatch p95" /> p95 and <span class="swatch p50" /> p50, left axis ·{' '}
          <span class="swatch executions" /> executions per {step}, right axis
        </p>
        <details>
          <summary>The numbers, per {step}</summary>
          <NumbersTable
            caption="History"
            head={['From', 'Executions', 'Failed', 'Mean', 'p50', 'p95', 'p99', 'Max']}
            rows={data.points
              .slice(-200)
              .reverse()
              .map((point) => [
                moment(point.at),
                count(point.calls + point.errors),
                count(point.errors),
                duration(point.mean_ms),
                duration(point.p50_ms),
                duration(point.p95_ms),
                duration(point.p99_ms),
                duration(point.max_ms),
              ])}
          />
        </details>
      </section>
      <Distribution bars={data.distribution} />
    </>
  );
}

function historyData(timeline: TimelineJson): uPlot.AlignedData {
  const { times, at } = everyStep(timeline.points, timeline.step_ms);
  return [
    times,
    at.map((point) => (point === undefined ? null : point.calls + point.errors)),
    at.map((point) => point?.p50_ms ?? null),
    at.map((point) => point?.p95_ms ?? null),
  ];
}

/** Points stand over the middle of their bars. */
const MIDDLE = { show: true, size: 5 };

function readoutOf([, executions, p50, p95]: uPlot.AlignedData, at: number): string {
  if (executions[at] === null) return 'nothing';
  return `${count(executions[at] ?? 0)} executions, p50 ${duration(p50[at] ?? null)}, p95 ${duration(p95[at] ?? null)}`;
}

function historyOptions(theme: PlotTheme) {
  const [x, y] = axes(theme, duration);
  const calls = theme.colour('--faint');
  return {
    scales: { ms: { range: fromZero }, calls: { range: fromZero } },
    axes: [
      x,
      { ...y, scale: 'ms' },
      {
        ...y,
        scale: 'calls',
        side: 1,
        grid: { show: false },
        values: (_: uPlot, splits: number[]) => splits.map(count),
      },
    ],
    series: [
      {},
      { label: 'executions', scale: 'calls', stroke: calls, fill: calls, paths: bars(), points: { show: false } },
      { label: 'p50', scale: 'ms', stroke: theme.colour('--accent'), width: 2, points: MIDDLE },
      { label: 'p95', scale: 'ms', stroke: theme.colour('--warm'), width: 2, points: MIDDLE },
    ],
  } satisfies Omit<uPlot.Options, 'width' | 'height'>;
}
