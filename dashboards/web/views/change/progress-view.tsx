// The migration's progress: shares of executions, time and distinct statements by source and time.
// Invariant: housekeeping and tools are in no share, for nobody moves them. Not here: the counting
// (reports/sources.ts).

import { useMemo } from 'preact/hooks';
import { HIDDEN_SOURCES } from '../../../../facts/verdict.js';
import type { SourceShareJson, SourcesJson } from '../../../../reports/forms/timeline-json.js';
import { Stack } from '../../charts/stack.js';
import { type Address, linkTo } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { count, duration, share, span } from '../../data/format.js';
import { bySourceOrder } from '../../data/sources.js';
import { queryOf, type ViewProps } from '../../data/window.js';
import { NothingYet, Problem, Reading, Source } from '../../parts/parts.js';
import { NumbersTable } from '../../parts/tables.js';
import { Ledger } from './ledger.js';

const MEASURES = [
  { key: 'calls', title: 'Whose are the executions?', of: (one: SourceShareJson) => one.calls + one.errors },
  { key: 'time', title: 'Whose is the time?', of: (one: SourceShareJson) => one.total_ms },
  { key: 'statements', title: 'Whose are the distinct statements?', of: (one: SourceShareJson) => one.statements },
] as const;
type Measure = (typeof MEASURES)[number];

export function ProgressView({ address, live, version }: ViewProps) {
  const report = useReport<SourcesJson>(`/api/v1/sources?${queryOf(address)}`, { live, version });
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
      <h1 class="sr-only">Progress</h1>
      <Problem problem={report.problem} />
      {data === undefined && !report.problem && <Reading />}
      {data && names.length === 0 && <NothingYet address={address} />}
      {data && names.length > 0 && (
        <>
          <p class="observed" role="status">
            {span(data.window)} · housekeeping and tools are left out
            {data.week_before === null && ' · a week before, nothing was recorded to compare with'}
          </p>
          <Cards address={address} data={data} names={names} />
          <Ledger address={address} query={queryOf(address)} live={live} version={version} />
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

interface CardsProps {
  readonly address: Address;
  readonly data: SourcesJson;
  readonly names: readonly string[];
}

function Cards({ address, data, names }: CardsProps) {
  const sum = (of: Measure['of']): number => names.reduce((whole, name) => whole + of(totalOf(data, name)), 0);
  return (
    <div class="cards">
      {names.map((name) => (
        <div class="card" key={name}>
          <h2>
            <a href={linkTo(address, { view: 'statements', filters: { source: name } })}>
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

function totalOf({ totals }: SourcesJson, name: string): SourceShareJson {
  return totals[name] ?? NONE;
}

/** "+3", "−5", "no change". */
function difference(now: number, before: number): string {
  if (now === before) return 'no change';
  return now > before ? `+${count(now - before)}` : `−${count(before - now)}`;
}

function Shares({ measure, data, names }: { measure: Measure; data: SourcesJson; names: readonly string[] }) {
  return (
    <section aria-labelledby={`share-${measure.key}`}>
      <h2 id={`share-${measure.key}`}>{measure.title}</h2>
      <Stack
        label={`${measure.title} Shares by source over time; the numbers are in the table below`}
        points={data.points}
        stepMs={data.step_ms}
        names={names}
        amountOf={({ sources }, name) => (sources[name] === undefined ? 0 : measure.of(sources[name]))}
        format={(percent) => (percent === 0 || percent === 100 ? `${percent} %` : share(percent, 100))}
        isShare
        height={170}
      />
    </section>
  );
}

function Totals({ data, names }: { data: SourcesJson; names: readonly string[] }) {
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
