// Prints `top`: a header about what was observed, the table, and a line per hidden source.
// Invariant: every execution of the report is in a row, in the line of a hidden source, or in "more" below the table.
// Not here: rows and their order (reports/forms/statements-json.ts).

import type { Observed, SourceSums, StatementFacts, StatementsReport } from '../../facts/answers.js';
import type { FindingFacts } from '../../facts/finding.js';
import type { GapReason } from '../../facts/flush.js';
import { HIDDEN_SOURCES } from '../../facts/verdict.js';
import { statementsJson } from '../../reports/forms/statements-json.js';
import type { StatementsQuery } from '../../reports/questions/grammar.js';
import { count, duration, share, span } from '../terminal/format.js';
import { oneLine, print, printJson, type Screen, screenOf, styled, wrapped } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';
import { findingLines, isTold } from './finding-lines.js';
import { columnsFor, digitsOf } from './top-columns.js';

export interface TopOptions {
  readonly query: StatementsQuery;
  /** Also print rows of housekeeping and tools. */
  readonly all: boolean;
  readonly json: boolean;
  /** The place that was read, for people. */
  readonly read: string;
  /** Sparklines of the rows, by trendKey; undefined = no such column. */
  readonly trends?: ReadonlyMap<string, string>;
  /** Of the window; those of rows that are shown stand below; undefined = none are told. */
  readonly findings?: readonly FindingFacts[];
  /** Flags that name the place, to suggest the next command with; undefined = suggest none. */
  readonly typedPlace?: string;
}

export function printTop(report: StatementsReport, options: TopOptions): void {
  const { query } = options;
  if (options.json) {
    printJson(statementsJson(report, query));
    return;
  }
  print(topText(report, { ...options, screen: screenOf(process.stdout, process.env) }));
}

export function topText(report: StatementsReport, options: TopOptions & { readonly screen: Screen }): string {
  const { query, screen } = options;
  const { sums } = report;
  if (sums.size === 0) return nothing(report, options);
  const shown = statementsJson(report, query).statements;
  const hidden = hiddenFor(options);
  const whole = sumOf(sums, () => true);
  const wholeMs = whole.serviceTotalNs / 1e6;
  const lines = [...boldLines(headerOf(report), screen), ''];
  if (shown.length > 0)
    lines.push(
      renderTable(shown, columnsFor(shown, { sort: query.sort, wholeMs, trends: options.trends, screen }), screen),
    );
  else lines.push('Only housekeeping and tools were observed; --all shows them.');
  const left = less(
    sumOf(sums, (source) => !hidden.includes(source)),
    report.statements,
  );
  if (left.statements > 0) {
    const more = summaryOf(left, whole).replace(/ (statements?),/, ' more $1,');
    lines.push(...dimLines(`${more}: --limit 0 shows all`, screen));
  }
  for (const source of hidden) {
    const sum = sums.get(source);
    if (sum !== undefined) lines.push(...dimLines(`${source}: ${summaryOf(sum, whole)}`, screen));
  }
  const own = new Set(shown.map(({ fingerprint }) => fingerprint));
  const wrong = (options.findings ?? []).filter(({ statements: [about] }) => about && own.has(about.fingerprint));
  lines.push(...findingLines(wrong, screen).map((line) => styled(line, { style: 'dim', screen })));
  if (options.typedPlace !== undefined && shown.length > 0) {
    const digits = digitsOf(shown.map(({ fingerprint }) => fingerprint));
    const next = `pgwitness show ${shown[0].fingerprint.slice(0, digits)}${options.typedPlace}`;
    lines.push('', ...dimLines(`${next}   shows who sends it, and why we think so`, screen));
    const finding = wrong.find(isTold);
    if (finding !== undefined) {
      const why = `pgwitness findings ${finding.id.slice(0, 8)}${options.typedPlace}`;
      lines.push(...dimLines(`${why}   says what is wrong, and what to do`, screen));
    }
  }
  return lines.join('\n');
}

/** A header or footer, broken between words where the screen is narrow. */
export function boldLines(text: string, screen: Screen): string[] {
  return wrapped(text, { width: screen.width }).map((line) => styled(line, { style: 'bold', screen }));
}

export function dimLines(text: string, screen: Screen): string[] {
  return wrapped(text, { width: screen.width }).map((line) => styled(line, { style: 'dim', screen }));
}

