// Prints `compare --old … --new …`: the cost of one use of each set, its statements and its plans.
// Invariant: text, JSON and Markdown say the same. Not here: comparing (reports/compare), plans (own-queries/plans.ts).

import type { StatementFacts, StatementFilter, StatementsReport } from '../../facts/answers.js';
import { meanNs, percentileNs } from '../../facts/latency.js';
import { shortSql } from '../../facts/words/short-sql.js';
import { rowJson } from '../../reports/compare/comparison-json.js';
import type { ComparedSets, Use } from '../../reports/compare/sets.js';
import { samplesJson } from '../../reports/forms/samples-json.js';
import type { SamplesReport } from '../../reports/samples.js';
import { count, duration } from '../terminal/format.js';
import { markdownText } from '../terminal/markdown.js';
import { oneLine, print, printJson, type Screen, screenOf, styled } from '../terminal/output.js';
import { renderTable, textWidth } from '../terminal/table.js';
import type { CompareView } from './compare-view.js';
import { type ChangeOptions, changeText, intervalText } from './compare-words.js';

export interface ReadSet {
  readonly reports: readonly StatementsReport[];
  readonly statements: readonly StatementFacts[];
  readonly plans: readonly SamplesReport[];
}

interface SetsView extends CompareView {
  readonly old: ReadSet;
  readonly now: ReadSet;
  /** What both sets have in common. */
  readonly scope: StatementFilter;
}

export function printSets(compared: ComparedSets, view: SetsView): void {
  if (view.form === 'json') printJson(setsJson(compared, view));
  else if (view.form === 'markdown') print(setsMarkdown(compared, view));
  else print(setsText(compared, { ...view, screen: screenOf(process.stdout, process.env) }));
}

function setsText(
  compared: ComparedSets,
  { old, now, scope, verbose, screen }: SetsView & { readonly screen: Screen },
): string {
  const bold = (text: string): string => styled(text, { style: 'bold', screen });
  const lines = [bold(summaryOf(compared, { scope, verbose, screen })), ''];
  for (const [name, set, use] of setsOf(compared, { old, now })) {
    lines.push(bold(`${name}: ${useText(use)}`), statementsTable(set.statements, screen), '');
  }
  const plans = [planText(old), planText(now)];
  if (plans.some((plan) => plan.length > 0)) {
    lines.push(bold('Generic plans'), ...sideBySide(plans[0], plans[1], screen.width));
  }
  return lines.join('\n').trimEnd();
}

function setsMarkdown(compared: ComparedSets, { old, now, scope, verbose }: SetsView): string {
  const lines = [`### ${markdownText(summaryOf(compared, { scope, verbose }))}`, ''];
  for (const [name, set, use] of setsOf(compared, { old, now })) {
    lines.push(
      `**${name}**: ${markdownText(useText(use))}`,
      '',
      '| executions | mean | p95 | statement |',
      '|---|---|---|---|',
    );
    for (const facts of set.statements) {
      const { fingerprint, query } = facts;
      lines.push(
        `| ${count(facts.calls + facts.errors)} | ${meanText(facts)} | ${p95Text(facts)} | \`${fingerprint}\` ${markdownText(query)} |`,
      );
    }
    lines.push('');
    const plan = planText(set);
    if (plan.length > 0) lines.push('```', ...plan.map((line) => line.replaceAll('```', "'''")), '```', '');
  }
  return lines.join('\n').trimEnd();
}

function setsJson(compared: ComparedSets, { old, now }: SetsView): object {
  const side = (set: ReadSet, use: Use): object => ({
    per_use: {
      uses: use.uses,
      by: use.by,
      calls: use.calls,
      rows: use.rows,
      ms: use.timeNs / 1e6,
      variance: use.variance,
    },
    statements: set.statements.map((facts, at) => ({
      fingerprint: facts.fingerprint,
      query: facts.query,
      calls: facts.calls,
      errors: facts.errors,
      rows: facts.rows,
      requests: facts.requests,
      mean_ms: meanNs(facts) / 1e6,
      p95_ms: inMs(percentileNs(facts, 0.95)),
      plan: samplesJson(facts.fingerprint, set.plans[at] ?? { samples: [], plan: undefined }).plan,
    })),
  });
  const interval = { low: compared.low ?? null, high: compared.high ?? null };
  return {
    ...rowJson(compared),
    ...interval,
    old: side(old, compared.beforePerUse),
    new: side(now, compared.afterPerUse),
  };
}

