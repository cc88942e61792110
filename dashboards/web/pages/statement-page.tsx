// One statement: its text, its sources with evidence, its times and their history.
// Invariant: numbers are of one source at a time; where a statement has several, all are named. Not here: the list.

import { useState } from 'preact/hooks';
import { titleOf } from '../../../facts/words/titles.js';
import type { StatementDetailsJson } from '../../../reports/forms/statement-json.js';
import { writeAddress } from '../data/address.js';
import { useReport } from '../data/api.js';
import { bytes, count, duration, moment, share } from '../data/format.js';
import { Sql } from '../parts/highlight.js';
import { Copy, Facts, Observed, type ObservedJson, Problem, Source } from '../parts/parts.js';
import { Breakdown } from './breakdown.js';
import { History } from './history.js';
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
          <code>{fingerprint}</code> was not observed in this time range.
          {filters.since && (
            <>
              {' '}
              <a href={writeAddress({ ...address, filters: { ...filters, since: '' } })}>Show everything stored.</a>
            </>
          )}
        </p>
      ) : (
        report.problem && <Problem problem={report.problem} retry={retry} />
      )}
      {row === undefined && !report.problem && <p role="status">Reading…</p>}
      {row !== undefined && report.data && (
        <>
          <h1>{titleOf(row) || 'Statement'}</h1>
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
        <p>No rule matched.</p>
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
