// One finding: what happens, where it is sent, what to do, and the statements that it is about.
// Invariant: words are those of the terminal. Not here: the rule that found it (analyzer/findings).

import { shortSql } from '../../../../facts/words/short-sql.js';
import type { findingDetailsJson, findingsJson } from '../../../../reports/forms/findings-json.js';
import { type Address, linkTo, writeAddress } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { count, duration, each, moment } from '../../data/format.js';
import { EVERYTHING, queryOf, type ViewProps } from '../../data/window.js';
import { Copy, Figure, Problem, Reading, Source } from '../../parts/parts.js';
import { Table } from '../../parts/tables.js';
import type { Finding } from './finding-lines.js';
import { OneRequest } from './waterfall.js';

export function FindingView({ address, live, version }: ViewProps) {
  const path = `/api/v1/findings?${queryOf(address, { all: 'true' })}`;
  const report = useReport<ReturnType<typeof findingsJson>>(path, { live, version });
  const finding = report.data?.findings.find(({ id }) => id === address.id);
  return (
    <article class="one">
      <p>
        <a href={writeAddress({ ...address, id: '' })}>← Findings</a>
      </p>
      {report.data === undefined && <h1>Finding</h1>}
      <Problem problem={report.problem} />
      {report.data === undefined && !report.problem && <Reading />}
      {report.data && finding === undefined && (
        <div class="nothing">
          <h1>Not seen</h1>
          <p>
            There is no finding <code>{address.id}</code> in this time range.{' '}
            {address.filters.since !== EVERYTHING && (
              <a href={writeAddress({ ...address, filters: { since: EVERYTHING } })}>Look at everything stored</a>
            )}
          </p>
        </div>
      )}
      {finding && <Told address={address} finding={finding} />}
      {finding && <Example address={address} options={{ live, version }} />}
    </article>
  );
}

function Told({ address, finding }: { address: Address; finding: Finding }) {
  return (
    <>
      <h1>{finding.title}</h1>
      <p class="identity">
        <span class={`severity ${finding.severity}`}>{finding.severity}</span> · {finding.kind} · {finding.confidence}
        {finding.unit === 'heuristic' && ', requests guessed from the traffic'} · {finding.state}
      </p>
      {finding.callers.length > 0 && (
        <section aria-labelledby="places">
          <h2 id="places">Where it is sent</h2>
          <ul class="lines">
            {finding.callers.map((caller) => (
              <li key={caller}>
                <code class="place">{caller}</code> <Copy text={caller} what="place" />
              </li>
            ))}
          </ul>
        </section>
      )}
      <p class="explanation">{finding.explanation}</p>
      <p class="explanation">
        <b>What to do:</b> {finding.next_step}
      </p>
      <Numbers finding={finding} />
      <section aria-labelledby="finding-statements">
        <h2 id="finding-statements">Its statements</h2>
        <Table
          caption="Statements of the finding"
          rows={finding.statements}
          columns={[
            {
              title: 'Statement',
              cell: ({ fingerprint, query }) => (
                <a class="one-line" href={linkTo(address, { view: 'statements', id: fingerprint })}>
                  <code>{shortSql(query)}</code>
                </a>
              ),
            },
            { title: 'Part', cell: ({ role }) => role, words: true },
            { title: 'Source', cell: ({ source }) => <Source name={source} />, words: true },
          ]}
        />
      </section>
      <div class="columns">
        <Links
          title="Routes"
          items={finding.routes}
          hrefOf={(route) => linkTo(address, { view: 'routes', id: `route:${route}` })}
        />
        <Links
          title="Tables"
          items={finding.tables}
          hrefOf={(table) => linkTo(address, { view: 'statements', filters: { table } })}
        />
        <Links
          title="Pools"
          items={finding.pools}
          hrefOf={(pool) => linkTo(address, { view: 'statements', filters: { pool } })}
        />
      </div>
    </>
  );
}

interface ExampleProps {
  readonly address: Address;
  readonly options: { readonly live: boolean; readonly version: number };
}

/** Findings over time, and of pools, are of no single request. */
function Example({ address, options }: ExampleProps) {
  const path = `/api/v1/findings?${queryOf(address, { id: address.id })}`;
  const { data } = useReport<ReturnType<typeof findingDetailsJson> | null>(path, options);
  if (!data?.sample) return null;
  return (
    <section aria-labelledby="finding-request">
      <h2 id="finding-request">A request that shows it</h2>
      <OneRequest address={address} request={data.sample} />
    </section>
  );
}

function Numbers({ finding }: { finding: Finding }) {
  return (
    <div class="cards">
      <Figure
        title="Times"
        value={each(finding.times_mean)}
        note={`in each request, most ${count(finding.times_max)}`}
      />
      <Figure title="Requests" value={count(finding.units)} note="in which it was seen" />
      <Figure title="Would save" value={duration(finding.cost_ms_per_day)} note="in the database, a day" />
      <Figure title="First seen" value={moment(finding.first_seen)} note={`last ${moment(finding.last_seen)}`} />
    </div>
  );
}

interface LinksProps {
  readonly title: string;
  readonly items: readonly string[];
  readonly hrefOf: (item: string) => string;
}

function Links({ title, items, hrefOf }: LinksProps) {
  if (items.length === 0) return null;
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <ul>
        {items.map((item) => (
          <li key={item}>
            <a href={hrefOf(item)}>{item === '' ? '(untagged)' : item}</a>
          </li>
        ))}
      </ul>
    </section>
  );
}