function setsOf(compared: ComparedSets, { old, now }: { old: ReadSet; now: ReadSet }) {
  return [
    ['old', old, compared.beforePerUse],
    ['new', now, compared.afterPerUse],
  ] as const;
}

function summaryOf(compared: ComparedSets, view: ChangeOptions & { readonly scope: StatementFilter }): string {
  const { beforePerUse, afterPerUse } = compared;
  const within = (view.scope.tags ?? []).map(([key, value]) => `${oneLine(key)}=${oneLine(value)}`).join(', ');
  if (compared.before === undefined || compared.after === undefined) {
    const side = compared.before === undefined ? 'old' : 'new';
    return `The ${side} statements did not run in this window${within === '' ? '' : ` with ${within}`}`;
  }
  const times = `${duration(beforePerUse.timeNs / 1e6)} → ${duration(afterPerUse.timeNs / 1e6)}`;
  return `${within === '' ? '' : `${within}: `}per use ${times}: ${changeText(compared, view)}${intervalText(compared)}`;
}

function useText({ uses, by, calls, rows, timeNs }: Use): string {
  const each = `${rows.toFixed(1)} rows, ${duration(timeNs / 1e6)}`;
  if (by === 'executions' && calls === 1) return `${count(uses)} executions, each ${each}`;
  const counted = by === 'requests' ? 'requests' : 'executions of its first statement';
  return `${count(uses)} ${counted}, for each ${calls.toFixed(1)} executions, ${each}`;
}

function statementsTable(statements: readonly StatementFacts[], screen: Screen): string {
  return renderTable(
    statements,
    [
      { title: 'executions', align: 'right', cell: (facts) => count(facts.calls + facts.errors) },
      {
        title: 'failed',
        align: 'right',
        dropOrder: 1,
        cell: (facts) => (facts.errors === 0 ? '' : count(facts.errors)),
      },
      { title: 'rows', align: 'right', dropOrder: 2, cell: (facts) => count(facts.rows) },
      { title: 'mean', align: 'right', cell: meanText },
      { title: 'p95', align: 'right', cell: p95Text },
      { title: 'fingerprint', cell: (facts) => facts.fingerprint },
      { title: 'query', flexible: true, cell: (facts) => oneLine(shortSql(facts.query)) },
    ],
    screen,
  );
}

function meanText(facts: StatementFacts): string {
  return duration(meanNs(facts) / 1e6);
}

function p95Text(facts: StatementFacts): string {
  return duration(inMs(percentileNs(facts, 0.95)));
}

function inMs(ns: number | null): number | null {
  return ns === null ? null : ns / 1e6;
}

/** Lines of all plans of a set; no lines if there are no plans. */
function planText({ statements, plans }: ReadSet): string[] {
  return statements.flatMap(({ fingerprint }) => {
    const plan = plans.find((report) => report.plan?.fingerprint === fingerprint)?.plan;
    if (plan === undefined) return [];
    const lines = plan.plan === '' ? [`no plan: ${plan.problem}`] : plan.plan.split('\n');
    return [`-- ${fingerprint}`, ...lines.map((line) => indentOf(line) + oneLine(line))];
  });
}

function indentOf(line: string): string {
  return /^ */.exec(line)?.[0] ?? '';
}

/** Two texts in two columns if they fit, else one below the other. */
function sideBySide(left: readonly string[], right: readonly string[], width: number): string[] {
  const column = Math.max(...left.map(textWidth), 'old'.length) + 2;
  if (column + Math.max(...right.map(textWidth), 0) > width) return ['old', ...left, '', 'new', ...right];
  const lines = [`${'old'.padEnd(column)}new`];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const text = left[at] ?? '';
    lines.push((text + ' '.repeat(column - textWidth(text)) + (right[at] ?? '')).trimEnd());
  }
  return lines;
}
