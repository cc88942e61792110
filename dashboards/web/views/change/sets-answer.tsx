// Says what a use of the new statements costs beside one of the old.
// Invariant: words and numbers are those of the terminal (facts/words/uses.ts). Not here: choosing the statements
// (sets-form.tsx).

import type { ComponentChildren } from 'preact';
import { shortSql } from '../../../../facts/words/short-sql.js';
import { setsWords, useText } from '../../../../facts/words/uses.js';
import type { SetJson, SetStatementJson, SetsJson } from '../../../../reports/compare/sets-json.js';
import { type Address, linkTo, writeAddress } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { count, duration, span } from '../../data/format.js';
import { EVERYTHING, queryOf, type ViewProps } from '../../data/window.js';
import { Problem, Reading } from '../../parts/parts.js';
import { type Column, Table } from '../../parts/tables.js';
import { withinOf } from './within.js';

/** `tags`: each a parameter of its own. */
export function comparePath(query: URLSearchParams, tags: readonly string[]): string {
  for (const tag of tags) query.append('tag', tag);
  return `/api/v1/compare?${query}`;
}

/** `empty`: stands here until both sets are chosen. */
export function SetsAnswer({ address, live, version, empty }: ViewProps & { empty: ComponentChildren }) {
  const { old, new: now, source, handwritten } = address.filters;
  const range = new URLSearchParams(queryOf(address, { old, new: now, source, handwritten }));
  const path = old && now ? comparePath(range, withinOf(address.filters)) : '';
  const { data, problem, loading } = useReport<SetsJson>(path, { live, version, everyMs: 15_000 });
  if (path === '') return <>{empty}</>;
  return (
    <>
      <Problem problem={problem} />
      {data === undefined && loading && <Reading />}
      {data && (
        <>
          <Summary address={address} data={data} />
          <SetSection title="Old" set={data.old} address={address} />
          <SetSection title="New" set={data.new} address={address} />
          <Plans data={data} />
        </>
      )}
    </>
  );
}

function Summary({ address, data }: { address: Address; data: SetsJson }) {
  const { filters } = address;
  const costs = { ...data, old: data.old.per_use, new: data.new.per_use };
  const { lead, change, interval } = setsWords(costs, { within: withinOf(filters).join(', ') });
  return (
    <>
      <p class="explanation" role="status">
        <b class="verdict">
          {lead}
          <span class={`judgement ${data.judgement.replaceAll(' ', '-')}`}>{change.text}</span>
          {change.aside !== '' && <span class="unjudged">{change.aside}</span>}
          {interval}
        </b>
      </p>
      <p class="observed">
        {span(data.window)}
        {data.not_observed > 0 && (
          <>
            {' · '}
            <span class="lost">{count(data.not_observed)} executions not observed</span>
          </>
        )}
        {!data.exact && ' · not exact: of some of the time nobody can say how much ran'}
        {change.text === '' && filters.since !== EVERYTHING && (
          <>
            {' · '}
            <a href={writeAddress({ ...address, filters: { ...filters, since: EVERYTHING, until: '' } })}>
              Look at everything stored
            </a>
          </>
        )}
      </p>
    </>
  );
}

function SetSection({ title, set, address }: { title: string; set: SetJson; address: Address }) {
  const id = `set-${title}`;
  return (
    <section class="per-set" aria-labelledby={id}>
      <h2 id={id}>
        {title}: {useText(set.per_use)}
      </h2>
      {set.statements.length > 0 && (
        <Table caption={`${title} statements`} rows={set.statements} columns={columnsFor(address, set.statements)} />
      )}
    </section>
  );
}

function columnsFor(address: Address, statements: readonly SetStatementJson[]): Column<SetStatementJson>[] {
  const failed: Column<SetStatementJson>[] = statements.some(({ errors }) => errors > 0)
    ? [{ title: 'Failed', cell: ({ errors }) => count(errors) }]
    : [];
  return [
    {
      title: 'Statement',
      cell: ({ fingerprint, query }) => (
        <a class="one-line" href={linkTo(address, { view: 'statements', id: fingerprint })}>
          <code>{shortSql(query)}</code>
        </a>
      ),
    },
    { title: 'Executions', cell: ({ calls, errors }) => count(calls + errors) },
    ...failed,
    { title: 'Rows', cell: ({ rows }) => count(rows) },
    { title: 'Mean', cell: ({ mean_ms }) => duration(mean_ms) },
    { title: 'p95', cell: ({ p95_ms }) => duration(p95_ms) },
  ];
}

function Plans({ data }: { data: SetsJson }) {
  const sets = [
    ['Old', data.old],
    ['New', data.new],
  ] as const;
  if (sets.every(([, { statements }]) => statements.every(({ plan }) => plan === null))) return null;
  return (
    <section aria-labelledby="plans">
      <h2 id="plans">Generic plans</h2>
      <div class="halves">
        {sets.map(([title, set]) => (
          <div key={title}>
            <h3>{title}</h3>
            <PlanText label={`${title}: plans`} statements={set.statements} />
          </div>
        ))}
      </div>
    </section>
  );
}

function PlanText({ label, statements }: { label: string; statements: readonly SetStatementJson[] }) {
  const texts = statements.flatMap(({ fingerprint, plan }) =>
    plan === null ? [] : [`-- ${fingerprint}\n${plan.text ?? `no plan: ${plan.problem ?? ''}`}`],
  );
  if (texts.length === 0) return <p class="note">The server was not asked for one.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll-x" tabIndex={0} aria-label={label}>
      <pre class="plan">{texts.join('\n\n')}</pre>
    </section>
  );
}