/** Hidden sources: each has a line instead of rows. */
export function hiddenFor({ query, all }: Pick<TopOptions, 'query' | 'all'>): readonly string[] {
  return all || HIDDEN_SOURCES.includes(query.filter.source ?? '') ? [] : HIDDEN_SOURCES;
}

function sumOf(sums: ReadonlyMap<string, SourceSums>, counts: (source: string) => boolean): SourceSums {
  const whole: SourceSums = { statements: 0, executions: 0, serviceTotalNs: 0 };
  for (const [source, { statements, executions, serviceTotalNs }] of sums) {
    if (!counts(source)) continue;
    whole.statements += statements;
    whole.executions += executions;
    whole.serviceTotalNs += serviceTotalNs;
  }
  return whole;
}

function less(sum: SourceSums, shown: readonly StatementFacts[]): SourceSums {
  const left = { ...sum };
  for (const { calls, errors, serviceTotalNs } of shown) {
    left.statements--;
    left.executions -= calls + errors;
    left.serviceTotalNs -= serviceTotalNs;
  }
  return left;
}

/** "2026-01-31 08:00 – 08:20 UTC (20 min) · 12,345 executions observed · 0 not observed · 0.4 % unknown" */
export function headerOf({ window, observed }: Pick<StatementsReport, 'window' | 'observed'>): string {
  const parts = [
    span(window.sinceMs, window.untilMs),
    `${count(observed.executions)} executions observed`,
    `${count(observed.notObserved)} not observed${reasons(observed)}`,
    `${share(observed.unknown, observed.executions)} of unknown source`,
  ];
  if (!observed.exact) parts.push(`not exact: ${inexactness(observed)}`);
  return parts.join(' · ');
}

function inexactness({ notObservedByReason }: Observed): string {
  const found = Object.entries(GAPS).flatMap(([reason, words]) => {
    const number = notObservedByReason.get(reason) ?? 0;
    return number === 0 ? [] : [words(number === 1 ? 'once' : `${count(number)} times`)];
  });
  return found.length === 0 ? 'a session could not be followed' : found.join('; ');
}

/** What happened, by the reason of the gap that it left. */
const GAPS: Readonly<Record<GapReason, (times: string) => string>> = {
  killed: (times) => `pgwitness was killed ${times}, and what came after its last flush is missing`,
  unstored: (times) => `${times} the disk did not take counts`,
  damaged: (times) => `the database was damaged or removed ${times}, and a new one begun`,
  refused: (times) => `${times} the database refused to roll up minutes`,
  clock_stepped: (times) => `the clock of the system was set ${times}`,
};

/** Reasons that count something else than executions. */
const EVENTS: ReadonlySet<string> = new Set(['opaque_session', 'loop_late_session', ...Object.keys(GAPS)]);

/** "12 (queue_full 12)" */
export function notObservedText(observed: Observed): string {
  return `${count(observed.notObserved)}${reasons(observed)}`;
}

function reasons({ notObservedByReason }: Observed): string {
  const some = [...notObservedByReason].filter(([reason, number]) => number > 0 && !EVENTS.has(reason));
  return some.length === 0
    ? ''
    : ` (${some.map(([reason, number]) => `${oneLine(reason)} ${count(number)}`).join(', ')})`;
}

function nothing({ observed, window }: StatementsReport, { read }: TopOptions): string {
  if (observed.executions > 0) {
    return `${headerOf({ window, observed })}\n\nNo statement fits these filters. Leave one out, or widen --since.`;
  }
  return [
    `Nothing observed yet in ${oneLine(read)}.`,
    'Let the application connect to pgwitness instead of Postgres (run --listen, by default 127.0.0.1:6433), run some queries,',
    'and try again after two seconds. If you gave --since or --until, try a wider window.',
  ].join('\n');
}

function summaryOf(sum: SourceSums, whole: SourceSums): string {
  const statements = `${count(sum.statements)} ${sum.statements === 1 ? 'statement' : 'statements'}`;
  const time = `${duration(sum.serviceTotalNs / 1e6)} (${share(sum.serviceTotalNs, whole.serviceTotalNs)})`;
  return `${statements}, ${count(sum.executions)} executions, ${time}`;
}
