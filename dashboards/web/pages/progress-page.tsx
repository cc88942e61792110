// The migration's progress: shares of executions, time and distinct statements by source and time.
// Invariant: housekeeping and tools are in no share, for nobody moves them. Not here: the counting
// (reports/progress.ts).

import { useMemo } from 'preact/hooks';
import type uPlot from 'uplot';
import { HIDDEN_SOURCES } from '../../../facts/verdict.js';
import type { ProgressJson, SourceShareJson } from '../../../reports/forms/timeline-json.js';
import { writeAddress } from '../data/address.js';
import { useReport } from '../data/api.js';
import { count, duration, share, span } from '../data/format.js';
import { bySourceOrder, colourOf } from '../data/sources.js';
import { NothingYet, NumbersTable, Problem, Source } from '../parts/parts.js';
import { axes, bars, everyStep, Plot, type PlotTheme, TIMES } from '../parts/plot.js';
import type { PageProps } from './statements-page.js';

const MEASURES = [
  { key: 'calls', title: 'Whose are the executions?', of: (one: SourceShareJson) => one.calls + one.errors },
  { key: 'time', title: 'Whose is the time?', of: (one: SourceShareJson) => one.total_ms },
  { key: 'statements', title: 'Whose are the distinct statements?', of: (one: SourceShareJson) => one.statements },
] as const;
type Measure = (typeof MEASURES)[number];

export function ProgressPage({ address, live, version, retry }: PageProps) {
  const query = new URLSearchParams();
  for (const name of ['since', 'until']) if (address.filters[name]) query.set(name, address.filters[name]);
  const report = useReport<ProgressJson>(`/api/v1/progress?${query}`, { live, version });
  const { data } = report;
  const names = useMemo(
    () =>
      // What ran a week before and no longer does is what the migration is about.
      [...new Set([...Object.keys(data?.totals ?? {}), ...Object.keys(data?.week_before?.totals ?? {})])]
        .filter((name) => !HIDDEN_SOURCES.includes(name))
        .sort(bySourceOrder),
    [data],
  );
  return (
    <>
      <h1>Progress</h1>
      {report.problem && <Problem problem={report.problem} retry={retry} />}
      {data && names.length === 0 && <NothingYet since={address.filters.since} />}
      {data && names.length > 0 && (
        <>
          <p class="observed" role="status">
            {span(data.window)} · housekeeping and tools are left out
            {data.week_before === null && ' · a week before, nothing was recorded to compare with'}
          </p>
          <Cards data={data} names={names} />
          {MEASURES.map((measure) => (
            <Shares key={measure.key} measure={measure} data={data} names={names} />
          ))}
          <h2>The numbers</h2>
          <Totals data={data} names={names} />
        </>
      )}
    </>
  );
}

function Cards({ data, names }: { data: ProgressJson; names: readonly string[] }) {
  const sum = (of: Measure['of']): number => names.reduce((whole, name) => whole + of(totalOf(data, name)), 0);
  return (
    <div class="cards">
      {names.map((name) => (
        <div class="card" key={name}>
          <h2>
            <a href={writeAddress({ view: 'statements', fingerprint: '', filters: { source: name } })}>
              <Source name={name} />
            </a>
          </h2>
          <p class="big">{share(totalOf(data, name).statements, sum(MEASURES[2].of))}</p>
          <p class="note">
            of distinct statements ({count(totalOf(data, name).statements)}),{' '}
            {share(MEASURES[0].of(totalOf(data, name)), sum(MEASURES[0].of))} of executions,{' '}
            {share(totalOf(data, name).total_ms, sum(MEASURES[1].of))} of time
          </p>
          {data.week_before && (
            <p class="week">
              a week before: {count(data.week_before.totals[name]?.statements ?? 0)} (
              {difference(totalOf(data, name).statements, data.week_before.totals[name]?.statements ?? 0)})
            </p>
          )}
        </div>
      ))}
    </div>
  );
}

const NONE: SourceShareJson = { calls: 0, errors: 0, total_ms: 0, statements: 0 };

function totalOf({ totals }: ProgressJson, name: string): SourceShareJson {
  return totals[name] ?? NONE;
}

/** "+3", "−5", "no change". */
function difference(now: number, before: number): string {
  if (now === before) return 'no change';
  return now > before ? `+${count(now - before)}` : `−${count(before - now)}`;
}

function Shares({ measure, data, names }: { measure: Measure; data: ProgressJson; names: readonly string[] }) {
  const drawn = useMemo(() => stacked(data, { names, of: measure.of }), [data, names, measure]);
  return (
    <section aria-labelledby={`share-${measure.key}`}>
      <h2 id={`share-${measure.key}`}>{measure.title}</h2>
      <Plot
        label={`${measure.title} Shares by source over time; the numbers are in the table below`}
        data={drawn}
        height={190}
        options={(theme) => optionsOf(theme, names)}
        optionsKey={names.join(' ')}
      />
    </section>
  );
}

/** Percent up to and including each source, the last source first: each is drawn over the one before. */
function stacked(
  data: ProgressJson,
  { names, of }: { names: readonly string[]; of: Measure['of'] },
): uPlot.AlignedData {
  const { times, at } = everyStep(data.points, data.step_ms);
  const layers: Array<Array<number | null>> = names.map(() => []);
  for (const point of at) {
    const values = names.map((name) => {
      const one = point?.sources[name];
      return one === undefined ? 0 : of(one);
    });
    const whole = values.reduce((sum, value) => sum + value, 0);
    let upTo = 0;
    values.forEach((value, index) => {
      upTo += value;
      layers[index].push(whole === 0 ? null : (100 * upTo) / whole);
    });
  }
  return [times, ...layers.reverse()];
}

function optionsOf(theme: PlotTheme, names: readonly string[]): Omit<uPlot.Options, 'width' | 'height'> {
  const reversed = [...names].reverse();
  return {
    scales: { y: { range: () => [0, 100] } },
    axes: axes(theme, (percent) => `${percent} %`),
    series: [
      TIMES,
      ...reversed.map((name, index): uPlot.Series => {
        const colour = theme.colour(colourOf(name));
        return {
          label: name,
          stroke: colour,
          fill: colour,
          width: 0,
          paths: bars(),
          points: { show: false },
          // The layer holds the sources below it too.
          value: (plot: uPlot, upTo: number | null, _: number, at: number | null) =>
            upTo === null || at === null ? '–' : share(upTo - (plot.data[index + 2]?.[at] ?? 0), 100),
        };
      }),
    ],
  };
}

function Totals({ data, names }: { data: ProgressJson; names: readonly string[] }) {
  const rows = [...names, ...Object.keys(data.totals).filter((name) => HIDDEN_SOURCES.includes(name))];
  return (
    <NumbersTable
      caption="Executions, time and distinct statements by source"
      head={['Source', 'Statements', 'Executions', 'Failed', 'Time']}
      rows={rows.map((name) => {
        const one = totalOf(data, name);
        return [
          <Source key={name} name={name} />,
          count(one.statements),
          count(one.calls + one.errors),
          count(one.errors),
          duration(one.total_ms),
        ];
      })}
    />
  );
}
