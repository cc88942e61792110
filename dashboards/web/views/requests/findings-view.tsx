// The list of findings: N+1, repeats, loops of writes, open transactions.
// Invariant: weak ones are counted, and shown when asked for. Not here: one of them (finding-view.tsx), the rules
// (analyzer/findings).

import type { findingsJson } from '../../../../reports/forms/findings-json.js';
import { linkTo } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { count, duration, moment, span } from '../../data/format.js';
import { EVERYTHING, queryOf, type ViewProps } from '../../data/window.js';
import { ChoiceField, FindField, filterSetter } from '../../parts/filters.js';
import { Problem, Reading } from '../../parts/parts.js';
import { Table } from '../../parts/tables.js';
import type { Finding } from './finding-lines.js';

export function FindingsView({ address, live, version }: ViewProps) {
  const report = useReport<ReturnType<typeof findingsJson>>(`/api/v1/findings?${queryOf(address)}`, { live, version });
  const { find = '', kind = '', weak = '' } = address.filters;
  const all = report.data?.findings ?? [];
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  const strong = weak === 'true' ? all : all.filter(({ confidence }) => confidence === 'strong');
  const shown = strong.filter((finding) => {
    const text = [finding.title, ...finding.routes, ...finding.callers, ...finding.tables].join(' ').toLowerCase();
    return (kind === '' || finding.kind === kind) && words.every((word) => text.includes(word));
  });
  return (
    <>
      <h1 class="sr-only">Findings</h1>
      <Filters address={address} kinds={[...new Set(all.map((finding) => finding.kind))].sort()} />
      <Problem problem={report.problem} />
      {report.data === undefined && !report.problem && <Reading />}
      {report.data && (
        <p class="observed" role="status">
          {span(report.data.window)} · <b>{count(shown.length)}</b> findings
          {strong.length < all.length && ` · ${count(all.length - strong.length)} weak ones left out`}
        </p>
      )}
      {report.data && shown.length === 0 && <None address={address} narrowed={strong.length > 0} />}
      {shown.length > 0 && <FindingsTable address={address} findings={shown} />}
    </>
  );
}

function Filters({ address, kinds }: { address: ViewProps['address']; kinds: readonly string[] }) {
  const { find = '', kind = '', weak = '' } = address.filters;
  const set = filterSetter(address);
  return (
    <search class="filters">
      <FindField words="route, place, table" value={find} set={set} />
      <ChoiceField name="kind" title="Kind" all="all" values={kinds} value={kind} set={set} />
      <label class="check">
        <input
          type="checkbox"
          checked={weak === 'true'}
          onChange={(event) => set('weak', event.currentTarget.checked ? 'true' : '')}
        />
        Weak ones too
      </label>
    </search>
  );
}

function FindingsTable({ address, findings }: { address: ViewProps['address']; findings: readonly Finding[] }) {
  return (
    <Table
      caption="Findings"
      rows={findings}
      columns={[
        {
          title: 'Finding',
          cell: ({ id, title, routes }) => (
            <>
              <a href={linkTo(address, { view: 'findings', id })}>{title}</a>
              <span class="below-line">{routes.slice(0, 2).join(', ')}</span>
            </>
          ),
        },
        {
          title: 'Severity',
          cell: ({ severity }) => <span class={`severity ${severity}`}>{severity}</span>,
          words: true,
        },
        { title: 'Where', cell: ({ callers, pools }) => <code>{callers[0] ?? pools[0] ?? ''}</code>, words: true },
        { title: 'Requests', help: 'in which it was seen', cell: ({ units }) => count(units) },
        {
          title: 'Costs a day',
          help: 'time in the database that would be saved',
          cell: (one) => duration(one.cost_ms_per_day),
        },
        { title: 'First seen', cell: ({ first_seen }) => moment(first_seen) },
        { title: 'State', cell: ({ state }) => state, words: true, from: 'wide' },
      ]}
    />
  );
}

function None({ address, narrowed }: { address: ViewProps['address']; narrowed: boolean }) {
  return (
    <div class="nothing">
      {narrowed ? (
        <p>
          No finding fits. <a href={linkTo(address, { view: 'findings' })}>Clear the filters</a>
        </p>
      ) : (
        <p>
          Nothing was found in this time: no repeated reads, no writes in loops, no transaction left open. A finding
          needs requests: they are known best by the tags of <code>clients/python</code>.
        </p>
      )}
      {address.filters.since !== EVERYTHING && (
        <p>
          <a href={linkTo({ filters: {} }, { view: 'findings', filters: { since: EVERYTHING } })}>
            Look at everything stored
          </a>
        </p>
      )}
    </div>
  );
}
