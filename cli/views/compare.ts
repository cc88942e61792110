// Prints `compare` for two windows or two values of a tag, as text, JSON or Markdown.
// Invariant: the three say the same, and each judgement comes with its test. Not here: comparing (reports/compare).

import type { StatementsReport } from '../../facts/answers.js';
import { shortSql } from '../../facts/words/short-sql.js';
import type { ComparedRow, Side } from '../../reports/compare/compare.js';
import type { ComparedSide } from '../reading/compare-windows.js';
import { count, duration, span } from '../terminal/format.js';
import { oneLine, print, printJson, type Screen, screenOf, styled } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';

export interface Comparison {
  readonly sides: readonly [ComparedSide, ComparedSide];
  readonly reports: readonly [StatementsReport, StatementsReport];
  /** All statements of both sides. */
  readonly whole: ComparedRow;
  /** Per statement, or per value of `groupBy`. */
  readonly rows: readonly ComparedRow[];
  readonly groupBy?: string;
}

export interface CompareView {
  readonly form: 'json' | 'markdown' | 'text';
  readonly limit: number;
}

export function printComparison(comparison: Comparison, { form, limit }: CompareView): void {
  const rows = limit === 0 ? comparison.rows : comparison.rows.slice(0, limit);
  if (form === 'json') printJson(comparisonJson({ ...comparison, rows }));
  else if (form === 'markdown') print(comparisonMarkdown({ ...comparison, rows }));
  else
    print(
      comparisonText(
        { ...comparison, rows },
        { screen: screenOf(process.stdout, process.env), all: comparison.rows.length },
      ),
    );
}

function comparisonText(comparison: Comparison, { screen, all }: { screen: Screen; all: number }): string {
  const { whole, rows, groupBy } = comparison;
  const lines = headLines(comparison).map((line) => styled(line, { style: 'bold', screen }));
  lines.push('', wholeLine(whole), '');
  if (rows.length === 0) return [...lines, 'No statement fits on either side.'].join('\n');
  lines.push(
    renderTable(
      rows,
      [
        { title: 'change', cell: changeText },
        { title: 'mean', align: 'right', cell: (row) => both(row, (side) => duration(side.meanNs / 1e6)) },
        { title: 'p95', align: 'right', dropOrder: 1, cell: (row) => both(row, (side) => ms(side.p95Ns)) },
        { title: 'p99', align: 'right', dropOrder: 4, cell: (row) => both(row, (side) => ms(side.p99Ns)) },
        { title: 'calls', align: 'right', dropOrder: 0, cell: (row) => both(row, (side) => count(side.calls)) },
        { title: 'rows', align: 'right', dropOrder: 5, cell: (row) => both(row, (side) => count(side.rows)) },
        { title: 'errors', align: 'right', dropOrder: 3, cell: (row) => both(row, (side) => count(side.errors)) },
        { title: 'per request', align: 'right', dropOrder: 6, cell: (row) => both(row, perRequest) },
        { title: 'source', dropOrder: 2, cell: (row) => oneLine(row.source) },
        { title: groupBy === undefined ? 'fingerprint' : oneLine(groupBy), cell: (row) => oneLine(row.key) },
        { title: groupBy === undefined ? 'query' : '', flexible: true, cell: (row) => oneLine(shortSql(row.query)) },
      ],
      screen,
    ),
  );
  if (all > rows.length)
    lines.push(styled(`… ${count(all - rows.length)} more: --limit 0 shows all`, { style: 'dim', screen }));
  return lines.join('\n');
}

function comparisonMarkdown(comparison: Comparison): string {
  const { sides, whole, rows, groupBy } = comparison;
  const [before, after] = sides.map(({ label }) => markdownText(label));
  const lines = [
    `### ${before} → ${after}`,
    '',
    ...headLines(comparison).map((line) => `- ${markdownText(line)}`),
    `- ${markdownText(wholeLine(whole))}`,
    '',
    `| change | mean | p95 | calls | errors | per request | ${groupBy === undefined ? 'statement' : markdownText(groupBy)} |`,
    '|---|---|---|---|---|---|---|',
  ];
  for (const row of rows) {
    const name =
      groupBy === undefined ? `\`${row.key}\` ${markdownText(shortened(shortSql(row.query)))}` : markdownText(row.key);
    const cells = [
      markdownText(changeText(row)),
      both(row, (side) => duration(side.meanNs / 1e6)),
      both(row, (side) => ms(side.p95Ns)),
      both(row, (side) => count(side.calls)),
      both(row, (side) => count(side.errors)),
      both(row, perRequest),
      name,
    ];
    lines.push(`| ${cells.join(' | ')} |`);
  }
  return lines.join('\n');
}

