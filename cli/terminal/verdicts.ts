// Prints verdicts for machines of CI: JUnit XML, and annotations of GitHub Actions.
// Invariant: no text can end an element, a property or a line. Not here: what is judged (the views of commands).
// Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands

import { formNow } from './form.js';
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
    `  <testsuite name="${xml(suite)}" ${counts}>`,
    ...verdicts.map(caseOf),
    '  </testsuite>',
    '</testsuites>',
  ].join('\n');
}

function caseOf({ name, group, file, line, level, message }: Verdict): string {
  const place = file === '' ? '' : ` file="${xml(file)}"${line > 0 ? ` line="${line}"` : ''}`;
  const head = `    <testcase classname="${xml(group)}" name="${xml(name)}"${place} time="0"`;
  if (level === 'ok') return `${head}/>`;
  return `${head}><${level === 'error' ? 'failure' : 'skipped'} message="${xml(message)}"/></testcase>`;
}

/** A line per error and warning; what passes has none. */
function githubOf(verdicts: readonly Verdict[]): string {
  return verdicts
    .filter(({ level }) => level !== 'ok')
    .map(annotationOf)
    .join('\n');
}

function annotationOf({ name, group, file, line, level, message }: Verdict): string {
  const place = file === '' ? '' : `file=${property(file)},${line > 0 ? `line=${line},` : ''}`;
  return `::${level} ${place}title=${property(`${group}: ${name}`)}::${data(message)}`;
}

function xml(text: string): string {
  const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  // XML 1.0 has no other control characters, escaped or not.
  return text.replace(/[\u0000-\u001f\u007f\ufffe\uffff]/g, ' ').replace(/[&<>"]/g, (found) => escapes[found]);
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
