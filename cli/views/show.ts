// Prints `show`: the statement's text, who sends it with the evidence, its times and its errors.
// Invariant: --json has everything that the text has. Not here: finding the statement
// (reports/questions/find-statement.ts).

import { tagsIn } from '../../config/values/tag-set.js';
import type { StatementFacts, StatementsReport } from '../../facts/answers.js';
import type { FindingFacts } from '../../facts/finding.js';
import type { SlowSampleRow } from '../../facts/flush.js';
import { HIDDEN_SOURCES } from '../../facts/verdict.js';
import { laidOut } from '../../facts/words/sql-pieces.js';
import { namedSqlstate } from '../../facts/words/sqlstates.js';
import { titleOf } from '../../facts/words/titles.js';
import { samplesJson } from '../../reports/forms/samples-json.js';
import { statementDetailsJson } from '../../reports/forms/statement-json.js';
import { statementsJson } from '../../reports/forms/statements-json.js';
import type { SamplesReport } from '../../reports/samples.js';
import type { TimelineReport } from '../../reports/timeline.js';
import { bytes, count, duration, moment, share, span } from '../terminal/format.js';
import {
  coloured,
  oneLine,
  print,
  printJson,
  type Screen,
  screenOf,
  severalLines,
  styled,
  wrapped,
} from '../terminal/output.js';
import { evenly, sparkline } from '../terminal/sparkline.js';
import { type Column, renderTable } from '../terminal/table.js';
import { findingLines, isTold } from './finding-lines.js';
import { headerOf } from './top.js';

const SHOWN_MAX = 20;

/** What the store has about a statement besides its counts. */
export interface StatementBackground {
  readonly samples: SamplesReport;
  readonly timeline: TimelineReport;
  /** Of the window; those about this statement are shown. */
  readonly findings: readonly FindingFacts[];
}

export function printStatement(
  report: StatementsReport,
  options: StatementBackground & { readonly json: boolean },
): void {
  if (options.json) {
    const { slow_samples, plan } = samplesJson(report.statements[0].fingerprint, options.samples);
    const findings = findingsAbout(report, options).filter(isTold);
    printJson({ ...statementDetailsJson(report), findings: findings.map(({ id }) => id), slow_samples, plan });
  } else print(statementText(report, { ...options, screen: screenOf(process.stdout, process.env) }));
}

export function statementText(
  report: StatementsReport,
  options: StatementBackground & { readonly screen: Screen },
): string {
  const { screen, samples, timeline } = options;
  const first = report.statements[0];
  const title = (text: string): string => styled(text, { style: 'bold', screen });
  const lines = [...wrapped(headerOf(report), screen), ''];
  lines.push(`${title(first.fingerprint)}  ${oneLine(titleOf(first))}`, '', ...sqlLines(first.query, screen), '');
  if (timeline.points.length > 1) lines.push(...trendLines(timeline, screen), '');
  for (const facts of report.statements) {
    lines.push(
      ...sourceLines(report, { facts, title, screen }).flatMap((line) => wrapped(line, { ...screen, indent: INDENT })),
    );
  }
  const wrong = findingLines(findingsAbout(report, options), screen);
  if (wrong.length > 0) lines.push(title('Findings'), ...wrong.map((line) => `  ${line}`), '');
  const others = first.variants.filter((variant) => variant !== first.query);
  if (others.length > 0) {
    lines.push(title(`Also written as (${others.length})`), ...listed(others), '');
  }
  if (samples.samples.length > 0) lines.push(title('Slowest executions'), samplesTable(samples, screen), '');
  if (samples.plan !== undefined)
    lines.push(title(`Generic plan (${moment(samples.plan.atMs)})`), ...planLines(samples));
  return lines.join('\n').trimEnd();
}

function findingsAbout({ statements }: StatementsReport, { findings }: StatementBackground): FindingFacts[] {
  const { fingerprint } = statements[0];
  return findings.filter((finding) => finding.statements.some((one) => one.fingerprint === fingerprint));
}

/** The continuation of a line that begins with a name. */
const INDENT = ' '.repeat(14);

/** A line per clause; what is longer than the screen goes on below. */
function sqlLines(query: string, { width }: Screen): string[] {
  const text = laidOut(query)
    .map((piece) => piece.text)
    .join('');
  return severalLines(text, '  ')
    .split('\n')
    .flatMap((line) => wrapped(line, { width, indent: `${/^ */.exec(line)![0]}  ` }));
}

function trendLines({ window, stepMs, points }: TimelineReport, screen: Screen): string[] {
  const join = (bar: readonly { serviceTotalNs: number }[]): number =>
    bar.reduce((ns, point) => ns + point.serviceTotalNs, 0);
  const width = Math.min(60, screen.width - 4);
  const bars = sparkline(evenly(points, { stepMs, width, ...window, join }));
  return [`  ${bars}`, `  total time, ${span(window.sinceMs, window.untilMs)}, highest bar = most`];
}

function samplesTable({ samples }: SamplesReport, screen: Screen): string {
  const columns: Column<SlowSampleRow>[] = [
    { title: '  at', cell: (row) => `  ${new Date(row.atMs).toISOString().slice(0, 19).replace('T', ' ')}` },
    { title: 'took', align: 'right', cell: (row) => duration(row.serviceNs / 1e6) },
    {
      title: 'rows',
      align: 'right',
      cell: (row) => (row.sqlstate === '' ? count(row.rows) : oneLine(namedSqlstate(row.sqlstate))),
    },
    {
      title: 'in transaction',
      dropOrder: 1,
      cell: (row) => (row.transactionPosition === 0 ? '' : `statement ${row.transactionPosition}`),
    },
    { title: 'pool', dropOrder: 2, cell: (row) => oneLine(row.pool) },
    { title: 'sent from', flexible: true, cell: (row) => oneLine(placesOf(row.tagSet)) },
    { title: 'trace or request', dropOrder: 3, cell: (row) => oneLine(row.traceId || row.requestId) },
  ];
  // A column without any value is left out.
  const known = columns.filter(({ cell }) => samples.some((sample) => cell(sample).trim() !== ''));
  return renderTable(samples, known, screen);
}

