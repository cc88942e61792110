// Prints `show`: the statement's text, who sends it with the evidence, its times and its errors.
// Invariant: --json has everything that the text has. Not here: finding the statement (cli/reading/find-statement.ts).

import type { StatementFacts, StatementsReport } from '../../facts/answers.js';
import type { SlowSampleRow } from '../../facts/flush.js';
import { samplesJson } from '../../reports/forms/samples-json.js';
import { statementDetailsJson } from '../../reports/forms/statement-json.js';
import { statementsJson } from '../../reports/forms/statements-json.js';
import type { SamplesReport } from '../../reports/samples.js';
import type { TimelineReport } from '../../reports/timeline.js';
import { bytes, count, duration, moment, share } from '../terminal/format.js';
import { oneLine, print, printJson, type Screen, screenOf, severalLines, styled } from '../terminal/output.js';
import { evenly, sparkline } from '../terminal/sparkline.js';
import { type Column, renderTable } from '../terminal/table.js';
import { headerOf } from './top.js';

const SHOWN_MAX = 20;

/** What the store has about a statement besides its counts. */
export interface StatementBackground {
  readonly samples: SamplesReport;
  readonly timeline: TimelineReport;
}

export function printStatement(
  report: StatementsReport,
  options: StatementBackground & { readonly json: boolean },
): void {
  if (options.json) {
    const { slow_samples, plan } = samplesJson(report.statements[0].fingerprint, options.samples);
    printJson({ ...statementDetailsJson(report), slow_samples, plan });
  } else print(statementText(report, { ...options, screen: screenOf(process.stdout, process.env) }));
}

export function statementText(
  report: StatementsReport,
  { screen, samples, timeline }: StatementBackground & { readonly screen: Screen },
): string {
  const first = report.statements[0];
  const title = (text: string): string => styled(text, { style: 'bold', screen });
  const lines = [headerOf(report), '', `${title(first.fingerprint)}  ${oneLine(first.summary)}`, ''];
  lines.push(severalLines(first.query, '  '), '');
  lines.push(`  ${trendOf(timeline)}  total time`, '');
  for (const facts of report.statements) lines.push(...sourceLines(report, { facts, title }));
  const others = first.variants.filter((variant) => variant !== first.query);
  if (others.length > 0) {
    lines.push(title(`Also written as (${others.length})`), ...listed(others), '');
  }
  if (samples.samples.length > 0) lines.push(title('Slowest executions'), samplesTable(samples, screen), '');
  if (samples.plan !== undefined)
    lines.push(title(`Generic plan (${moment(samples.plan.atMs)})`), ...planLines(samples));
  return lines.join('\n').trimEnd();
}

function trendOf({ window, stepMs, points }: TimelineReport): string {
  const sum = (bar: TimelineReport['points']): number => bar.reduce((ns, point) => ns + point.serviceTotalNs, 0);
  return sparkline(evenly(points, { stepMs, width: 60, ...window, join: (bar) => sum([...bar]) }));
}

function samplesTable({ samples }: SamplesReport, screen: Screen): string {
  const columns: Column<SlowSampleRow>[] = [
    { title: '  at', cell: (row) => `  ${new Date(row.atMs).toISOString().slice(0, 19).replace('T', ' ')}` },
    { title: 'took', align: 'right', cell: (row) => duration(row.serviceNs / 1e6) },
    { title: 'rows', align: 'right', cell: (row) => (row.sqlstate === '' ? count(row.rows) : row.sqlstate) },
    {
      title: 'in transaction',
      dropOrder: 1,
      cell: (row) => (row.transactionPosition === 0 ? '' : `statement ${row.transactionPosition}`),
    },
    { title: 'pool', dropOrder: 2, cell: (row) => oneLine(row.pool) },
    { title: 'trace or request', cell: (row) => oneLine(row.traceId || row.requestId) },
    { title: 'tags', flexible: true, cell: (row) => oneLine(row.tagSet) },
  ];
  // A column without any value is left out.
  const known = columns.filter(({ cell }) => samples.some((sample) => cell(sample).trim() !== ''));
  return renderTable(samples, known, screen);
}

