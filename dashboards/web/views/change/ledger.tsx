// The migration's ledger: places left by week, by group and by file, what came back, and its pairs.
// Invariant: numbers are those of `pgwitness progress`. Not here: keeping the ledger (audit/ledger), shares by source
// (progress-view.tsx).

import { changeWords } from '../../../../facts/words/changes.js';
import type { LedgerJson, MigrationJson } from '../../../../reports/compare/migration-json.js';
import { type Address, linkTo } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { count, duration, each, moment, share } from '../../data/format.js';
import type { ViewProps } from '../../data/window.js';
import { Problem } from '../../parts/parts.js';
import { Table } from '../../parts/tables.js';

interface ProgressAnswer {
  readonly migration: MigrationJson | null;
}

/** `query`: the window. */
export function Ledger({ address, query, live, version }: ViewProps & { query: string }) {
  const path = `/api/v1/progress?${query}`;
  const { data, problem } = useReport<ProgressAnswer>(path, { live, version, everyMs: 60_000 });
  if (problem !== undefined) return <Problem problem={problem} />;
  if (data === undefined) return null;
  const { migration } = data;
  if (migration === null || migration.ledger === null) {
    return (
      <p class="note">
        With a ledger (<code>run --ledger FILE</code>, docs/AUDIT.md) the places that are left stand here: by week, by
        group, by file.
      </p>
    );
  }
  const { ledger } = migration;
  return (
    <>
      <Weeks migration={migration} />
      <div class="halves">
        <Groups ledger={ledger} />
        <Files ledger={ledger} />
      </div>
      <Regressions address={address} ledger={ledger} />
      <Pairs address={address} ledger={ledger} />
      <Marks ledger={ledger} />
    </>
  );
}

function Weeks({ migration: { weeks } }: { migration: MigrationJson }) {
  if (weeks.length === 0) return null;
  const most = Math.max(1, ...weeks.map(({ places_left: left }) => left ?? 0));
  return (
    <section aria-labelledby="burn-down">
      <h2 id="burn-down">Places left, by week</h2>
      <Table
        caption="Places left, by week"
        rows={weeks}
        columns={[
          { title: 'Week from', cell: ({ week }) => week },
          {
            title: 'Left',
            cell: ({ places_left: left }) => (
              <>
                <meter min={0} max={most} value={left ?? 0} aria-label="places left" />{' '}
                {left === null ? 'not known' : count(left)}
              </>
            ),
          },
          { title: 'Old statements', help: 'still seen', cell: ({ old }) => count(old.statements) },
          { title: 'Executions', help: 'of old statements', cell: ({ old }) => partText(old.share_of_executions) },
          { title: 'Time', help: 'of old statements', cell: ({ old }) => partText(old.share_of_time) },
        ]}
      />
    </section>
  );
}

function partText(part: number | null): string {
  return part === null ? '–' : share(part, 1);
}

function Groups({ ledger }: { ledger: LedgerJson }) {
  const states = Object.keys(ledger.states);
  return (
    <section aria-labelledby="ledger-groups">
      <h2 id="ledger-groups">By group</h2>
      <Table
        caption="Places by group"
        rows={ledger.groups}
        columns={[
          { title: 'Group', cell: ({ group }) => group },
          ...states.map((state) => ({
            title: state,
            cell: (row: LedgerJson['groups'][number]) => {
              const known = row.states as Readonly<Record<string, number | undefined>>;
              return known[state] === undefined ? '' : count(known[state]);
            },
          })),
          { title: 'Time', help: 'of what was seen', cell: ({ total_ms }) => duration(total_ms) },
        ]}
      />
    </section>
  );
}

function Files({ ledger }: { ledger: LedgerJson }) {
  return (
    <section aria-labelledby="ledger-files">
      <h2 id="ledger-files">By file</h2>
      {ledger.files.length === 0 ? (
        <p>No place is left.</p>
      ) : (
        <Table
          caption="Places left by file"
          rows={ledger.files}
          columns={[
            { title: 'File', cell: ({ file }) => <code>{file}</code> },
            { title: 'Left', cell: ({ left }) => count(left) },
          ]}
        />
      )}
    </section>
  );
}

