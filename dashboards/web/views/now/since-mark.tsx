// Routes and statements that are slower, new or gone since the last mark.
// Invariant: only what is more than noise is listed, by the judgement of reports/compare. Not here: choosing other
// windows (../change/compare-view.tsx).

import { changeWords } from '../../../../facts/words/changes.js';
import { shortSql } from '../../../../facts/words/short-sql.js';
import type { ComparedRowJson, ComparisonJson } from '../../../../reports/compare/comparison-json.js';
import type { MarksJson } from '../../../../reports/forms/marks-json.js';
import { type Address, linkTo } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { duration, each, moment } from '../../data/format.js';
import type { ViewProps } from '../../data/window.js';
import { Problem, Reading } from '../../parts/parts.js';

interface SinceMarkProps extends ViewProps {
  readonly marks: MarksJson | undefined;
}

const HOUR_MS = 3_600_000;
/** Before and after, each. */
const SPANS_MS = [HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS];
const ROWS = 4;

export function SinceMark({ address, live, version, marks }: SinceMarkProps) {
  const all = marks?.marks ?? [];
  const last = all.findLast(({ kind }) => kind !== 'ddl') ?? all.at(-1);
  const range = last === undefined ? undefined : { around: last.at, span: spanOf(Date.parse(last.at)) };
  const path = (more: Record<string, string>): string =>
    range === undefined ? '' : `/api/v1/compare?${new URLSearchParams({ ...range, limit: '200', ...more })}`;
  // What happened then does not change from second to second.
  const options = { live, version, everyMs: 30_000 };
  const routes = useReport<ComparisonJson>(path({ 'group-by': 'route' }), options);
  const statements = useReport<ComparisonJson>(path({}), options);
  if (marks === undefined) return null;
  if (last === undefined || range === undefined) return <NoMark address={address} />;
  const compare = linkTo(address, { view: 'compare', filters: range });
  return (
    <section class="panel double" aria-labelledby="since-mark">
      <h2 id="since-mark">
        Since <a href={compare}>{last.name}</a> <small>{moment(last.at)}</small>
      </h2>
      <Problem problem={routes.problem ?? statements.problem} />
      {/* What is there first is shown first: of many statements the comparison takes long. */}
      {(routes.data ?? statements.data) && (
        <div class="split">
          <Changed
            title="Routes"
            rows={routes.data?.rows}
            hrefOf={({ key }) => linkTo(address, { view: 'routes', id: `route:${key}` })}
            nameOf={({ key }) => key}
          />
          <Changed
            title="Statements"
            rows={statements.data?.rows}
            hrefOf={({ key }) => linkTo(address, { view: 'statements', id: key })}
            nameOf={({ query }) => shortSql(query)}
          />
        </div>
      )}
      <p class="note">
        {range.span} before it beside {range.span} after it, as far as recorded; only what is more than noise.{' '}
        <a href={compare}>All rows</a>
      </p>
    </section>
  );
}

function spanOf(atMs: number): string {
  const span = SPANS_MS.find((ms) => ms >= Date.now() - atMs) ?? SPANS_MS[SPANS_MS.length - 1];
  return `${span / HOUR_MS}h`;
}

const KINDS = ['slower', 'new', 'gone', 'faster'] as const;

interface ChangedProps {
  readonly title: string;
  /** Undefined while they are compared. */
  readonly rows: readonly ComparedRowJson[] | undefined;
  readonly nameOf: (row: ComparedRowJson) => string;
  readonly hrefOf: (row: ComparedRowJson) => string;
}

function Changed({ title, rows, nameOf, hrefOf }: ChangedProps) {
  const lists = KINDS.map((kind) => [kind, (rows ?? []).filter(({ judgement }) => judgement === kind)] as const);
  const some = lists.filter(([, list]) => list.length > 0);
  return (
    <div>
      <h3>{title}</h3>
      {rows === undefined && <Reading />}
      {rows !== undefined && some.length === 0 && <p>No clear change.</p>}
      {some.map(([kind, list]) => (
        <div key={kind} class="changed">
          <span class={`judgement ${kind}`}>{kind}</span>
          <ul class="lines">
            {list.slice(0, ROWS).map((row) => (
              <li key={`${row.key} ${row.source}`}>
                <a href={hrefOf(row)} class="two-lines" title={nameOf(row)}>
                  {nameOf(row)}
                </a>
                <span class="below-line">{sidesText(row)}</span>
              </li>
            ))}
            {list.length > ROWS && <li class="below-line">and {list.length - ROWS} more</li>}
          </ul>
        </div>
      ))}
    </div>
  );
}

/** "4.0 → 23.0 statements, 8.02 ms → 31.7 ms per request: 3.95× slower (p < 0.001)". */
function sidesText(row: ComparedRowJson): string {
  const { before, after, per_request: known } = row;
  if (known !== null) {
    const { before: one, after: other } = known;
    return `${each(one.statements)} → ${each(other.statements)} statements, ${duration(one.ms)} → ${duration(other.ms)} per request: ${changeWords(row).text}`;
  }
  const side = before ?? after;
  if (side === null || before === null || after === null) {
    if (side === null) return '';
    const { ms_per_request: ms, calls_per_request: calls } = side;
    if (row.query === '' && ms !== null && calls !== null)
      return `${each(calls)} statements, ${duration(ms)} per request`;
    return `${duration(side.mean_ms)} each, ${each(side.executions_per_minute ?? 0)} a minute`;
  }
  return `${duration(before.mean_ms)} → ${duration(after.mean_ms)}: ${changeWords(row).text}`;
}

function NoMark({ address }: { address: Address }) {
  return (
    <section class="panel double" aria-labelledby="since-mark">
      <h2 id="since-mark">What changed</h2>
      <p>
        No mark lies in this time. Set one when you deploy, and what is new, slower or gone since then stands here:{' '}
        <code>pgwitness mark "deploy 42"</code>, or at <a href={linkTo(address, { view: 'marks' })}>Marks</a>. The tag{' '}
        <code>app_version</code> sets marks by itself.
      </p>
      <p>
        <a href={linkTo(address, { view: 'compare' })}>Compare two times without a mark</a>
      </p>
    </section>
  );
}
