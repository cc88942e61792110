// Prints `findings`: a line per finding, severest first; and one with its next step and an example.
// Not here: the JSON form (reports/forms/findings-json.ts), the words (analyzer/findings).

import type { FindingFacts, FindingSample } from '../../facts/finding.js';
import type { SampledStatement } from '../../facts/rollup-row.js';
import type { FindingsReport } from '../../reports/findings.js';
import { findingDetailsJson, findingsJson } from '../../reports/forms/findings-json.js';
import { roleIn } from '../../reports/units/finding-sample.js';
import { count, duration, span } from '../terminal/format.js';
import { oneLine, print, printJson, type Screen, screenOf, styled, wrapped } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';
import { printVerdicts, type Verdict } from '../terminal/verdicts.js';
import { isTold } from './finding-lines.js';
import { unitWords, waterfall } from './waterfall.js';

const LINES_MAX = 10;

export function printFindings(
  report: FindingsReport,
  { json, all, read }: { readonly json: boolean; readonly all: boolean; readonly read: string },
): void {
  if (printVerdicts('findings', () => findingVerdicts(report, { all }))) return;
  if (json) printJson(findingsJson(report, { all }));
  else print(findingsText(report, { all, read, screen: screenOf(process.stdout, process.env) }));
}

export function printFinding(
  finding: FindingFacts,
  { json, sample }: { readonly json: boolean; readonly sample: FindingSample | undefined },
): void {
  if (json) printJson(findingDetailsJson(finding, sample));
  else print(findingText(finding, { sample, screen: screenOf(process.stdout, process.env) }));
}

/** Open ones are warnings, severe ones faults. */
function findingVerdicts({ findings }: FindingsReport, { all }: { readonly all: boolean }): Verdict[] {
  const told = findings.filter(({ state, confidence }) => all || (state === 'open' && confidence === 'strong'));
  return told.map((finding) => {
    const caller = /^(.*):(\d+)(?: .*)?$/.exec(finding.callers[0] ?? '');
    return {
      name: `${oneLine(finding.title)} (${finding.id.slice(0, 8)})`,
      group: finding.kind,
      file: oneLine(caller?.[1] ?? ''),
      line: Number(caller?.[2] ?? 0),
      level: finding.severity === 'high' && finding.state === 'open' ? 'error' : 'warning',
      message: oneLine(`${finding.explanation} Next: ${finding.nextStep}`),
    };
  });
}

function findingsText(
  { findings, window }: FindingsReport,
  { all, read, screen }: { readonly all: boolean; readonly read: string; readonly screen: Screen },
): string {
  const open = findings.filter(isTold);
  const places = byPlace(open.sort((a, b) => Number(b.isNew) - Number(a.isNew)));
  const shown = all ? findings : places.slice(0, LINES_MAX);
  const accepted = findings.filter(({ state }) => state === 'accepted');
  const left = findings.length - shown.length - (all ? 0 : accepted.length);
  const more = left <= 0 ? '' : `${left} more (of the same lines, candidates, weak or quiet ones): --all lists them.`;
  const granted = accepted.map(
    ({ id, title, acceptedReason }) => `Accepted: ${id.slice(0, 8)} ${oneLine(title)} (${oneLine(acceptedReason)})`,
  );
  if (shown.length === 0) {
    const nothing = `Nothing is wrong that can be proven, in ${oneLine(read)} in this window. ${more}`.trimEnd();
    return [nothing, ...granted].join('\n');
  }
  const head = `${span(window.sinceMs, window.untilMs)} · ${shown.length} ${shown.length === 1 ? 'finding' : 'findings'}`;
  const lines = [styled(head, { style: 'bold', screen }), '', table(shown, { all, screen })];
  lines.push('', `pgwitness findings ${shown[0].id.slice(0, 8)} shows the first: why, and what to do.`);
  if (more !== '') lines.push(more);
  lines.push(...granted);
  return lines.join('\n');
}

