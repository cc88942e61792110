// Prints `status`: ten lines, as text or Markdown; the same as JSON, of which CSV has the changes.
// Invariant: what could not be looked at is said, never left out. Not here: the windows (cli/commands/status.ts),
// what counts as a change (reports/compare/changes.ts).

import type { PoolsReport, StatementFacts, StatementsReport } from '../../facts/answers.js';
import type { StoredShipping } from '../../facts/fleet/shipping-status.js';
import type { MarkRow } from '../../facts/flush.js';
import { meanNs } from '../../facts/latency.js';
import { titleOf } from '../../facts/words/titles.js';
import type { Change } from '../../reports/compare/changes.js';
import { shippingJson } from '../../reports/forms/status-json.js';
import { count, duration, moment, share, span, windowLength } from '../terminal/format.js';
import { oneLine, print, printJson, screenOf } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';
import { type BypassView, bypassJson } from './bypass.js';
import { notObservedText } from './top.js';

export interface Overview {
  /** Its one statement is the one that took most time. */
  readonly whole: StatementsReport;
  readonly pools: PoolsReport;
  readonly mark: MarkRow | undefined;
  /** Since the mark; undefined without one. */
  readonly changes: readonly Change[] | undefined;
  readonly shipping: readonly StoredShipping[];
  /** undefined without --dsn. */
  readonly bypass: BypassView | undefined;
  /** The place that was read, for people. */
  readonly read: string;
  readonly nowMs: number;
}

/** Named in a line; the others are a number. */
const NAMED_MAX = 3;

export function printStatus(overview: Overview, { json }: { json: boolean }): void {
  if (json) {
    printJson(statusJson(overview));
    return;
  }
  const { window } = overview.whole;
  const rows = linesOf(overview).map(([name, text]) => ({ name, text }));
  print(
    renderTable(
      rows,
      [
        { title: 'Status', cell: (row) => row.name },
        {
          title: `${span(window.sinceMs, window.untilMs)} · ${oneLine(overview.read)}`,
          flexible: true,
          cell: (row) => row.text,
        },
      ],
      screenOf(process.stdout, process.env),
    ),
  );
}

function linesOf({
  whole,
  pools,
  mark,
  changes,
  shipping,
  bypass,
  nowMs,
}: Overview): ReadonlyArray<readonly [string, string]> {
  return [
    ['Observed', observedText(whole)],
    ['Sources', sourcesText(whole)],
    ['Slowest', slowestText(whole)],
    [
      'Since',
      mark === undefined
        ? NO_MARK
        : `${oneLine(mark.name)}, ${moment(mark.atMs)}, ${windowLength(nowMs - mark.atMs)} ago`,
    ],
    ['New', changesText(changes, 'new')],
    ['Slower', changesText(changes, 'slower')],
    ['Gone', changesText(changes, 'gone')],
    ['Pools', poolsText(pools)],
    ['Bypass', bypassText(bypass)],
    ...shipping.map((one): [string, string] => ['Shipping', shippingText(one)]),
  ];
}

const NO_MARK = 'there is no mark yet: pgwitness mark NAME sets one';

function observedText({ observed }: StatementsReport): string {
  const lost = observed.notObserved === 0 ? 'none lost' : `lost: ${notObservedText(observed)}`;
  return [
    `${count(observed.executions)} executions`,
    lost,
    `${share(observed.unknown, observed.executions)} of unknown source`,
    ...(observed.exact ? [] : ['not exact: pgwitness top says why']),
  ].join(', ');
}

function sourcesText({ sums }: StatementsReport): string {
  const total = [...sums.values()].reduce((sum, { serviceTotalNs }) => sum + serviceTotalNs, 0);
  const falling = [...sums].sort((a, b) => b[1].serviceTotalNs - a[1].serviceTotalNs);
  if (falling.length === 0) return 'nothing observed yet';
  return `${falling.map(([source, sum]) => `${oneLine(source)} ${share(sum.serviceTotalNs, total)}`).join(', ')} of the time`;
}

function slowestText({ statements, sums }: StatementsReport): string {
  const [slowest] = statements;
  if (slowest === undefined) return 'none';
  const total = [...sums.values()].reduce((sum, { serviceTotalNs }) => sum + serviceTotalNs, 0);
  // The share first: the line is cut where the screen ends.
  return `${share(slowest.serviceTotalNs, total)} of the time: ${nameOf(slowest)}`;
}

function changesText(changes: readonly Change[] | undefined, wanted: Change['change']): string {
  if (changes === undefined) return 'not known without a mark';
  const found = changes.filter(({ change }) => change === wanted);
  if (found.length === 0) return 'none';
  const named = found.slice(0, NAMED_MAX).map(changeText);
  const more = found.length > NAMED_MAX ? [`${count(found.length - NAMED_MAX)} more`] : [];
  return `${count(found.length)}: ${[...named, ...more].join('; ')}`;
}

function changeText({ facts, factor }: Change): string {
  const name = nameOf(facts);
  if (factor !== undefined) return `${name} ${factor.toFixed(1)}×, now ${duration(meanNs(facts) / 1e6)}`;
  return `${name}, ${count(facts.calls + facts.errors)}×`;
}

