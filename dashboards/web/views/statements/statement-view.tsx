// One statement: who sends it, from where, how long it takes, when, and in how many requests.
// Invariant: numbers are of one source at a time; where a statement has several, all are named. Not here: the list.

import { useState } from 'preact/hooks';
import { titleOf } from '../../../../facts/words/titles.js';
import type { StatementDetailsJson } from '../../../../reports/forms/statement-json.js';
import { type Address, linkTo, writeAddress } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { bytes, count, duration, each, moment, share } from '../../data/format.js';
import { EVERYTHING, queryOf, type ViewProps } from '../../data/window.js';
import { Sql } from '../../parts/highlight.js';
import { Copy, Facts, Figure, Observed, type ObservedJson, Problem, Reading, Source } from '../../parts/parts.js';
import { Breakdown } from './breakdown.js';
import { Callers } from './callers.js';
import { History } from './history.js';
import { Samples } from './samples.js';

type Details = ObservedJson & { readonly statements: readonly StatementDetailsJson[] };

export function StatementView({ address, live, version }: ViewProps) {
  const { id: fingerprint } = address;
  const range = queryOf(address);
  const known = /^[0-9a-z]{16}$/.test(fingerprint);
  const report = useReport<Details>(known ? `/api/v1/statements/${fingerprint}?${range}` : '', { live, version });
  const [source, setSource] = useState('');
  const rows = report.data?.statements ?? [];
  const row = rows.find((one) => one.source === source) ?? rows[0];
  const asked = { fingerprint, range, live, version };
  return (
    <article class="one">
      <p>
        <a href={writeAddress({ ...address, id: '' })}>← Statements</a>
      </p>
      {known && row === undefined && report.problem?.status !== 404 && <h1>Statement</h1>}
      {!known || report.problem?.status === 404 ? <Unknown address={address} /> : <Problem problem={report.problem} />}
      {known && row === undefined && !report.problem && <Reading />}
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
            )}{' '}
            <a href={linkTo(address, { view: 'compare', filters: { old: row.fingerprint } })}>Compare with another</a>
          </p>
          <Observed report={report.data} />
          <Main row={row} />
          <div class="with-copy">
            <Sql text={row.query} label="Normalised text" />
            <Copy text={row.query} what="text" />
          </div>
          <Callers address={address} row={row} live={live} version={version} />
          <History {...asked} source={row.source} />
          <Samples {...asked} source={row.source} />
          <Breakdown address={address} row={row} />
          <Evidence row={row} />
          <Rest row={row} />
        </>
      )}
    </article>
  );
}

function Unknown({ address }: { address: Address }) {
  return (
    <div class="nothing" role="alert">
      <h1>Not seen</h1>
      <p>
        <code>{address.id}</code> was not observed in this time range.
      </p>
      <ul>
        {address.filters.since !== EVERYTHING && (
          <li>
            <a href={writeAddress({ ...address, filters: { since: EVERYTHING } })}>Show everything stored.</a>
          </li>
        )}
        <li>
          <a href={linkTo(address, { view: 'statements', filters: { find: address.id.slice(0, 8) } })}>
            Look for fingerprints that begin so.
          </a>
        </li>
        <li>
          A fingerprint has 16 characters. That of a text is found by <code>pgwitness top --find WORDS</code>.
        </li>
      </ul>
    </div>
  );
}

/** What matters first. */
function Main({ row }: { row: StatementDetailsJson }) {
  const executions = row.calls + row.errors;
  return (
    <div class="cards">
      <Figure title="Total" value={duration(row.total_ms)} note={`${count(executions)} executions`} />
      <Figure title="p95" value={duration(row.p95_ms)} note={`half of them took at most ${duration(row.p50_ms)}`} />
      <Figure
        title="In each request"
        value={row.calls_per_request === null ? '–' : each(row.calls_per_request)}
        note={row.requests === null ? 'no request names itself in a comment' : `${count(row.requests)} requests ran it`}
      />
      <Figure
        title="Rows"
        value={executions === 0 ? '–' : each(row.rows / executions)}
        note={`in each execution, ${count(row.rows)} in all`}
      />
      {row.errors > 0 && (
        <Figure title="Failed" value={count(row.errors)} note={`${share(row.errors, executions)} of executions`} />
      )}
    </div>
  );
}

/** What is there when somebody asks for it. */
function Rest({ row }: { row: StatementDetailsJson }) {
  const batched = row.batched_calls === 0 ? [] : [['Pipelined', count(row.batched_calls)] as const];
  const stalled = row.client_stall_ms === 0 ? [] : [['Waited for the client', duration(row.client_stall_ms)] as const];
  const first = row.first_row_mean_ms === null ? [] : [['First row after', duration(row.first_row_mean_ms)] as const];
  return (
    <section aria-labelledby="rest">
      <h2 id="rest">All numbers</h2>
      <Facts
        facts={[
          ['Completed', count(row.calls)],
          ['Mean', duration(row.mean_ms)],
          ['p99', duration(row.p99_ms)],
          ['Shortest', duration(row.min_ms)],
          ['Longest', duration(row.max_ms)],
          ['Request bytes', bytes(row.request_bytes)],
          ['Response bytes', bytes(row.response_bytes)],
          ...batched,
          ...stalled,
          ...first,
          ['First seen', moment(row.first_seen)],
          ['Last seen', moment(row.last_seen)],
        ]}
      />
    </section>
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
