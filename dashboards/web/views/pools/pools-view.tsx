// The pools: who holds connections, how many are busy, and the size of one pool for all, over time.
// Invariant: peaks are of the time shown, at a resolution of a second. Not here: how pools are told apart
// (analyzer/pools).

import { useMemo } from 'preact/hooks';
import type { PoolJson, PoolsJson } from '../../../../reports/forms/pools-json.js';
import type { PoolHistoryJson } from '../../../../reports/trends/trends-json.js';
import { type Address, linkTo } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { count, duration, moment, share, span } from '../../data/format.js';
import { bySourceOrder } from '../../data/sources.js';
import { queryOf, type ViewProps } from '../../data/window.js';
import { Facts, Figure, NothingYet, Problem, Reading, SourceMix } from '../../parts/parts.js';
import { Table } from '../../parts/tables.js';
import { Held } from './held.js';

export function PoolsView({ address, live, version }: ViewProps) {
  const report = useReport<PoolsJson>(`/api/v1/pools?${queryOf(address)}`, { live, version });
  const history = useReport<PoolHistoryJson>(`/api/v1/pools/history?${queryOf(address)}`, { live, version });
  const pools = useMemo(
    () => [...(report.data?.pools ?? [])].sort((a, b) => b.executions - a.executions),
    [report.data],
  );
  return (
    <>
      <h1 class="sr-only">Pools</h1>
      <Problem problem={report.problem ?? history.problem} />
      {report.data === undefined && !report.problem && <Reading />}
      {report.data && pools.length === 0 && <NothingYet address={address} />}
      {report.data && pools.length > 0 && (
        <>
          <p class="observed" role="status">
            {span(report.data.window)}
          </p>
          <div class="cards">
            <Figure
              title="Most connections held at once"
              value={count(report.data.connections_max)}
              note="over all pools"
            />
            <Figure
              title="Most busy at once"
              value={count(report.data.busy_max)}
              note="size that one pool for all would have needed, by the second"
            />
          </div>
          {history.data && (
            <Held
              title="All pools together: held, and what one pool would have needed"
              points={history.data.all}
              stepMs={history.data.step_ms}
              height={200}
            />
          )}
          <div class="pools">
            {pools.map((pool) => (
              <Pool key={pool.id} address={address} pool={pool} history={history.data} />
            ))}
          </div>
          <p class="note">
            The last four characters after a + tell pools apart that would have one name: they are of the hash that
            identifies a pool.
          </p>
        </>
      )}
    </>
  );
}

interface PoolProps {
  readonly address: Address;
  readonly pool: PoolJson;
  readonly history: PoolHistoryJson | undefined;
}

function Pool({ address, pool, history }: PoolProps) {
  const points = history?.pools[pool.id];
  const heldMs = pool.active_ms + pool.idle_ms + pool.idle_in_transaction_ms;
  return (
    <section class="pool" aria-labelledby={`pool-${pool.id}`}>
      <h2 id={`pool-${pool.id}`}>
        <a href={linkTo(address, { view: 'statements', filters: { pool: pool.name } })}>{pool.name}</a>
      </h2>
      <Facts
        facts={[
          ['Connections now', count(pool.connections_now)],
          ['Most at once', count(pool.connections_max)],
          ['Most busy at once', count(pool.busy_max)],
          ['Opened, closed', `${count(pool.opened)}, ${count(pool.closed)}`],
          ['Mean lifetime', duration(pool.lifetime_mean_ms)],
          ['Executions', count(pool.executions)],
          ['Transactions', count(pool.transactions)],
          ['Statements in each', each(pool.transaction_statements, pool.transactions)],
          ['Their mean, p95', `${duration(meanOf(pool))}, ${duration(pool.transaction_p95_ms)}`],
          ['Longest transaction', pool.transactions === 0 ? '–' : duration(pool.transaction_max_ms)],
          ['Active', share(pool.active_ms, heldMs)],
          ['Idle', share(pool.idle_ms, heldMs)],
          ['Idle in transaction', share(pool.idle_in_transaction_ms, heldMs)],
        ]}
      />
      {history && points && (
        <Held title="Connections held and busy" points={points} stepMs={history.step_ms} height={110} />
      )}
      <SourceMix sources={Object.entries(pool.sources).sort(([a], [b]) => bySourceOrder(a, b))} />
      {pool.instances.length > 1 && <Instances instances={pool.instances} />}
      {pool.habits.length > 0 && <p>Habits: {pool.habits.join('; ')}.</p>}
      <details>
        <summary>Identity and evidence</summary>
        <Facts
          facts={[
            ['Owner', pool.owner || '(unknown)'],
            ['User, database', `${pool.user}, ${pool.database}`],
            ['application_name', pool.application_name || '(none)'],
            ['Options', pool.options || '(none)'],
            ['Client address', pool.client_address || '(unknown)'],
            ['Driver', pool.driver || '(unknown)'],
            ['Server version', pool.server_version || '(unknown)'],
            ['First seen', moment(pool.first_seen)],
            ['Last seen', moment(pool.last_seen)],
          ]}
        />
        <ul class="evidence">
          {pool.evidence.map(({ rule, saw }) => (
            <li key={`${rule} ${saw}`}>
              <code>{rule}</code> {saw}
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}

/** Each has connections of its own. */
function Instances({ instances }: Pick<PoolJson, 'instances'>) {
  return (
    <Table
      caption="By instance"
      rows={instances}
      columns={[
        { title: 'Instance', cell: (one) => one.instance || '(unnamed)' },
        { title: 'Service', words: true, cell: (one) => one.service || '–' },
        { title: 'Environment', words: true, cell: (one) => one.environment || '–' },
        { title: 'Now', cell: (one) => count(one.connections_now) },
        { title: 'Most at once', cell: (one) => count(one.connections_max) },
        { title: 'Most busy', cell: (one) => count(one.busy_max) },
        { title: 'Executions', cell: (one) => count(one.executions) },
      ]}
    />
  );
}

function each(part: number, whole: number): string {
  return whole === 0 ? '–' : (part / whole).toFixed(1);
}

function meanOf({ transactions, transaction_total_ms }: PoolJson): number | null {
  return transactions === 0 ? null : transaction_total_ms / transactions;
}
