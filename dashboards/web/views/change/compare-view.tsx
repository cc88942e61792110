// Compares two times, two values of a tag, or the time around a mark: by statement or by route.
// Invariant: what is compared is in the address; judgements are those of reports/compare. Not here: choosing
// (compare-form.tsx), the rows (changes-table.tsx).

import { changeWords } from '../../../../facts/words/changes.js';
import type { ComparisonJson } from '../../../../reports/compare/comparison-json.js';
import { useReport } from '../../data/api.js';
import { count, duration, each, span, windowLength } from '../../data/format.js';
import { queryOf, type ViewProps } from '../../data/window.js';
import { Problem, Reading } from '../../parts/parts.js';
import { ChangesTable } from './changes-table.js';
import { CompareForm } from './compare-form.js';

type Filters = ViewProps['address']['filters'];
type Compared = ComparisonJson & { readonly rows_all: number };

/** The question that an address asks; '' = it asks none yet. */
function pathOf(address: ViewProps['address']): string {
  const { filters } = address;
  const more: Record<string, string> = { limit: '500' };
  for (const name of ['source', 'handwritten', 'group-by']) if (filters[name]) more[name] = filters[name];
  if (filters.around) {
    return `/api/v1/compare?${new URLSearchParams({ around: filters.around, span: filters.span || '1h', ...more })}`;
  }
  if (filters.before && filters.after) {
    return `/api/v1/compare?${new URLSearchParams({ before: filters.before, after: filters.after, ...more })}`;
  }
  if (filters.tag) return `/api/v1/compare?${queryOf(address, { tag: filters.tag, ...more })}`;
  if (filters.source?.includes(',')) return `/api/v1/compare?${queryOf(address, more)}`;
  return '';
}

export function CompareView({ address, live, version }: ViewProps) {
  const path = pathOf(address);
  const { data, problem, loading } = useReport<Compared>(path, { live, version, everyMs: 15_000 });
  return (
    <>
      <h1 class="sr-only">Compare</h1>
      <CompareForm address={address} version={version} />
      <Problem problem={path === '' ? undefined : problem} />
      {path === '' && (
        <p class="nothing">
          Choose a mark, two times, or two values of a tag above. A difference counts if it is more than noise: p below
          0.005, and at least 20 executions or requests on each side.
        </p>
      )}
      {path !== '' && data === undefined && loading && <Reading />}
      {path !== '' && data && (
        <>
          <Sides data={data} />
          <Whole data={data} filters={address.filters} />
          <ChangesTable address={address} data={data} />
        </>
      )}
    </>
  );
}

function Sides({ data }: { data: Compared }) {
  return (
    <dl class="sides" aria-label="The two sides">
      {data.sides.map(({ label, window, minutes, not_observed: lost, recorded }, at) => (
        <div key={label}>
          <dt>{at === 0 ? 'Before' : 'After'}</dt>
          <dd>
            {data.mark === null && data.sides[0].label !== 'before' && <b>{label} </b>}
            {span(window)}
            {recorded === null
              ? ', nothing of it recorded'
              : Math.round(minutes * 60_000) < Date.parse(window.until) - Date.parse(window.since) &&
                `, ${windowLength(minutes * 60_000)} of it recorded`}
            {lost > 0 && `, ${count(lost)} executions not observed`}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Whole({ data, filters }: { data: Compared; filters: Filters }) {
  const { before, after, per_request: known } = data.whole;
  if (before === null || after === null) {
    return <p class="note">One of the sides has no statement{filters.source ? ` of ${filters.source}` : ''}.</p>;
  }
  const perMinute = (value: number | null): string => (value === null ? '–' : each(value));
  return (
    <p class="observed" role="status">
      All together: {perMinute(before.executions_per_minute)} → {perMinute(after.executions_per_minute)} executions a
      minute, mean {duration(before.mean_ms)} → {duration(after.mean_ms)}
      {known !== null && (
        <>
          {' '}
          · {count(known.before.requests)} → {count(known.after.requests)} requests, each{' '}
          {each(known.before.statements)} → {each(known.after.statements)} statements in {duration(known.before.ms)} →{' '}
          {duration(known.after.ms)}: <b>{changeWords(data.whole).text}</b>
        </>
      )}
    </p>
  );
}
