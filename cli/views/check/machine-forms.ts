// The result of a check for machines: JUnit XML, and the annotations of GitHub.
// Invariant: text from traffic can neither end an element nor begin a command. Not here: JSON
// (reports/check/check-json.ts), escapes (terminal/machine-text.ts).
// Source: the JUnit XML that Jenkins and GitLab read.

import type { CheckResult, FailedJudged } from '../../../reports/check/judge.js';
import { commandMessage, commandProperty, xmlText } from '../../terminal/machine-text.js';
import { oneLine } from '../../terminal/output.js';

export function checkJunit(result: CheckResult): string {
  const { conditions, failed, notShown } = result;
  const bad = conditions.filter(({ outcome }) => outcome !== 'passed').length;
  const counts = `tests="${conditions.length}" failures="${bad}" errors="0" skipped="0"`;
  const cases = conditions.map(({ text, outcome }) => {
    const open = `    <testcase classname="pgwitness" name="${xmlText(text)}"`;
    if (outcome === 'passed') return `${open}/>`;
    const said = [
      ...failed.filter(({ condition }) => condition === text).map(failureLine),
      ...notShown.filter(({ condition }) => condition === text).map(({ what }) => `not shown: ${oneLine(what)}`),
    ];
    const message = xmlText(said[0] ?? outcome);
    return `${open}>\n      <failure type="${xmlText(outcome)}" message="${message}">${xmlText(said.join('\n'))}</failure>\n    </testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="pgwitness check" ${counts}>`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** A line per failure and doubt, each at its line of code where that is known. */
export function githubAnnotations({ failed, notShown }: CheckResult): string {
  const lines = failed.map((one) => {
    const [, file, line] = /^(.+):(\d+)$/.exec(one.callers?.[0] ?? '') ?? [];
    const place = file === undefined ? '' : `file=${commandProperty(oneLine(file))},line=${line},`;
    return `::error ${place}title=${commandProperty(oneLine(`pgwitness ${one.condition}`))}::${commandMessage(failureLine(one))}`;
  });
  for (const { condition, what } of notShown) {
    lines.push(
      `::error title=${commandProperty(oneLine(`pgwitness ${condition}`))}::${commandMessage(`not shown: ${oneLine(what)}`)}`,
    );
  }
  return [...new Set(lines)].map((line) => `${line}\n`).join('');
}

function failureLine({ what, callers = [], query = '' }: FailedJudged): string {
  const from = callers.length === 0 ? '' : ` at ${callers.map(oneLine).join(', ')}`;
  return `${oneLine(what)}${from}${query === '' ? '' : `: ${oneLine(query)}`}`;
}
