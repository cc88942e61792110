// One statement: its text, its sources with evidence, its times and their history.
// Invariant: numbers are of one source at a time; where a statement has several, all are named. Not here: the list.

import { useMemo, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import type { StatementDetailsJson } from '../../../reports/forms/statement-json.js';
import type { TimelineJson } from '../../../reports/forms/timeline-json.js';
import { writeAddress } from '../data/address.js';
import { useReport } from '../data/api.js';
import { bytes, count, duration, moment, share, windowLength } from '../data/format.js';
import { Distribution } from '../parts/distribution.js';
import { Sql } from '../parts/highlight.js';
import { Copy, Facts, NumbersTable, Observed, type ObservedJson, Problem, Source } from '../parts/parts.js';
import { axes, bars, durationValue, everyStep, fromZero, Plot, type PlotTheme, TIMES } from '../parts/plot.js';
import { Samples } from './samples.js';
import type { PageProps } from './statements-page.js';

type Details = ObservedJson & { readonly statements: readonly StatementDetailsJson[] };

export function StatementPage({ address, live, version, retry }: PageProps) {
  const { fingerprint, filters } = address;
  const range = rangeOf(filters);
  const report = useReport<Details>(`/api/v1/statements/${fingerprint}?${range}`, { live, version });
  const [source, setSource] = useState('');
  const rows = report.data?.statements ?? [];
  const row = rows.find((one) => one.source === source) ?? rows[0];
  return (
    <article class="one">
      <p>
        <a href={writeAddress({ ...address, fingerprint: '' })}>← Statements</a>
      </p>
      {report.problem?.status === 404 ? (
        <p class="nothing" role="alert">
          <code>{fingerprint}</code> was not seen in this time.
          {filters.since && (
            <>
              {' '}
              <a href={writeAddress({ ...address, filters: { ...filters, since: '' } })}>Look at everything kept.</a>
            </>
          )}
        </p>
      ) : (
        report.problem && <Problem problem={report.problem} retry={retry} />
      )}
      {row === undefined && !report.problem && <p role="status">Reading…</p>}
      {row !== undefined && report.data && (
        <>
          <h1>{row.summary || 'Statement'}</h1>
          <p class="identity">
            <code>{row.fingerprint}</code> <Copy text={row.fingerprint} what="fingerprint" />{' '}
            {rows.length === 1 ? (
              <Source name={row.source} construct={row.construct} />
            ) : (
              <label>
                Sent by{' '}
                <select value={row.source} onChange={(event) => setSource(event.currentTarget.value)}>
                  {rows.map((one) => (
                    <option key={one.source} value={one.source}>
                      {`${one.source} (${count(one.calls + one.errors)} executions)`}
                    </option>
                  ))}
                </select>
              </label>
            )}
          </p>
          <Observed report={report.data} />
          <div class="with-copy">
            <Sql text={row.query} label="Normalised text" />
            <Copy text={row.query} what="text" />
          </div>
          <Numbers row={row} />
          <Evidence row={row} />
          <History fingerprint={fingerprint} source={row.source} range={range} live={live} version={version} />
          <Samples fingerprint={fingerprint} source={row.source} live={live} version={version} />
          <Breakdown row={row} />
        </>
      )}
    </article>
  );
}

function rangeOf(filters: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams();
  for (const name of ['since', 'until']) if (filters[name]) query.set(name, filters[name]);
  return query.toString();
}

function Numbers({ row }: { row: StatementDetailsJson }) {
  return (
    <Facts
      facts={[
        ['Calls', count(row.calls)],
        ['Errors', `${count(row.errors)} (${share(row.errors, row.calls + row.errors)})`],
        ['Total', duration(row.total_ms)],
        ['Mean', duration(row.mean_ms)],
        ['p50', duration(row.p50_ms)],
        ['p95', duration(row.p95_ms)],
        ['p99', duration(row.p99_ms)],
        ['Min – max', `${duration(row.min_ms)} – ${duration(row.max_ms)}`],
        ['Rows', count(row.rows)],
        ['Pipelined calls', count(row.batched_calls)],
        ['Sent, received', `${bytes(row.request_bytes)}, ${bytes(row.response_bytes)}`],
        ['First row after', duration(row.first_row_mean_ms)],
        ['Waited for the client', duration(row.client_stall_ms)],
        ['First seen', moment(row.first_seen)],
        ['Last seen', moment(row.last_seen)],
      ]}
    />
  );
}

function Evidence({ row }: { row: StatementDetailsJson }) {
  return (
    <section aria-labelledby="evidence">
      <h2 id="evidence">Why {row.source}?</h2>
      <p>
        Confidence: <b>{row.confidence}</b>
        {row.construct !== '' && (
          <>
            , construct: <b>{row.construct}</b>
          </>
        )}
      </p>
      {row.evidence.length === 0 ? (
        <p>No rule spoke.</p>
      ) : (
        <ul class="evidence">
          {row.evidence.map(({ rule, saw }) => (
            <li key={`${rule} ${saw}`}>
              <code>{rule}</code> {saw}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

interface HistoryProps {
  readonly fingerprint: string;
  readonly source: string;
  readonly range: string;
  readonly live: boolean;
  readonly version: number;
}

function History({ fingerprint, source, range, live, version }: HistoryProps) {
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
        />
        <details>
          <summary>The numbers, per {step}</summary>
          <NumbersTable
            caption="History"
            head={['From', 'Calls', 'Errors', 'Mean', 'p50', 'p95', 'p99', 'Max']}
            rows={data.points
              .slice(-200)
              .reverse()
              .map((point) => [
                moment(point.at),
                count(point.calls),
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
      TIMES,
      { label: 'executions', scale: 'calls', stroke: calls, fill: calls, paths: bars(), points: { show: false } },
      { label: 'p50', scale: 'ms', stroke: theme.colour('--accent'), width: 2, value: durationValue },
      { label: 'p95', scale: 'ms', stroke: theme.colour('--warm'), width: 2, value: durationValue },
    ],
  } satisfies Omit<uPlot.Options, 'width' | 'height'>;
}

function Breakdown({ row }: { row: StatementDetailsJson }) {
  const executions = row.calls + row.errors;
  const counted = (record: Record<string, number>): Array<readonly [string, string, string]> =>
    Object.entries(record)
      .filter(([, number]) => number > 0)
      .sort((a, b) => b[1] - a[1])
      .map(([name, number]) => [name || '(none)', count(number), share(number, executions)] as const);
  const errors = counted(row.errors_by_sqlstate);
  const constructs = counted(row.by_construct);
  return (
    <div class="columns">
      <section aria-labelledby="pools">
        <h2 id="pools">Pools</h2>
        <ul>
          {row.pools.map((name) => (
            <li key={name}>
              <a href={writeAddress({ view: 'statements', fingerprint: '', filters: { pool: name } })}>{name}</a>
            </li>
          ))}
        </ul>
      </section>
      <section aria-labelledby="tags">
        <h2 id="tags">Tags</h2>
        {Object.keys(row.tags).length === 0 && <p>None: no comment tags were sent.</p>}
        <ul>
          {Object.entries(row.tags).map(([key, values]) => (
            <li key={key}>
              <b>{key}</b>:{' '}
              {values.map((value) => (
                <a
                  key={value}
                  class="tag"
                  href={writeAddress({ view: 'statements', fingerprint: '', filters: { tag: `${key}=${value}` } })}
                >
                  {value}
                </a>
              ))}
            </li>
          ))}
        </ul>
      </section>
      <section aria-labelledby="errors">
        <h2 id="errors">Errors by SQLSTATE</h2>
        {errors.length === 0 ? (
          <p>None.</p>
        ) : (
          <NumbersTable caption="Errors by SQLSTATE" head={['SQLSTATE', 'Errors', 'Share']} rows={errors} />
        )}
      </section>
      {constructs.length > 1 && (
        <section aria-labelledby="constructs">
          <h2 id="constructs">Constructs</h2>
          <NumbersTable
            caption="Executions by construct"
            head={['Construct', 'Executions', 'Share']}
            rows={constructs}
          />
        </section>
      )}
      {row.variants.length > 1 && (
        <section class="whole" aria-labelledby="variants">
          <h2 id="variants">Texts with the same fingerprint</h2>
          {row.variants.map((text, index) => (
            <Sql key={text} text={text} label={`Variant ${index + 1}`} />
          ))}
        </section>
      )}
    </div>
  );
}
