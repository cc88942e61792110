// The result of a check for machines: JUnit XML, and the annotations of GitHub.
// Invariant: text from traffic can neither end an element nor begin a command. Not here: JSON
// (reports/check/check-json.ts).
// Sources: the JUnit XML that Jenkins and GitLab read; GitHub's "Workflow commands".

import type { CheckResult, FailedJudged } from '../../../reports/check/judge.js';
import { oneLine } from '../../terminal/output.js';

export function checkJunit(result: CheckResult): string {
  const { conditions, failed, notShown } = result;
  const bad = conditions.filter(({ outcome }) => outcome !== 'passed').length;
  const counts = `tests="${conditions.length}" failures="${bad}" errors="0" skipped="0"`;
  const cases = conditions.map(({ text, outcome }) => {
    const open = `    <testcase classname="pgwitness" name="${xml(text)}"`;
    if (outcome === 'passed') return `${open}/>`;
    const said = [
      ...failed.filter(({ condition }) => condition === text).map(failureLine),
      ...notShown.filter(({ condition }) => condition === text).map(({ what }) => `not shown: ${oneLine(what)}`),
    ];
    const message = xml(said[0] ?? outcome);
    return `${open}>\n      <failure type="${xml(outcome)}" message="${message}">${xml(said.join('\n'))}</failure>\n    </testcase>`;
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
    const place = file === undefined ? '' : `file=${property(file)},line=${line},`;
    return `::error ${place}title=${property(`pgwitness ${one.condition}`)}::${message(failureLine(one))}`;
  });
  for (const { condition, what } of notShown) {
    lines.push(`::error title=${property(`pgwitness ${condition}`)}::${message(`not shown: ${oneLine(what)}`)}`);
  }
  return [...new Set(lines)].map((line) => `${line}\n`).join('');
}

function failureLine({ what, callers = [], query = '' }: FailedJudged): string {
  const from = callers.length === 0 ? '' : ` at ${callers.map(oneLine).join(', ')}`;
  return `${oneLine(what)}${from}${query === '' ? '' : `: ${oneLine(query)}`}`;
}

function message(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return message(oneLine(text)).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

function xml(text: string): string {
  const plain = text.replace(/[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
  const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return plain.replace(/[&<>"]/g, (character) => escapes[character]);
}
