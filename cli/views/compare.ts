// Prints `compare` for two windows, two values of a tag or two sources, as text, JSON or Markdown.
// Invariant: the three say the same; counts are per minute where the sides were recorded for different times.
// Not here: comparing and JSON (reports/compare), words (compare-words.ts).

import { intervalText } from '../../facts/words/changes.js';
import { shortSql } from '../../facts/words/short-sql.js';
import { type Comparison, leftOutOf, minutesOf } from '../../reports/compare/comparison.js';
import { comparisonJson } from '../../reports/compare/comparison-json.js';
import type { ComparedRow, Side } from '../../reports/compare/noise/compare.js';
import { count, duration, moment, span, windowLength } from '../terminal/format.js';
import { markdownText } from '../terminal/markdown.js';
import { oneLine, print, printJson, type Screen, screenOf, styled, wrapped } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';
import type { CompareView } from './compare-view.js';
import { changeText, rateText } from './compare-words.js';
import { boldLines } from './top.js';
import { digitsOf } from './top-columns.js';

export function printComparison(comparison: Comparison, view: CompareView): void {
  const { form, limit, verbose } = view;
  const shown = { ...comparison, rows: limit === 0 ? comparison.rows : comparison.rows.slice(0, limit) };
  if (form === 'json') printJson(comparisonJson(shown));
  else if (form === 'markdown') print(comparisonMarkdown(shown, verbose));
  else {
    const screen = screenOf(process.stdout, process.env);
    print(comparisonText(shown, { screen, verbose, all: comparison.rows.length }));
  }
}

interface TextOptions {
  readonly screen: Screen;
  readonly verbose: boolean;
  /** Rows before the limit. */
  readonly all: number;
}

function comparisonText(comparison: Comparison, { screen, verbose, all }: TextOptions): string {
  const { rows, groupBy } = comparison;
  const dim = (text: string): string => styled(text, { style: 'dim', screen });
  const lines = headLines(comparison).flatMap((line) => boldLines(line, screen));
  lines.push('', ...wholeLines(comparison).flatMap((line) => wrapped(line, { ...screen, indent: '  ' })), '');
  if (rows.length === 0) return [...lines, 'No statement fits on either side.', ...leftOutLines(comparison)].join('\n');
  const executions = executionsOf(comparison);
  const digits = digitsOf(rows.map(({ key }) => key));
  lines.push(
    renderTable(
      rows,
      [
        { title: 'change', cell: (row) => changeText(row, { verbose, screen }) },
        {
          title: 'mean',
          align: 'right',
          // Beside requests it is the first to go.
          dropOrder: rows.some(hasRequests) ? 7 : undefined,
          cell: (row) => both(row, (side) => duration(side.meanNs / 1e6)),
        },
        ...(rows.some(hasRequests) ? [{ title: 'per request', align: 'right' as const, cell: requestsCell }] : []),
        { title: 'p95', align: 'right', dropOrder: 1, cell: (row) => both(row, (side) => ms(side.p95Ns)) },
        { title: 'p99', align: 'right', dropOrder: 4, cell: (row) => both(row, (side) => ms(side.p99Ns)) },
        { title: executions.title, align: 'right', dropOrder: 0, cell: executions.cell },
        { title: 'rows', align: 'right', dropOrder: 5, cell: (row) => both(row, (side) => count(side.rows)) },
        { title: 'failed', align: 'right', dropOrder: 3, cell: (row) => both(row, (side) => count(side.errors)) },
        { title: 'source', dropOrder: 2, cell: (row) => oneLine(row.source) },
        groupBy === undefined
          ? { title: 'fingerprint', cell: (row) => row.key.slice(0, digits) }
          : { title: oneLine(groupBy), cell: (row) => oneLine(row.key) },
        { title: groupBy === undefined ? 'query' : '', flexible: true, cell: (row) => oneLine(shortSql(row.query)) },
      ],
      screen,
    ),
  );
  if (all > rows.length) lines.push(dim(`… ${count(all - rows.length)} more rows: --limit 0 shows all`));
  return [...lines, ...leftOutLines(comparison).map(dim)].join('\n');
}

function comparisonMarkdown(comparison: Comparison, verbose: boolean): string {
  const { sides, rows, groupBy } = comparison;
  const [before, after] = sides.map(({ label }) => markdownText(label));
  const executions = executionsOf(comparison);
  const lines = [
    `### ${before} → ${after}`,
    '',
    ...[...headLines(comparison), ...wholeLines(comparison)].map((line) => `- ${markdownText(line)}`),
    '',
    `| change | mean | p95 | ${executions.title} | failed | per request | ${groupBy === undefined ? 'statement' : markdownText(groupBy)} |`,
    '|---|---|---|---|---|---|---|',
  ];
  for (const row of rows) {
    const name =
      groupBy === undefined ? `\`${row.key}\` ${markdownText(shortened(shortSql(row.query)))}` : markdownText(row.key);
    const cells = [
      markdownText(changeText(row, { verbose })),
      both(row, (side) => duration(side.meanNs / 1e6)),
      both(row, (side) => ms(side.p95Ns)),
      executions.cell(row),
      both(row, (side) => count(side.errors)),
      requestsCell(row),
      name,
    ];
    lines.push(`| ${cells.join(' | ')} |`);
  }
  return [...lines, ...leftOutLines(comparison).flatMap((line) => ['', markdownText(line)])].join('\n');
}

