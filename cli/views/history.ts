// Prints `history`: who sends the statement, from where, then its executions point by point.
// Invariant: no line but a single long word is wider than the screen. Not here: the points (reports/timeline.ts).

import type { StatementFacts, StatementsReport } from '../../facts/answers.js';
import { titleOf } from '../../facts/words/titles.js';
import { percentileOf } from '../../reports/forms/timeline-json.js';
import type { TimelinePoint, TimelineReport } from '../../reports/timeline.js';
import { count, duration, moment, span, windowLength } from '../terminal/format.js';
import { coloured, oneLine, type Screen, styled, wrapped } from '../terminal/output.js';
import { evenly, sparkline } from '../terminal/sparkline.js';
import { renderTable } from '../terminal/table.js';

/** Values of a tag that are named. */
const NAMED_MAX = 3;

export function historyText(
  timeline: TimelineReport,
  { of, narrowed, screen }: { of: StatementsReport; narrowed: string; screen: Screen },
): string {
  const { window, stepMs, points } = timeline;
  const first = of.statements[0];
  const lines = wrapped(`${first.fingerprint}  ${oneLine(titleOf(first))}`, screen).map((line) =>
    styled(line, { style: 'bold', screen }),
  );
  for (const facts of of.statements) lines.push(...wrapped(placesOf(facts, screen), screen));
  if (narrowed !== '') lines.push(...wrapped(`only ${oneLine(narrowed)}`, screen));
  lines.push(...wrapped(`${span(window.sinceMs, window.untilMs)}, a row per ${windowLength(stepMs)}`, screen), '');
  // A single bar says nothing.
  if (points.length > 1) lines.push(...bars(timeline, screen), '');
  return [...lines, table(points, screen)].join('\n');
}

/** `raw/cursor · store/views/reports.py:56 · reports/slow-movers · django:postgres@shop` */
function placesOf({ source, byConstruct, tags, pools }: StatementFacts, screen: Screen): string {
  const construct = [...byConstruct].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
  const parts = [coloured(oneLine(construct === '' ? source : `${source}/${construct}`), { source, screen })];
  for (const key of ['caller', 'route', 'job']) {
    const values = [...(tags.get(key) ?? [])];
    if (values.length === 0) continue;
    const more = values.length > NAMED_MAX ? ` +${values.length - NAMED_MAX}` : '';
    parts.push(values.slice(0, NAMED_MAX).map(oneLine).join(', ') + more);
  }
  return [...parts, ...[...pools].map(oneLine)].join(' · ');
}

function bars({ window, stepMs, points }: TimelineReport, screen: Screen): string[] {
  const most = {
    executions: Math.max(...points.map(executionsOf)),
    p95Ms: Math.max(...points.map((point) => point.histogram.percentile(0.95))) / 1e6,
  };
  const width = Math.max(10, Math.min(120, screen.width - 36));
  const drawn = (join: (bar: readonly TimelinePoint[]) => number): string =>
    sparkline(evenly(points, { stepMs, width, ...window, join }));
  return [
    `executions  ${drawn((bar) => bar.reduce((sum, point) => sum + executionsOf(point), 0))}  most ${count(most.executions)} in a row`,
    `p95         ${drawn((bar) => Math.max(...bar.map(({ histogram }) => histogram.percentile(0.95))))}  most ${duration(most.p95Ms)}`,
  ];
}

function table(points: readonly TimelinePoint[], screen: Screen): string {
  const percentile = (point: TimelinePoint, q: number): string =>
    point.histogram.count === 0 ? '–' : duration(percentileOf(point, q) / 1e6);
  return renderTable(
    points,
    [
      { title: 'at', cell: (point) => moment(point.atMs) },
      { title: 'executions', align: 'right', cell: (point) => count(executionsOf(point)) },
      {
        title: 'errors',
        align: 'right',
        dropOrder: points.some(({ errors }) => errors > 0) ? 2 : 9,
        cell: (point) => (point.errors === 0 ? '' : count(point.errors)),
      },
      { title: 'total', align: 'right', dropOrder: 5, cell: (point) => duration(point.serviceTotalNs / 1e6) },
      {
        title: 'mean',
        align: 'right',
        cell: (point) => duration(point.serviceTotalNs / executionsOf(point) / 1e6),
      },
      { title: 'p50', align: 'right', dropOrder: 4, cell: (point) => percentile(point, 0.5) },
      { title: 'p95', align: 'right', dropOrder: 1, cell: (point) => percentile(point, 0.95) },
      { title: 'p99', align: 'right', dropOrder: 3, cell: (point) => percentile(point, 0.99) },
      {
        title: 'max',
        align: 'right',
        dropOrder: 2,
        cell: (point) => (point.histogram.count === 0 ? '–' : duration(point.serviceMaxNs / 1e6)),
      },
    ],
    screen,
  );
}

function executionsOf({ calls, errors }: TimelinePoint): number {
  return calls + errors;
}