/** `reports.py:41 · reports/dead-stock · app_version=42`: the values that name themselves, then the rest. */
function placesOf(tagSet: string): string {
  const tags = Object.entries(tagsIn(tagSet));
  const rank = ([key]: readonly [string, unknown]): number => (FIRST_TAGS.includes(key) ? FIRST_TAGS.indexOf(key) : 9);
  const ordered = tags.sort((a, b) => rank(a) - rank(b));
  return ordered.map(([key, value]) => (FIRST_TAGS.includes(key) ? value : `${key}=${value}`)).join(' · ');
}

function planLines({ plan }: SamplesReport): string[] {
  if (plan === undefined) return [];
  // 42501: insufficient_privilege.
  const rights = plan.problem.endsWith('(42501)') ? '; docs/DEPLOY.md names the rights that plans need' : '';
  // What EXPLAIN prints is read by its columns, so it is not wrapped.
  return plan.plan === '' ? [`  none: ${oneLine(plan.problem)}${rights}`] : [severalLines(plan.plan, '  ')];
}

interface SourceBlock {
  readonly facts: StatementFacts;
  readonly title: (text: string) => string;
  readonly screen: Screen;
}

function sourceLines(report: StatementsReport, { facts, title, screen }: SourceBlock): string[] {
  const { statements } = statementsJson({ ...report, statements: [facts] }, { sort: 'total', limit: 1 });
  const row = statements[0];
  const executions = facts.calls + facts.errors;
  const lines = [
    `${title('Sent by')} ${coloured(oneLine(facts.source), { source: facts.source, screen })}${row.construct === '' ? constructUnknown(facts.source) : `, as ${oneLine(row.construct)}`}`,
    ...tagLines(facts),
    `  pools       ${[...facts.pools].map(oneLine).join(', ') || 'none'}`,
    `  confidence  ${row.confidence}${mixOf(facts.byConfidence)}`,
  ];
  if (facts.byConstruct.size > 1) lines.push(`  constructs  ${mix(facts.byConstruct)}`);
  for (const [index, { rule, saw }] of facts.evidence.entries()) {
    lines.push(`  ${index === 0 ? 'because   ' : '          '}  ${oneLine(saw)} (${oneLine(rule)})`);
  }
  lines.push(
    `  executions  ${count(executions)}${facts.batchedCalls > 0 ? `, ${count(facts.batchedCalls)} of them pipelined` : ''}`,
    `  errors      ${facts.errors === 0 ? 'none' : `${count(facts.errors)} (${share(facts.errors, executions)}): ${mix(named(facts.errorsBySqlstate))}`}`,
    `  time        total ${duration(row.total_ms)}, mean ${duration(row.mean_ms)}, min ${duration(row.min_ms)}, max ${duration(row.max_ms)}`,
    `  percentiles p50 ${duration(row.p50_ms)}, p95 ${duration(row.p95_ms)}, p99 ${duration(row.p99_ms)}`,
    `  rows        ${count(facts.rows)} (${perExecution(facts.rows, executions)} each)`,
    `  traffic     ${bytes(facts.requestBytes)} sent by the client, ${bytes(facts.responseBytes)} by Postgres`,
  );
  if (facts.firstRowCount > 0) {
    const meanMs = facts.firstRowTotalNs / facts.firstRowCount / 1e6;
    lines.push(`  first row   after ${duration(meanMs)} on average`);
  }
  if (facts.clientStallTotalNs > 0) {
    lines.push(
      `  stalled     ${duration(facts.clientStallTotalNs / 1e6)} of the total, waiting for the client to read`,
    );
  }
  lines.push(`  seen        ${moment(facts.firstSeenMs)} to ${moment(facts.lastSeenMs)}`);
  return [...lines, ''];
}

/** `raw` alone stands beside `raw/cursor` in lists. */
function constructUnknown(source: string): string {
  return source === 'raw' ? ': by hand; by which call (cursor, raw(), …) is known from tags alone' : '';
}

function named(bySqlstate: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...bySqlstate].map(([sqlstate, errors]) => [namedSqlstate(sqlstate), errors]));
}

/** What people look for first: the places in the code, then the routes. */
const FIRST_TAGS = ['caller', 'route', 'job'];

function tagLines({ tags, source }: StatementFacts): string[] {
  if (tags.size === 0 && !HIDDEN_SOURCES.includes(source))
    return ['  caller      not tagged: clients/python adds the line of code, the route and the job'];
  const rank = (key: string): number => (FIRST_TAGS.includes(key) ? FIRST_TAGS.indexOf(key) : FIRST_TAGS.length);
  const keys = [...tags.keys()].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return keys.map((key) => {
    const values = [...tags.get(key)!];
    const more = values.length > SHOWN_MAX ? `, and ${values.length - SHOWN_MAX} more` : '';
    return `  ${oneLine(key).padEnd(11)} ${values.slice(0, SHOWN_MAX).map(oneLine).join(', ')}${more}`;
  });
}

function listed(texts: readonly string[]): string[] {
  const lines = texts.slice(0, SHOWN_MAX).map((text) => `  ${oneLine(text)}`);
  return texts.length > SHOWN_MAX ? [...lines, `  and ${texts.length - SHOWN_MAX} more`] : lines;
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
