// The overview: what the database does, in one look.
// Invariant: every number leads to the view that says more. Not here: what changed (since-mark.tsx), the chart's
// drawing (charts/stack.tsx).

import type { findingsJson } from '../../../../reports/forms/findings-json.js';
import type { MarksJson } from '../../../../reports/forms/marks-json.js';
import type { RoutesJson } from '../../../../reports/forms/routes-json.js';
import type { BriefStatementsJson } from '../../../../reports/forms/statement-json.js';
import type { SourceShareJson, SourcesJson } from '../../../../reports/forms/timeline-json.js';
import type { Pin } from '../../charts/pins.js';
import { Stack } from '../../charts/stack.js';
import { type Address, linkTo, replaceAddress } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { count, duration, each, share, windowLength } from '../../data/format.js';
import { bySourceOrder } from '../../data/sources.js';
import { queryOf, type ViewProps } from '../../data/window.js';
import { Facts, NothingYet, Observed, Problem, Reading, SourceMix } from '../../parts/parts.js';
import { MostTime } from './most-time.js';
import { SinceMark } from './since-mark.js';

export type Findings = ReturnType<typeof findingsJson>;
const MINUTE_MS = 60_000;
const ROWS = 6;

export function OverviewView({ address, live, version }: ViewProps) {
  const options = { live, version };
  const query = queryOf(address);
  const sources = useReport<SourcesJson>(`/api/v1/sources?${query}`, options);
  const hide = 'housekeeping,tool';
  const statements = useReport<BriefStatementsJson>(
    `/api/v1/statements?${queryOf(address, { form: 'brief', limit: String(ROWS), hide })}`,
    options,
  );
  const routes = useReport<RoutesJson>(`/api/v1/routes?${query}`, options);
  const findings = useReport<Findings>(`/api/v1/findings?${query}`, options);
  const marks = useReport<MarksJson>(`/api/v1/marks?${query}`, options);
  const problem = [sources, statements, routes, findings].find((report) => report.problem)?.problem;
  const isEmpty = sources.data !== undefined && Object.keys(sources.data.totals).length === 0;
  return (
    <>
      <h1 class="sr-only">Overview</h1>
      <Problem problem={problem} />
      {statements.data && !isEmpty && <Observed report={statements.data} />}
      {sources.data === undefined && problem === undefined && <Reading />}
      {isEmpty && <NothingYet address={address} />}
      {sources.data && !isEmpty && (
        <>
          <Load address={address} data={sources.data} pins={pinsOf(address, marks.data, findings.data)} />
          <div class="panels">
            <SinceMark address={address} live={live} version={version} marks={marks.data} />
            <FindingsPanel address={address} findings={findings.data} />
            <Losses address={address} live={live} version={version} />
          </div>
          <MostTime address={address} routes={routes.data} statements={statements.data} rows={ROWS} />
        </>
      )}
    </>
  );
}

function pinsOf(address: Address, marks: MarksJson | undefined, findings: Findings | undefined): Pin[] {
  return [
    ...(marks?.marks ?? []).map(({ at, name }) => ({
      atMs: Date.parse(at),
      kind: 'mark' as const,
      title: name,
      href: linkTo(address, { view: 'compare', filters: { around: at } }),
    })),
    ...(findings?.findings ?? []).map(({ id, first_seen, title }) => ({
      atMs: Date.parse(first_seen),
      kind: 'finding' as const,
      title,
      href: linkTo(address, { view: 'findings', id }),
    })),
  ];
}

function Load({ address, data, pins }: { address: Address; data: SourcesJson; pins: readonly Pin[] }) {
  const names = Object.keys(data.totals).sort(bySourceOrder);
  const perMinute = (one: SourceShareJson | undefined): number =>
    one === undefined ? 0 : (one.total_ms * MINUTE_MS) / data.step_ms;
  const onBrush = (sinceMs: number, untilMs: number): void => {
    const floor = (ms: number): string => new Date(Math.floor(ms / MINUTE_MS) * MINUTE_MS).toISOString();
    const filters = { ...address.filters, since: floor(sinceMs), until: floor(untilMs + MINUTE_MS) };
    replaceAddress({ ...address, filters });
  };
  return (
    <section aria-labelledby="load">
      <Facts facts={inOneLook(data)} />
      <h2 id="load">Time in the database per minute, by source</h2>
      <Stack
        label={`Time in the database per minute by source, a bar per ${windowLength(data.step_ms)}; the shares are in the list below`}
        points={data.points}
        stepMs={data.step_ms}
        names={names}
        amountOf={({ sources }, name) => perMinute(sources[name])}
        format={duration}
        height={240}
        pins={pins}
        onBrush={onBrush}
      />
      <SourceMix sources={names.map((name) => [name, data.totals[name].total_ms])} />
    </section>
  );
}