function headLines(comparison: Comparison): string[] {
  const { sides, reports, times, mark } = comparison;
  const names = sides.map(({ label }) => oneLine(label));
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name, at) => {
    const { window, observed } = reports[at];
    const length = minutesOf(times[at]);
    const asked = (window.untilMs - window.sinceMs) / 60_000;
    const recorded =
      length === asked
        ? ''
        : length === 0
          ? ', nothing of it recorded'
          : `, ${windowLength(length * 60_000)} of it recorded`;
    const lost = observed.notObserved === 0 ? '' : `, ${count(observed.notObserved)} executions not observed`;
    return `${name.padEnd(width)}  ${span(window.sinceMs, window.untilMs)}${recorded}${lost}`;
  });
  if (mark === undefined) return lines;
  const [from, to] = [mark.leftOut.sinceMs, mark.leftOut.untilMs].map((at) => moment(at).slice(11, 16));
  return [...lines, `The minute of "${oneLine(mark.name)}", ${from} – ${to} UTC, is in neither.`];
}

function wholeLines(comparison: Comparison): string[] {
  const { whole } = comparison;
  const parts = [
    `executions ${both(whole, (side) => count(side.calls + side.errors))}`,
    `failed ${both(whole, (side) => count(side.errors))}`,
    `total ${both(whole, (side) => duration(side.totalNs / 1e6))}`,
    `mean ${both(whole, (side) => duration(side.meanNs / 1e6))}`,
  ];
  if (hasRequests(whole)) parts.push(`per request ${requestsCell(whole)}`);
  const lines = [`All statements: ${parts.join(', ')}`];
  const { perRequest: known } = whole;
  if (known !== undefined) {
    const { before, after } = known;
    const guessed = before.guessed + after.guessed;
    lines.push(
      `Requests: ${count(before.requests)} → ${count(after.requests)}, ${changeText(whole, { verbose: false })} per request` +
        `${intervalText(known.time)}${guessed === 0 ? '' : `; the bounds of ${count(guessed)} are guessed from the traffic`}`,
    );
  }
  if (comparison.times.some((time) => minutesOf(time) === 0)) {
    lines.push('One side was not recorded, so "new" and "gone" say nothing yet.');
  } else if (isPerMinute(comparison)) {
    lines.push(
      `The sides were recorded for different times, so rows are per minute: executions ${executionsOf(comparison).cell(whole)}`,
    );
  }
  return lines;
}

/** Executions, failed ones included, per minute where the sides were recorded for different times. */
function executionsOf(comparison: Comparison): { title: string; cell: (row: ComparedRow) => string } {
  const executions = (side: Side): number => side.calls + side.errors;
  if (!isPerMinute(comparison)) {
    return { title: 'executions', cell: (row) => both(row, (side) => count(executions(side))) };
  }
  const [before, after] = comparison.times.map(minutesOf);
  const rate = (side: Side, minutes: number): string => (minutes === 0 ? '–' : rateText(executions(side) / minutes));
  return {
    title: 'executions/min',
    cell: (row) =>
      `${row.before === undefined ? '–' : rate(row.before, before)} → ${row.after === undefined ? '–' : rate(row.after, after)}`,
  };
}

function isPerMinute({ differInTime, times }: Comparison): boolean {
  return differInTime && minutesOf(times[0]) !== minutesOf(times[1]);
}

function leftOutLines(comparison: Comparison): string[] {
  return [...leftOutOf(comparison)].map(
    ([source, [before, after]]) =>
      `${source}: ${count(before)} → ${count(after)} executions left out, --all compares them`,
  );
}

function both({ before, after }: ComparedRow, cell: (side: Side) => string): string {
  return `${before === undefined ? '–' : cell(before)} → ${after === undefined ? '–' : cell(after)}`;
}

/** Those that are guessed from the traffic have no id that executions could be counted by. */
function hasRequests({ before, after, perRequest: known }: ComparedRow): boolean {
  return known !== undefined || (before?.requests ?? 0) + (after?.requests ?? 0) > 0;
}

/** "21.0 in 9.91 ms → 2.0 in 2.76 ms": statements of a request, and their time. */
function requestsCell(row: ComparedRow): string {
  const { perRequest: known } = row;
  if (known === undefined) return both(row, perRequest);
  return [known.before, known.after]
    .map(({ statements, timeNs }) => `${statements.toFixed(1)} in ${duration(timeNs / 1e6)}`)
    .join(' → ');
}

function perRequest(side: Side): string {
  if (side.requests === 0) return '–';
  return `${((side.calls + side.errors) / side.requests).toFixed(1)} in ${duration(side.totalNs / side.requests / 1e6)}`;
}

function ms(ns: number | null): string {
  return duration(ns === null ? null : ns / 1e6);
}

function shortened(query: string): string {
  return query.length > 100 ? `${query.slice(0, 99)}…` : query;
}