/** "reports.py:41 SELECT from shop_order (raw, 5c1d2a77)": the place in the code first, where it is known. */
function nameOf(facts: StatementFacts): string {
  const { fingerprint, source } = facts;
  const where = placeOf(facts);
  return `${where === '' ? '' : `${where} `}${oneLine(titleOf(facts) || facts.query)} (${oneLine(source)}, ${fingerprint.slice(0, 8)})`;
}

/** File and line of one caller, else a route; '' where neither is tagged. */
function placeOf({ tags }: StatementFacts): string {
  for (const key of ['caller', 'route', 'job']) {
    const [first, ...others] = tags.get(key) ?? [];
    if (first !== undefined) return `${oneLine(first)}${others.length > 0 ? ` and ${count(others.length)} more` : ''}`;
  }
  return '';
}

function poolsText({ pools, connectionsMax, busyMax }: PoolsReport): string {
  if (pools.length === 0) return 'none yet';
  const named = pools.slice(0, NAMED_MAX).map((pool) => `${oneLine(pool.name)} ${count(pool.connectionsNow)} now`);
  const more = pools.length > NAMED_MAX ? [`${count(pools.length - NAMED_MAX)} more`] : [];
  return `${count(pools.length)}: ${[...named, ...more].join('; ')}; at most ${count(connectionsMax)} held, ${count(busyMax)} busy at once`;
}

function bypassText(bypass: BypassView | undefined): string {
  if (bypass === undefined) return 'not asked: --dsn postgres://… compares with the server';
  if (bypass.outcome === 'cannot tell') return `cannot tell: ${bypass.reason}`;
  if (bypass.bypassing.length === 0) return `none of the server's ${count(bypass.serverSessions)} sessions`;
  const named = bypass.bypassing.slice(0, NAMED_MAX).map(({ user, applicationName, clientAddress, connections }) => {
    const who = [user, applicationName, clientAddress].filter((part) => part !== '').map(oneLine);
    return `${count(connections)} of ${who.join(' ') || 'an unknown client'}`;
  });
  const more = bypass.bypassing.length > NAMED_MAX ? [`${count(bypass.bypassing.length - NAMED_MAX)} more`] : [];
  return [...named, ...more].join('; ');
}

/** Now and not at the end of the window: it is a state. */
function shippingText(shipping: StoredShipping): string {
  const { place, failingSinceMs, error, sentMs, waitingSinceMs, waitingRows, droppedRows, expiredRows } = shipping;
  const ago = (ms: number): string => windowLength(Math.max(0, Date.now() - ms));
  const behind =
    waitingSinceMs === null ? 'nothing waits' : `${ago(waitingSinceMs)} behind, ${count(waitingRows)} rows wait`;
  return [
    failingSinceMs === null ? `to ${oneLine(place)}` : `${oneLine(place)} not reached for ${ago(failingSinceMs)}`,
    behind,
    sentMs === null ? 'never sent' : `sent ${ago(sentMs)} ago`,
    ...(droppedRows === 0 ? [] : [`${count(droppedRows)} dropped before they were sent`]),
    ...(expiredRows === 0 ? [] : [`${count(expiredRows)} too old for it`]),
    ...(error === null ? [] : [oneLine(error)]),
  ].join(', ');
}

function statusJson({ whole, pools, mark, changes, shipping, bypass }: Overview): object {
  const { window, observed, sums, statements } = whole;
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    window: { since: iso(window.sinceMs), until: iso(window.untilMs) },
    observed: {
      executions: observed.executions,
      not_observed: observed.notObserved,
      not_observed_by_reason: Object.fromEntries(observed.notObservedByReason),
      unknown: observed.unknown,
      exact: observed.exact,
    },
    time_by_source: Object.fromEntries([...sums].map(([source, sum]) => [source, sum.serviceTotalNs / 1e6])),
    slowest: statements[0] === undefined ? null : statementJson(statements[0]),
    mark: mark === undefined ? null : { name: mark.name, kind: mark.kind, at: iso(mark.atMs) },
    changes:
      changes?.map(({ change, facts, beforeMeanNs, factor }) => ({
        change,
        ...statementJson(facts),
        before_mean_ms: beforeMeanNs === undefined ? null : beforeMeanNs / 1e6,
        factor: factor ?? null,
      })) ?? null,
    connections_max: pools.connectionsMax,
    busy_max: pools.busyMax,
    by_pool: pools.pools.map(({ name, connectionsNow, executions }) => ({
      name,
      connections_now: connectionsNow,
      executions,
    })),
    bypass: bypass === undefined ? null : bypassJson(bypass),
    shipping: shipping.map(shippingJson),
  };
}

function statementJson(facts: StatementFacts): object {
  const { fingerprint, source, summary, query, calls, errors, serviceTotalNs, tags } = facts;
  return {
    fingerprint,
    source,
    summary,
    query,
    caller: [...(tags.get('caller') ?? [])],
    route: [...(tags.get('route') ?? [])],
    calls,
    errors,
    total_ms: serviceTotalNs / 1e6,
    mean_ms: meanNs(facts) / 1e6,
  };
}