/** One per kind and line of code, where that is known: the weightiest, in the order given. */
function byPlace(findings: readonly FindingFacts[]): FindingFacts[] {
  const places = new Set<string>();
  return findings.filter(({ kind, callers: [caller] }) => {
    if (caller === undefined) return true;
    const place = `${kind} ${caller}`;
    const isFirst = !places.has(place);
    places.add(place);
    return isFirst;
  });
}

function table(findings: readonly FindingFacts[], { all, screen }: { all: boolean; screen: Screen }): string {
  return renderTable(
    findings,
    [
      { title: 'id', cell: ({ id }) => id.slice(0, 8) },
      { title: 'severity', cell: ({ severity, isNew }) => `${severity}${isNew ? ', new' : ''}` },
      ...(all ? [{ title: 'state', cell: ({ state, confidence }: FindingFacts) => `${state}, ${confidence}` }] : []),
      { title: 'where', dropOrder: 1, cell: whereOf },
      { title: 'units', align: 'right', dropOrder: 2, cell: ({ units }) => count(units) },
      { title: 'a day', align: 'right', dropOrder: 3, cell: ({ costMsPerDay }) => duration(costMsPerDay) },
      { title: 'finding', flexible: true, cell: ({ title }) => oneLine(title) },
    ],
    screen,
  );
}

function whereOf({ callers, routes }: FindingFacts): string {
  return oneLine(callers[0] ?? routes[0] ?? 'untagged');
}

/** `sample`: a unit that shows it. */
export function findingText(
  finding: FindingFacts,
  { sample, screen }: { readonly sample: FindingSample | undefined; readonly screen: Screen },
): string {
  const { width } = screen;
  const say = (text: string): string[] => wrapped(oneLine(text), { width });
  const fact = (name: string, text: string): string[] =>
    wrapped(`  ${name.padEnd(10)}  ${oneLine(text)}`, { width, indent: ' '.repeat(14) });
  const lines = [
    styled(oneLine(finding.title), { style: 'bold', screen }),
    '',
    ...say(finding.explanation),
    '',
    ...say(`Next: ${finding.nextStep}`),
    '',
    ...fact('kind', `${finding.kind}, severity ${finding.severity}, ${finding.confidence}, ${finding.state}`),
    ...fact('seen in', `${seenIn(finding)}, ${span(finding.firstSeenMs, finding.lastSeenMs)}`),
    ...fact('costs', `${duration(finding.costMsPerDay)} a day at this rate`),
  ];
  if (finding.isNew) lines.push(...fact('new', 'since the last mark'));
  if (finding.state === 'accepted') lines.push(...fact('accepted', finding.acceptedReason));
  if (finding.routes.length > 0) lines.push(...fact('routes', finding.routes.join(', ')));
  if (finding.callers.length > 0) lines.push(...fact('callers', finding.callers.join(', ')));
  lines.push(...fact('pools', finding.pools.join(', ')), '');
  for (const { role, source, fingerprint, query } of finding.statements) {
    lines.push(
      `  ${role.padEnd(10)}  ${source} ${fingerprint}`,
      ...wrapped(`    ${oneLine(query)}`, { width, indent: '    ' }),
    );
  }
  if (sample !== undefined) lines.push('', ...sampleLines(finding, { sample, screen }));
  return lines.join('\n');
}

function seenIn({ units, unit }: FindingFacts): string {
  return `${count(units)} ${unit === 'direct' ? 'requests' : 'units found by the traffic'}`;
}

function sampleLines(
  finding: FindingFacts,
  { sample: { unit, queries }, screen }: { readonly sample: FindingSample; readonly screen: Screen },
): string[] {
  const what = unit.found === 'direct' ? 'A request' : 'A unit of work';
  const partOf = (statement: SampledStatement): string => roleIn(finding, statement) ?? '';
  const head = wrapped(`${what} that shows it: ${unitWords(unit)}`, { ...screen, indent: '  ' });
  return [...head, '', waterfall(unit, { queries, screen, partOf })];
}