function planLines({ plan }: SamplesReport): string[] {
  if (plan === undefined) return [];
  return plan.plan === '' ? [`  none: ${oneLine(plan.problem)}`] : [severalLines(plan.plan, '  ')];
}

interface SourceBlock {
  readonly facts: StatementFacts;
  readonly title: (text: string) => string;
}

function sourceLines(report: StatementsReport, { facts, title }: SourceBlock): string[] {
  const { statements } = statementsJson({ ...report, statements: [facts] }, { sort: 'total', limit: 1 });
  const row = statements[0];
  const executions = facts.calls + facts.errors;
  const lines = [
    title(`Sent by ${oneLine(facts.source)}${row.construct === '' ? '' : `, as ${oneLine(row.construct)}`}`),
    `  confidence  ${row.confidence}${mixOf(facts.byConfidence)}`,
  ];
  if (facts.byConstruct.size > 1) lines.push(`  constructs  ${mix(facts.byConstruct)}`);
  for (const [index, { rule, saw }] of facts.evidence.entries()) {
    lines.push(`  ${index === 0 ? 'because   ' : '          '}  ${oneLine(saw)} (${oneLine(rule)})`);
  }
  lines.push(
    `  calls       ${count(facts.calls)}${facts.batchedCalls > 0 ? `, ${count(facts.batchedCalls)} of them pipelined` : ''}`,
    `  errors      ${facts.errors === 0 ? 'none' : `${count(facts.errors)} (${share(facts.errors, executions)}): ${mix(facts.errorsBySqlstate)}`}`,
    `  time        total ${duration(row.total_ms)}, mean ${duration(row.mean_ms)}, min ${duration(row.min_ms)}, max ${duration(row.max_ms)}`,
    `  percentiles p50 ${duration(row.p50_ms)}, p95 ${duration(row.p95_ms)}, p99 ${duration(row.p99_ms)}`,
    `  rows        ${count(facts.rows)} (${perExecution(facts.rows, executions)} each)`,
    `  traffic     ${bytes(facts.requestBytes)} sent, ${bytes(facts.responseBytes)} received`,
  );
  if (facts.firstRowCount > 0) {
    lines.push(
      `  first row   after ${duration(facts.firstRowTotalNs / facts.firstRowCount / 1e6)} on average, in large results`,
    );
  }
  if (facts.clientStallTotalNs > 0) {
    lines.push(
      `  stalled     ${duration(facts.clientStallTotalNs / 1e6)} of the total, waiting for the client to read`,
    );
  }
  lines.push(`  seen        ${moment(facts.firstSeenMs)} to ${moment(facts.lastSeenMs)}`);
  lines.push(`  pools       ${[...facts.pools].map(oneLine).join(', ') || 'none'}`);
  for (const [key, values] of facts.tags) {
    const some = [...values].slice(0, SHOWN_MAX).map(oneLine).join(', ');
    lines.push(
      `  ${oneLine(key).padEnd(11)} ${some}${values.size > SHOWN_MAX ? `, … ${values.size - SHOWN_MAX} more` : ''}`,
    );
  }
  return [...lines, ''];
}

function listed(texts: readonly string[]): string[] {
  const lines = texts.slice(0, SHOWN_MAX).map((text) => `  ${oneLine(text)}`);
  return texts.length > SHOWN_MAX ? [...lines, `  … ${texts.length - SHOWN_MAX} more`] : lines;
}

function mixOf(counts: ReadonlyMap<string, number>): string {
  return counts.size > 1 ? ` (${mix(counts)})` : '';
}

function mix(counts: ReadonlyMap<string, number>): string {
  const falling = [...counts].sort((a, b) => b[1] - a[1]);
  return falling.map(([name, number]) => `${name === '' ? 'unknown' : oneLine(name)} ${count(number)}`).join(', ');
}

function perExecution(total: number, executions: number): string {
  if (executions === 0) return '0';
  const each = total / executions;
  return each >= 10 || Number.isInteger(each) ? count(each) : each.toFixed(1);
}