/** What runs, how long it takes, what fails, how much of the database's time it is: of all sources. */
function inOneLook({ window, points, step_ms: stepMs, totals }: SourcesJson): Array<[name: string, value: string]> {
  const all = Object.values(totals);
  const sum = (of: (one: SourceShareJson) => number): number => all.reduce((whole, one) => whole + of(one), 0);
  const [executions, errors, totalMs] = [
    sum((one) => one.calls + one.errors),
    sum((one) => one.errors),
    sum((one) => one.total_ms),
  ];
  // The last point may not be over.
  const firstMs = Date.parse(points[0].at);
  const lastMs = Math.min(Date.parse(window.until), Date.parse(points[points.length - 1].at) + stepMs);
  const passedMs = Math.max(MINUTE_MS, lastMs - firstMs);
  return [
    ['Executions a minute', each((executions * MINUTE_MS) / passedMs)],
    ['Mean time of one', duration(totalMs / Math.max(1, executions))],
    ['Failed', errors === 0 ? 'none' : `${count(errors)} (${share(errors, executions)})`],
    ['Statements at once, on average', each(totalMs / passedMs)],
  ];
}

const SHOWN_MAX = 5;

function FindingsPanel({ address, findings }: { address: Address; findings: Findings | undefined }) {
  const all = (findings?.findings ?? []).filter(({ confidence }) => confidence === 'strong');
  return (
    <section class="panel" aria-labelledby="found">
      <h2 id="found">
        <a href={linkTo(address, { view: 'findings' })}>Findings</a>
      </h2>
      {findings !== undefined && all.length === 0 && (
        <p>None in this time: no repeated reads, no writes in loops, no idle transactions.</p>
      )}
      <ul class="lines">
        {all.slice(0, SHOWN_MAX).map(({ id, title, severity, callers, routes, cost_ms_per_day }) => (
          <li key={id}>
            <a href={linkTo(address, { view: 'findings', id })}>{title}</a>
            <span class="below-line">
              <span class={`severity ${severity}`}>{severity}</span> {callers[0] ?? routes[0] ?? ''} ·{' '}
              {duration(cost_ms_per_day)} a day
            </span>
          </li>
        ))}
      </ul>
      {all.length > SHOWN_MAX && (
        <a href={linkTo(address, { view: 'findings' })}>{count(all.length - SHOWN_MAX)} more</a>
      )}
    </section>
  );
}

interface StatusJson {
  readonly observed: { not_observed: number; not_observed_by_reason: Record<string, number>; exact: boolean };
  readonly storing: { failing: boolean; stored_until: string | null };
}

/** The reasons in plain words; those that are not listed stand by their name. */
const REASONS: Readonly<Record<string, string>> = {
  observer_down: 'no observer ran',
  observer_lost: 'the observer ended before it had stored them',
  queue_full: 'the observer was slower than the traffic',
  adrift: 'the answers of their session did not fit its requests for a while',
  opaque: 'their session could not be followed any more',
  connection_closed: 'their connection closed before they were answered',
  observe_off: 'observing was switched off',
  loop_late: 'observing was paused, because the relay was late',
  cut_off: 'their portal was fetched in part, then given up',
  store_refused: 'the store refused them',
};

function Losses({ address, live, version }: ViewProps) {
  const { data } = useReport<StatusJson>(`/api/v1/status?${queryOf(address)}`, { live, version });
  if (data === undefined) return null;
  const { not_observed: lost, not_observed_by_reason: reasons, exact } = data.observed;
  return (
    <section class="panel" aria-labelledby="losses">
      <h2 id="losses">What is missing</h2>
      {lost === 0 && exact && <p>Nothing: every statement of this time was observed and counted.</p>}
      {lost > 0 && (
        <>
          <p>
            <b>{count(lost)}</b> statements passed and were not observed:
          </p>
          <ul class="lines">
            {Object.entries(reasons).map(([reason, number]) => (
              <li key={reason}>
                {count(number)}: {REASONS[reason] ?? reason}
                {REASONS[reason] && (
                  <>
                    {' '}
                    (<code>{reason}</code>)
                  </>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      {!exact && <p>Of some of this time nobody can say how much ran, so sums are at least these.</p>}
    </section>
  );
}
