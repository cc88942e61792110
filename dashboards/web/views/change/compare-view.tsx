// Compares two times, the time around a mark, or a pair in one window: by statement or by route.
// Invariant: what is compared is in the address; judgements are those of reports/compare. Not here: choosing
// (compare-form.tsx), the rows (changes-table.tsx), old and new statements (sets-answer.tsx).

import type { ComparisonJson } from '../../../../reports/compare/comparison-json.js';
import { useReport } from '../../data/api.js';
import { count, duration, each, span, windowLength } from '../../data/format.js';
import { queryOf, type ViewProps } from '../../data/window.js';
import { Problem, Reading } from '../../parts/parts.js';
import { ChangesTable, Judged } from './changes-table.js';
import { CompareForm, type Mode, modeOf } from './compare-form.js';
import { comparePath, SetsAnswer } from './sets-answer.js';
import { withinOf } from './within.js';

type Filters = ViewProps['address']['filters'];
type Compared = ComparisonJson & { readonly rows_all: number };

/** The question that an address asks; '' = it asks none yet. */
function pathOf(address: ViewProps['address']): string {
  const { filters } = address;
  const mode = modeOf(filters);
  const more: Record<string, string> = { limit: '500' };
  for (const name of ['source', 'handwritten', 'all', 'group-by']) if (filters[name]) more[name] = filters[name];
  const within = withinOf(filters);
  if (mode === 'around' && filters.around) {
    const range = { around: filters.around, span: filters.span || '1h' };
    return comparePath(new URLSearchParams({ ...range, ...more }), within);
  }
  if (mode === 'windows' && filters.before && filters.after) {
    const range = { before: filters.before, after: filters.after };
    return comparePath(new URLSearchParams({ ...range, ...more }), within);
  }
  const range = new URLSearchParams(queryOf(address, more));
  if (mode === 'tag' && filters.tag) return comparePath(range, [filters.tag, ...within]);
  if (mode === 'sources' && filters.source?.includes(',')) return comparePath(range, within);
  return '';
}

const TO_CHOOSE: Readonly<Record<Mode, string>> = {
  around: 'Choose a mark above, or another way to compare.',
  windows: 'Give two times above: what ran in one beside what ran in the other.',
  tag: 'Choose a tag above and two of its values: two routes, two callers, a flag off and on, two versions.',
  sources: 'Choose two sources above: how their statements differ.',
  sets: 'Choose above the statements that did a job before, and those that do it now: by their text, their fingerprint, the place that sends them, or a tag that they have (a route, a job, a flag). What a use of them costs stands here, per request where requests are known.',
};

export function CompareView({ address, live, version }: ViewProps) {
  const mode = modeOf(address.filters);
  return (
    <>
      <h1 class="sr-only">Compare</h1>
      <CompareForm address={address} version={version} />
      {mode === 'sets' ? (
        <SetsAnswer
          address={address}
          live={live}
          version={version}
          empty={<Nothing mode={mode} live={live} version={version} />}
        />
      ) : (
        <SidesAnswer address={address} live={live} version={version} />
      )}
    </>
  );
}

/** Nothing is asked yet; what the form would offer may be out of reach all the same. */
function Nothing({ mode, live, version }: { mode: Mode; live: boolean; version: number }) {
  const { problem } = useReport('/api/v1/filters', { live, version, everyMs: 15_000 });
  return (
    <>
      <Problem problem={problem} />
      <p class="nothing">
        {TO_CHOOSE[mode]} A difference counts if it is more than noise: p below 0.005, and at least 20 executions or
        requests on each side.
      </p>
    </>
  );
}

function SidesAnswer({ address, live, version }: ViewProps) {
  const path = pathOf(address);
  const { data, problem, loading } = useReport<Compared>(path, { live, version, everyMs: 15_000 });
  if (path === '') return <Nothing mode={modeOf(address.filters)} live={live} version={version} />;
  return (
    <>
      <Problem problem={problem} />
      {data === undefined && loading && <Reading />}
      {data && (
        <>
          <Sides data={data} />
          <Whole data={data} filters={address.filters} />
          <ChangesTable address={address} data={data} />
        </>
      )}
    </>
  );
}

/** A pair has one window, which is said once. */
function Sides({ data }: { data: Compared }) {
  const isPair = data.mark === null && data.sides[0].label !== 'before';
  return (
    <dl class="sides" aria-label="The two sides">
      {data.sides.map((side, at) => (
        <div key={side.label}>
          <dt>{at === 0 ? 'Before' : 'After'}</dt>
          <dd>{isPair ? <b>{side.label}</b> : timeOf(side)}</dd>
        </div>
      ))}
      {isPair && (
        <div>
          <dt>Time</dt>
          <dd>{timeOf(data.sides[0])}</dd>
        </div>
      )}
    </dl>
  );
}

function timeOf({ window, minutes, not_observed: lost, recorded }: Compared['sides'][number]): string {
  const isPart = Math.round(minutes * 60_000) < Date.parse(window.until) - Date.parse(window.since);
  const part = isPart ? `, ${windowLength(minutes * 60_000)} of it recorded` : '';
  const missing = lost > 0 ? `, ${count(lost)} executions not observed` : '';
  return `${span(window)}${recorded === null ? ', nothing of it recorded' : part}${missing}`;
}

function Whole({ data, filters }: { data: Compared; filters: Filters }) {
  const { before, after, per_request: known } = data.whole;
  if (before === null || after === null) {
    return <p class="note">One of the sides has no statement{filters.source ? ` of ${filters.source}` : ''}.</p>;
  }
  const perMinute = (value: number | null): string => (value === null ? '–' : each(value));
  return (
    <p class="whole" role="status">
      All together: {perMinute(before.executions_per_minute)} → {perMinute(after.executions_per_minute)} executions a
      minute, mean {duration(before.mean_ms)} → {duration(after.mean_ms)}
      {known !== null && (
        <>
          {' '}
          · {count(known.before.requests)} → {count(known.after.requests)} requests, each{' '}
          {each(known.before.statements)} → {each(known.after.statements)} statements in {duration(known.before.ms)} →{' '}
          {duration(known.after.ms)}: <Judged row={data.whole} />
        </>
      )}
    </p>
  );
}
