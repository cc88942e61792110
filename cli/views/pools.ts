// Prints `pools`: a row per pool, its sources and habits, and the size of one pool for all.
// Not here: the JSON form (reports/forms/pools-json.ts).

import type { PoolFacts, PoolsReport } from '../../facts/answers.js';
import type { FindingFacts } from '../../facts/finding.js';
import { LogHistogram } from '../../facts/histogram.js';
import { lifetimeMeanMs } from '../../facts/pool-minute.js';
import { HIDDEN_SOURCES } from '../../facts/verdict.js';
import { poolsJson } from '../../reports/forms/pools-json.js';
import { count, duration, share, span } from '../terminal/format.js';
import { oneLine, print, printJson, type Screen, screenOf, styled, wrapped } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';
import { type BypassView, bypassJson, bypassText } from './bypass.js';
import { findingLines, isTold } from './finding-lines.js';
import { dimLines } from './top.js';

/** Kinds that are about connections more than about statements. */
const ABOUT_POOLS = /^boundary-|transaction$|^forbidden-write$/;

export interface PoolsPrinting {
  readonly json: boolean;
  /** The place that was read, for people. */
  readonly read: string;
  /** Sessions that bypass pgwitness; undefined without --dsn. */
  readonly bypass: BypassView | undefined;
  /** Of the window. */
  readonly findings: readonly FindingFacts[];
}

export function printPools(report: PoolsReport, { json, read, bypass, findings }: PoolsPrinting): void {
  if (json) {
    const told = findings.filter(isTold);
    const pools = poolsJson(report).pools.map((pool) => ({
      ...pool,
      findings: told.filter((finding) => finding.pools.includes(pool.name)).map(({ id }) => id),
    }));
    const answer = { ...poolsJson(report), pools };
    printJson(bypass === undefined ? answer : { ...answer, bypass: bypassJson(bypass) });
    return;
  }
  const screen = screenOf(process.stdout, process.env);
  print(poolsText(report, { read, screen, findings }));
  if (bypass !== undefined) print(`\n${bypassText(bypass, screen)}`);
}

export function poolsText(
  report: PoolsReport,
  options: Pick<PoolsPrinting, 'read' | 'findings'> & { readonly screen: Screen },
): string {
  const { screen } = options;
  if (report.pools.length === 0) {
    return `No pool observed yet in ${oneLine(options.read)}. A pool appears when its first connection has sent a few statements.`;
  }
  const { sinceMs, untilMs } = report.window;
  const pools = [...report.pools].sort((a, b) => b.executions - a.executions || (a.name < b.name ? -1 : 1));
  const lines = [
    styled(`${span(sinceMs, untilMs)} · ${pools.length} ${pools.length === 1 ? 'pool' : 'pools'}`, {
      style: 'bold',
      screen,
    }),
  ];
  lines.push('', table(pools, screen), '', ...wrapped(needOf(report), screen));
  lines.push(...transactionLines(pools).flatMap((line) => wrapped(line, { ...screen, indent: '  ' })));
  const shared = pools.filter(({ instances }) => instances.length > 1);
  if (shared.length > 0) lines.push('', instancesTable(shared, screen), '');
  for (const pool of pools) {
    if (pool.habits.length > 0)
      lines.push(...dimLines(`${oneLine(pool.name)}: ${pool.habits.map(oneLine).join('; ')}`, screen));
  }
  const lost = options.findings.filter((finding) => ABOUT_POOLS.test(finding.kind));
  lines.push(...findingLines(lost, screen).map((line) => styled(line, { style: 'dim', screen })));
  lines.push('', ...dimLines(LEGEND, screen));
  return lines.join('\n');
}

const LEGEND =
  'now, most: connections held now, and at most; busy: at most busy within one second; lived: mean life of those closed; ' +
  "active, in transaction: share of the connections' time; sources: shares of the executions";

