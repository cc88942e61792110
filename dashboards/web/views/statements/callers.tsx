// The places and the routes that send a statement, each with its part.
// Invariant: without tags it says how to get them. Not here: other tags (breakdown.tsx).

import type { StatementDetailsJson } from '../../../../reports/forms/statement-json.js';
import type { GroupsJson } from '../../../../reports/groups/groups-json.js';
import { linkTo } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { capital, count, duration, each, share } from '../../data/format.js';
import { queryOf, type ViewProps } from '../../data/window.js';
import { Table } from '../../parts/tables.js';

interface CallersProps extends ViewProps {
  readonly row: StatementDetailsJson;
}

const ROWS = '10';

export function Callers({ address, row, live, version }: CallersProps) {
  const { fingerprint, source } = row;
  const path = (by: string): string =>
    row.tags[by] === undefined
      ? ''
      : `/api/v1/groups?${queryOf(address, { 'group-by': by, fingerprint, source, limit: ROWS })}`;
  const places = useReport<GroupsJson>(path('caller'), { live, version });
  const routes = useReport<GroupsJson>(path('route'), { live, version });
  if (row.tags.caller === undefined && row.tags.route === undefined) {
    return (
      <p class="note">
        Neither a place nor a route is known: <code>clients/python</code> adds them to what Django and SQLAlchemy send.
      </p>
    );
  }
  return (
    <div class="halves">
      {places.data && <Groups title="From where" groups={places.data} hrefOf={undefined} />}
      {routes.data && (
        <Groups
          title="In which requests"
          groups={routes.data}
          hrefOf={(value) => linkTo(address, { view: 'routes', id: `route:${value}` })}
        />
      )}
    </div>
  );
}

interface GroupsProps {
  readonly title: string;
  readonly groups: GroupsJson;
  readonly hrefOf: ((value: string) => string) | undefined;
}

function Groups({ title, groups, hrefOf }: GroupsProps) {
  const id = `groups-${groups.group_by}`;
  const name = (value: string) => {
    if (value === '') return '(not tagged)';
    return hrefOf === undefined ? <code>{value}</code> : <a href={hrefOf(value)}>{value}</a>;
  };
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <Table
        caption={title}
        rows={groups.groups}
        columns={[
          { title: capital(groups.group_by), cell: ({ value }) => name(value) },
          { title: 'Share', help: 'of its time', cell: (group) => share(group.share, 1) },
          { title: 'Executions', cell: (group) => count(group.calls + group.errors) },
          {
            title: 'In each',
            help: 'executions in each request',
            cell: (group) => (group.calls_per_request === null ? '–' : each(group.calls_per_request)),
          },
          { title: 'Mean', cell: (group) => duration(group.mean_ms) },
          { title: 'p95', cell: (group) => duration(group.p95_ms), from: 'wide' },
        ]}
      />
    </section>
  );
}