function comparisonJson({ sides, reports, whole, rows, groupBy }: Comparison): object {
  return {
    sides: sides.map(({ label }, at) => ({
      label,
      window: {
        since: new Date(reports[at].window.sinceMs).toISOString(),
        until: new Date(reports[at].window.untilMs).toISOString(),
      },
      not_observed: reports[at].observed.notObserved,
      exact: reports[at].observed.exact,
    })),
    group_by: groupBy ?? null,
    whole: rowJson(whole),
    rows: rows.map(rowJson),
  };
}

export function rowJson({ key, source, query, before, after, factor, judgement, test, p }: ComparedRow): object {
  return {
    key,
    source,
    query,
    factor: factor ?? null,
    judgement,
    test: test === '' ? null : test,
    p,
    before: before === undefined ? null : sideJson(before),
    after: after === undefined ? null : sideJson(after),
  };
}

function sideJson(side: Side): object {
  const inMs = (ns: number | null): number | null => (ns === null ? null : ns / 1e6);
  const tagged = side.requests > 0;
  return {
    calls: side.calls,
    errors: side.errors,
    rows: side.rows,
    requests: side.requests,
    total_ms: inMs(side.totalNs),
    mean_ms: inMs(side.meanNs),
    p50_ms: inMs(side.p50Ns),
    p95_ms: inMs(side.p95Ns),
    p99_ms: inMs(side.p99Ns),
    calls_per_request: tagged ? (side.calls + side.errors) / side.requests : null,
    ms_per_request: tagged ? side.totalNs / side.requests / 1e6 : null,
  };
}

/** "12.4× slower (Mann–Whitney U, p < 0.001)". */
export function changeText({ judgement, factor, test, p }: ComparedRow): string {
  if (judgement === 'new' || judgement === 'gone') return judgement;
  if (factor === undefined) return judgement;
  const times = factor >= 1 ? `${factorText(factor)}× slower` : `${factorText(1 / factor)}× faster`;
  const chance = p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`;
  if (judgement === 'too few') return `${times}, too few to tell`;
  if (judgement === 'no clear difference') return `no clear difference (${times})`;
  // A mean can fall while most executions got slower: print the judgement, then the mean.
  const agrees = judgement === 'slower' ? factor >= 1 : factor < 1;
  return agrees ? `${times} (${test}, ${chance})` : `${judgement} mostly, mean ${times} (${test}, ${chance})`;
}

function factorText(factor: number): string {
  return factor >= 99.95 ? count(factor) : factor >= 9.995 ? factor.toFixed(1) : factor.toFixed(2);
}

function headLines({ sides, reports }: Comparison): string[] {
  return sides.map(({ label }, at) => {
    const { window, observed } = reports[at];
    const lost = observed.notObserved === 0 ? '' : `, ${count(observed.notObserved)} executions not observed`;
    return `${at === 0 ? 'before' : 'after '}  ${oneLine(label)}: ${span(window.sinceMs, window.untilMs)}${lost}`;
  });
}

function wholeLine(whole: ComparedRow): string {
  const calls = both(whole, (side) => count(side.calls));
  const total = both(whole, (side) => duration(side.totalNs / 1e6));
  const mean = both(whole, (side) => duration(side.meanNs / 1e6));
  return `All statements: calls ${calls}, total ${total}, mean ${mean}`;
}

function both({ before, after }: ComparedRow, cell: (side: Side) => string): string {
  return `${before === undefined ? '–' : cell(before)} → ${after === undefined ? '–' : cell(after)}`;
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

/** Escapes text from traffic, so that it cannot end a cell or begin markup. */
export function markdownText(text: string): string {
  return oneLine(text).replace(/[\\`*_{}[\]<>|#]/g, '\\$&');
}