function Regressions({ address, ledger }: { address: Address; ledger: LedgerJson }) {
  const back = ledger.places.filter(({ id }) => ledger.regressions.includes(id));
  if (back.length === 0) return null;
  return (
    <section aria-labelledby="regressions">
      <h2 id="regressions">Done, and seen again</h2>
      <ul class="lines">
        {back.map(({ id, at, fingerprints }) => (
          <li key={id}>
            <code class="place">{at}</code>{' '}
            {fingerprints.map((fingerprint) => (
              <a key={fingerprint} href={linkTo(address, { view: 'statements', id: fingerprint })}>
                <code>{fingerprint}</code>
              </a>
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Pairs({ address, ledger }: { address: Address; ledger: LedgerJson }) {
  if (ledger.pairs.length === 0) return null;
  return (
    <section aria-labelledby="pairs">
      <h2 id="pairs">Old and new, side by side</h2>
      <Table
        caption="Pairs of the ledger"
        rows={ledger.pairs}
        columns={[
          {
            title: 'Place',
            cell: ({ id }) => {
              const place = ledger.places.find((one) => one.id === id);
              const [fingerprint] = place?.fingerprints ?? [];
              if (fingerprint === undefined) return place?.at ?? id;
              return <a href={linkTo(address, { view: 'statements', id: fingerprint })}>{place?.at ?? id}</a>;
            },
          },
          { title: 'Statements', cell: ({ old, new: now }) => both(old, now, (cost) => each(cost.statements)) },
          { title: 'Time', cell: ({ old, new: now }) => both(old, now, (cost) => duration(cost.db_ms)) },
          {
            title: 'Cached',
            help: 'requests without a statement',
            cell: ({ old, new: now, with_idle: isKnown }) =>
              isKnown === null ? '' : both(old, now, (cost) => partText(cost.idle_share)),
          },
          {
            title: 'Verdict',
            words: true,
            cell: verdictOf,
          },
        ]}
      />
    </section>
  );
}

/** From each mark of the window to the next. */
function Marks({ ledger }: { ledger: LedgerJson }) {
  if (ledger.marks.length < 2) return null;
  const names = new Map(ledger.places.map(({ id, at }) => [id, at]));
  const rows = ledger.pairs.flatMap(({ id }) =>
    ledger.marks.flatMap(({ marks, window, pairs }) => {
      const pair = pairs.find((one) => one.id === id);
      return pair === undefined ? [] : [{ marks, window, pair }];
    }),
  );
  if (rows.every(({ pair }) => pair.factor === null)) return null;
  return (
    <section aria-labelledby="marks-of-pairs">
      <h2 id="marks-of-pairs">From mark to mark, database time</h2>
      <Table
        caption="Pairs from each mark to the next"
        rows={rows}
        columns={[
          { title: 'Place', cell: ({ pair }) => names.get(pair.id) ?? pair.id },
          {
            title: 'Since mark',
            cell: ({ marks }) => (marks.length === 0 ? '(start)' : marks.map(({ name }) => name).join(', ')),
          },
          { title: 'From', cell: ({ window }) => moment(window.since) },
          { title: 'Time', cell: ({ pair }) => both(pair.old, pair.new, (cost) => duration(cost.db_ms)) },
          { title: 'Verdict', words: true, cell: ({ pair }) => verdictOf(pair) },
        ]}
      />
    </section>
  );
}

function verdictOf({ judgement, factor, test, p, reason }: LedgerJson['pairs'][number]): string {
  return judgement === null ? (reason ?? '') : changeWords({ judgement, factor, test, p: p ?? 1 }).text;
}

type Cost = LedgerJson['pairs'][number]['old'];

function both(old: Cost, now: Cost, cell: (cost: NonNullable<Cost>) => string): string {
  return `${old === null ? '–' : cell(old)} → ${now === null ? '–' : cell(now)}`;
}
