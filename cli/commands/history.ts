// `pgwitness history FINGERPRINT`: shows one statement over time.
// Here: flags and printing. Not here: the points (reports/timeline.ts), their JSON (reports/forms/timeline-json.ts).

import type { Command } from 'commander';
import { percentileOf } from '../../reports/forms/timeline-json.js';
import type { TimelinePoint, TimelineReport } from '../../reports/timeline.js';
import { fingerprintOf, noSuchStatement, readPrefix } from '../reading/find-statement.js';
import { withMarks } from '../reading/marked-moments.js';
import { addReadFlags, flagContext, parametersOf, placeOf, type ReadFlags } from '../reading/read-flags.js';
import { count, duration, moment, span, windowLength } from '../terminal/format.js';
import { oneLine, print, printJson, type Screen, screenOf, styled } from '../terminal/output.js';
import { evenly, sparkline } from '../terminal/sparkline.js';
import { renderTable } from '../terminal/table.js';

interface HistoryFlags extends ReadFlags {
  readonly source?: string;
}

export function register(program: Command): void {
  addReadFlags(
    program.command('history <fingerprint>').description('show one statement over time: calls, mean, percentiles'),
  )
    .option('--source <source>', 'only executions of this source')
    .addHelpText('after', '\nExamples:\n  pgwitness history 5c1d2a --since 24h\n  pgwitness history 5c1d2a --json\n')
    .action(history);
}

async function history(name: string, given: HistoryFlags): Promise<void> {
  const flags = await withMarks(given);
  const { readTimeRange } = await import('../../reports/questions/grammar.js');
  const { timelineJson } = await import('../../reports/forms/timeline-json.js');
  const range = readTimeRange(parametersOf(flags, ['since', 'until']), flagContext());
  readPrefix(name, 'history');
  const place = await placeOf(flags);
  try {
    const fingerprint = await fingerprintOf(place, { name, range, where: 'history' });
    const timeline = await place.timeline({ fingerprint, range, source: flags.source });
    if (timeline.points.length === 0) throw noSuchStatement(place, fingerprint);
    if (flags.json) return printJson({ fingerprint, ...timelineJson(timeline) });
    const { statements } = await place.statement(fingerprint, range);
    print(
      historyText(timeline, {
        title: `${fingerprint}  ${oneLine(statements[0]?.query ?? '')}`,
        screen: screenOf(process.stdout, process.env),
      }),
    );
  } finally {
    place.close();
  }
}

function historyText(timeline: TimelineReport, { title, screen }: { title: string; screen: Screen }): string {
  const { window, stepMs, points } = timeline;
  const width = Math.max(10, Math.min(120, screen.width - 12));
  const line = (measure: (point: TimelineReport['points'][number]) => number, merge: 'sum' | 'max'): string => {
    const join = (bar: readonly TimelinePoint[]): number =>
      merge === 'sum' ? bar.reduce((sum, point) => sum + measure(point), 0) : Math.max(...bar.map(measure));
    return sparkline(evenly(points, { stepMs, width, ...window, join }));
  };
  const rows = renderTable(
    points,
    [
      { title: 'at', cell: (point) => moment(point.atMs) },
      { title: 'calls', align: 'right', cell: (point) => count(point.calls) },
      { title: 'errors', align: 'right', cell: (point) => (point.errors === 0 ? '' : count(point.errors)) },
      { title: 'total', align: 'right', cell: (point) => duration(point.serviceTotalNs / 1e6) },
      {
        title: 'mean',
        align: 'right',
        cell: (point) => duration(point.serviceTotalNs / (point.calls + point.errors) / 1e6),
      },
      { title: 'p50', align: 'right', cell: (point) => percentile(point, 0.5) },
      { title: 'p95', align: 'right', cell: (point) => percentile(point, 0.95) },
      { title: 'p99', align: 'right', cell: (point) => percentile(point, 0.99) },
      {
        title: 'max',
        align: 'right',
        cell: (point) => (point.histogram.count === 0 ? '–' : duration(point.serviceMaxNs / 1e6)),
      },
    ],
    screen,
  );
  return [
    styled(title, { style: 'bold', screen }),
    `${span(window.sinceMs, window.untilMs)}, a row per ${windowLength(stepMs)}`,
    '',
    `calls  ${line((point) => point.calls + point.errors, 'sum')}`,
    `p95    ${line((point) => point.histogram.percentile(0.95), 'max')}`,
    '',
    rows,
  ].join('\n');
}

function percentile(point: TimelinePoint, q: number): string {
  return point.histogram.count === 0 ? '–' : duration(percentileOf(point, q) / 1e6);
}
