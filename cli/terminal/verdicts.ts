// Prints verdicts for machines of CI: JUnit XML, and annotations of GitHub Actions.
// Invariant: warnings never fail a build. Not here: what is judged (the views of commands), escapes (machine-text.ts).

import { formNow } from './form.js';
import { commandMessage, commandProperty, xmlText } from './machine-text.js';
import { print } from './output.js';

export interface Verdict {
  /** What is judged, such as a place: unique in its group. */
  readonly name: string;
  readonly group: string;
  /** '' = it is of no file. */
  readonly file: string;
  /** 0 = of no line. */
  readonly line: number;
  /** `error` is a failure, `warning` is work left, `ok` passes. */
  readonly level: 'error' | 'warning' | 'ok';
  /** One line. */
  readonly message: string;
}

/** True where a form for CI was asked for: then it is printed. */
export function printVerdicts(suite: string, verdictsOf: () => readonly Verdict[]): boolean {
  const form = formNow();
  if (form !== 'junit' && form !== 'github') return false;
  const text = form === 'junit' ? junitOf(suite, verdictsOf()) : githubOf(verdictsOf());
  // Nothing to annotate is no empty line.
  if (text !== '') print(text);
  return true;
}

/** A suite with a case per verdict; warnings are skipped cases. */
function junitOf(suite: string, verdicts: readonly Verdict[]): string {
  const counted = (level: Verdict['level']): number => verdicts.filter((one) => one.level === level).length;
  const counts = `tests="${verdicts.length}" failures="${counted('error')}" errors="0" skipped="${counted('warning')}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="pgwitness" ${counts}>`,
    `  <testsuite name="${xmlText(suite)}" ${counts}>`,
    ...verdicts.map(caseOf),
    '  </testsuite>',
    '</testsuites>',
  ].join('\n');
}

function caseOf({ name, group, file, line, level, message }: Verdict): string {
  const place = file === '' ? '' : ` file="${xmlText(file)}"${line > 0 ? ` line="${line}"` : ''}`;
  const head = `    <testcase classname="${xmlText(group)}" name="${xmlText(name)}"${place} time="0"`;
  if (level === 'ok') return `${head}/>`;
  return `${head}><${level === 'error' ? 'failure' : 'skipped'} message="${xmlText(message)}"/></testcase>`;
}

/** A line per error and warning; what passes has none. */
function githubOf(verdicts: readonly Verdict[]): string {
  return verdicts
    .filter(({ level }) => level !== 'ok')
    .map(annotationOf)
    .join('\n');
}

function annotationOf({ name, group, file, line, level, message }: Verdict): string {
  const place = file === '' ? '' : `file=${commandProperty(file)},${line > 0 ? `line=${line},` : ''}`;
  return `::${level} ${place}title=${commandProperty(`${group}: ${name}`)}::${commandMessage(message)}`;
}