function table(pools: readonly PoolFacts[], screen: Screen): string {
  return renderTable(
    pools,
    [
      { title: 'pool', cell: (pool) => oneLine(pool.name) },
      { title: 'now', align: 'right', cell: (pool) => count(pool.connectionsNow) },
      { title: 'most', align: 'right', cell: (pool) => count(pool.connectionsMax) },
      { title: 'busy', align: 'right', cell: (pool) => count(pool.busyMax) },
      { title: 'opened', align: 'right', dropOrder: 3, cell: (pool) => count(pool.opened) },
      { title: 'closed', align: 'right', dropOrder: 5, cell: (pool) => count(pool.closed) },
      {
        title: 'lived',
        align: 'right',
        dropOrder: 4,
        cell: (pool) => (pool.closed === 0 ? '–' : duration(lifetimeMeanMs(pool))),
      },
      { title: 'active', align: 'right', dropOrder: 2, cell: (pool) => stateShare(pool, pool.activeMs) },
      {
        title: 'in transaction',
        align: 'right',
        dropOrder: 2,
        cell: (pool) => stateShare(pool, pool.idleInTransactionMs),
      },
      {
        title: 'transactions',
        align: 'right',
        dropOrder: 6,
        cell: (pool) => (pool.transactions === 0 ? '–' : count(pool.transactions)),
      },
      { title: 'executions', align: 'right', dropOrder: 1, cell: (pool) => count(pool.executions) },
      { title: 'sources', flexible: true, cell: sourcesOf },
    ],
    screen,
  );
}

/** Of pools that several sidecars have: each has connections of its own. */
function instancesTable(pools: readonly PoolFacts[], screen: Screen): string {
  const rows = pools.flatMap((pool) => pool.instances.map((one) => ({ pool, one })));
  return renderTable(
    rows,
    [
      { title: 'pool', cell: ({ pool }) => oneLine(pool.name) },
      { title: 'service', cell: ({ one }) => oneLine(one.service) },
      { title: 'environment', cell: ({ one }) => oneLine(one.environment) },
      { title: 'instance', cell: ({ one }) => oneLine(one.instance) },
      { title: 'now', align: 'right', cell: ({ one }) => count(one.connectionsNow) },
      { title: 'most', align: 'right', cell: ({ one }) => count(one.connectionsMax) },
      { title: 'busy', align: 'right', cell: ({ one }) => count(one.busyMax) },
      { title: 'executions', align: 'right', cell: ({ one }) => count(one.executions) },
    ],
    screen,
  );
}

/** A line per owner, and a line per pool if an owner has several. */
function transactionLines(pools: readonly PoolFacts[]): string[] {
  const byOwner = new Map<string, PoolFacts[]>();
  for (const pool of pools) {
    if (pool.transactions > 0) byOwner.set(pool.owner, [...(byOwner.get(pool.owner) ?? []), pool]);
  }
  const lines: string[] = [];
  for (const [owner, own] of byOwner) {
    lines.push(`Transactions of ${oneLine(owner || 'unknown')}: ${transactionsText(own)}.`);
    if (own.length > 1) for (const pool of own) lines.push(`  ${oneLine(pool.name)}: ${transactionsText([pool])}`);
  }
  return lines;
}

function transactionsText(pools: readonly PoolFacts[]): string {
  const durations = new LogHistogram();
  let [number, statements, totalMs, maxMs, idleMs] = [0, 0, 0, 0, 0];
  for (const pool of pools) {
    number += pool.transactions;
    statements += pool.transactionStatements;
    totalMs += pool.transactionTotalMs;
    maxMs = Math.max(maxMs, pool.transactionMaxMs);
    idleMs += pool.idleInTransactionMs;
    durations.merge(pool.transactionHistogram);
  }
  const p95Ms = Math.min(durations.percentile(0.95) / 1e6, maxMs);
  return `${count(number)}, ${(statements / number).toFixed(1)} statements each, mean ${duration(totalMs / number)}, p95 ${duration(p95Ms)}, max ${duration(maxMs)}, idle in transaction ${duration(idleMs)} in all`;
}

/** Share of the connections' time. */
function stateShare(pool: PoolFacts, ms: number): string {
  return share(ms, pool.activeMs + pool.idleMs + pool.idleInTransactionMs);
}

function sourcesOf(pool: PoolFacts): string {
  // What the application sent comes first: housekeeping is much, and says little.
  const isHidden = (source: string): number => Number(HIDDEN_SOURCES.includes(source));
  const falling = [...pool.sources].sort((a, b) => isHidden(a[0]) - isHidden(b[0]) || b[1] - a[1]);
  return falling.map(([source, executions]) => `${oneLine(source)} ${share(executions, pool.executions)}`).join(', ');
}

function needOf({ connectionsMax, busyMax }: PoolsReport): string {
  const held = `Most connections held at once: ${count(connectionsMax)}; most busy within one second: ${count(busyMax)}.`;
  if (busyMax === 0 || connectionsMax <= busyMax) return held;
  return `${held} One pool for all would have needed ${count(busyMax)}.`;
}
