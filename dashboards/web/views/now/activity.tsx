// The sessions with a statement in flight, or with a transaction that waits for its client.
// Invariant: the longest comes first. Not here: finding them (analyzer/activity.ts).

import { shortSql } from '../../../../facts/words/short-sql.js';
import type { ActivityJson } from '../../../../reports/work/activity-json.js';
import { linkTo } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { clock, count, duration } from '../../data/format.js';
import { colourOf } from '../../data/sources.js';
import type { ViewProps } from '../../data/window.js';
import { Problem } from '../../parts/parts.js';
import { Table } from '../../parts/tables.js';

const STATES = {
  running: 'a statement runs',
  idle: 'waits in its transaction',
  aborted: 'waits in a failed transaction',
} as const;

export function Activity({ address, live, version }: ViewProps) {
  const { data, problem } = useReport<ActivityJson>('/api/v1/activity', { live, version, everyMs: 1_000 });
  return (
    <section aria-labelledby="activity">
      <h2 id="activity">In flight</h2>
      <Problem problem={problem} />
      {data && data.activity.length === 0 && (
        <p>
          Nothing at {clock(data.at)}: no statement runs for more than a moment, no transaction waits for its client.
        </p>
      )}
      {data && data.activity.length > 0 && (
        <Table
          caption="In flight"
          rows={data.activity}
          columns={[
            {
              title: 'Statement',
              cell: ({ fingerprint, query, source }) => (
                <a class="one-line" href={linkTo(address, { view: 'statements', id: fingerprint })}>
                  <span class="dot" style={{ background: `var(${colourOf(source)})` }} title={source} />
                  <code>{query === '' ? '(text unknown)' : shortSql(query)}</code>
                </a>
              ),
            },
            { title: 'For', cell: ({ seconds }) => duration(1_000 * seconds) },
            {
              title: 'State',
              cell: ({ state }) => <span class={state === 'running' ? '' : 'lost'}>{STATES[state]}</span>,
              words: true,
            },
            {
              title: 'Transaction since',
              help: 'when it was opened',
              cell: ({ transaction_since: since }) => (since === null ? '–' : clock(since)),
            },
            { title: 'Route', cell: ({ route }) => route, words: true },
            { title: 'From', cell: ({ caller, pool }) => <code>{caller || pool}</code>, words: true, from: 'wide' },
            {
              title: 'Backend',
              help: 'process id at the server',
              cell: ({ backend_pid: pid }) => (pid === 0 ? '–' : String(pid)),
              from: 'wide',
            },
          ]}
        />
      )}
      {data && data.more > 0 && <p class="below">and {count(data.more)} more</p>}
    </section>
  );
}
