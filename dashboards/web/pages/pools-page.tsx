// The pools: who holds connections, how many are busy, and the size of one pool for all.
// Invariant: peaks are of the time shown, at a resolution of a second. Not here: how pools are told apart
// (analyzer/pools).

import type { PoolJson, PoolsJson } from '../../../reports/forms/pools-json.js';
import { writeAddress } from '../data/address.js';
import { useReport } from '../data/api.js';
import { count, duration, moment, share, span } from '../data/format.js';
import { bySourceOrder, colourOf } from '../data/sources.js';
import { Facts, NothingYet, Problem, Source } from '../parts/parts.js';
import type { PageProps } from './statements-page.js';

export function PoolsPage({ address, live, version, retry }: PageProps) {
  const query = new URLSearchParams();
  for (const name of ['since', 'until']) if (address.filters[name]) query.set(name, address.filters[name]);
  const report = useReport<PoolsJson>(`/api/v1/pools?${query}`, { live, version });
  const pools = [...(report.data?.pools ?? [])].sort((a, b) => b.executions - a.executions);
  return (
    <>
      <h1>Pools</h1>
      {report.problem && <Problem problem={report.problem} retry={retry} />}
      {report.data && pools.length === 0 && <NothingYet since={address.filters.since} />}
      {report.data && pools.length > 0 && (
        <>
          <p class="observed" role="status">
            {span(report.data.window)}
          </p>
          <div class="cards">
            <Card title="Most connections held at once" value={report.data.connections_max} note="over all pools" />
            <Card
              title="Most busy at once"
              value={report.data.busy_max}
              note="size that one pool for all would have needed, by the second"
            />
          </div>
          <div class="pools">
            {pools.map((pool) => (
              <Pool key={pool.id} pool={pool} />
            ))}
          </div>
        </>
      )}
    </>
  );
}

function Card({ title, value, note }: { title: string; value: number; note: string }) {
  return (
    <div class="card">
      <h2>{title}</h2>
      <p class="big">{count(value)}</p>
      <p class="note">{note}</p>
    </div>
  );
}

function Pool({ pool }: { pool: PoolJson }) {
  const heldMs = pool.active_ms + pool.idle_ms + pool.idle_in_transaction_ms;
  return (
    <section class="pool" aria-labelledby={`pool-${pool.id}`}>
      <h2 id={`pool-${pool.id}`}>
        <a href={writeAddress({ view: 'statements', fingerprint: '', filters: { pool: pool.name } })}>{pool.name}</a>
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
      <SourceMix sources={pool.sources} />
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

function each(part: number, whole: number): string {
  return whole === 0 ? '–' : (part / whole).toFixed(1);
}

function meanOf({ transactions, transaction_total_ms }: PoolJson): number | null {
  return transactions === 0 ? null : transaction_total_ms / transactions;
}

/** A bar in the colours of the sources, with its legend as text. */
function SourceMix({ sources }: { sources: Readonly<Record<string, number>> }) {
  const entries = Object.entries(sources)
    .filter(([, n]) => n > 0)
    .sort(([a], [b]) => bySourceOrder(a, b));
  const whole = entries.reduce((sum, [, n]) => sum + n, 0);
  if (whole === 0) return null;
  return (
    <>
      <div class="mix" aria-hidden="true">
        {entries.map(([name, n]) => (
          <span key={name} style={{ flexGrow: n, background: `var(${colourOf(name)})` }} />
        ))}
      </div>
      <ul class="legend">
        {entries.map(([name, n]) => (
          <li key={name}>
            <Source name={name} /> {share(n, whole)}
          </li>
        ))}
      </ul>
    </>
  );
}
