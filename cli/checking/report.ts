// Prints the result of a check, writes it to files, and turns it into an exit code.
// Invariant: only a check that passed exits 0. Not here: the forms (cli/views/check/).

import { ExitCode } from '../../config/values/errors.js';
import { checkJson } from '../../reports/check/check-json.js';
import type { CheckResult } from '../../reports/check/judge.js';
import { checkMarkdown } from '../views/check/check-markdown.js';
import { checkJunit, githubAnnotations } from '../views/check/machine-forms.js';
import { formOf, writeText } from './check-flags.js';

/** One file per name; its form follows from the name's end. Throws RuntimeError. */
export function writeReports(result: CheckResult, files: readonly string[]): void {
  for (const file of files) {
    const form = formOf(file);
    if (form === '.md') writeText(file, checkMarkdown(result));
    else if (form === '.xml') writeText(file, checkJunit(result));
    else writeText(file, `${JSON.stringify(checkJson(result), null, 2)}\n`);
  }
}

/** GitHub reads both streams; the result itself may be JSON on the other one. */
export function annotate(result: CheckResult, env: NodeJS.ProcessEnv): void {
  if (env.GITHUB_ACTIONS === 'true') process.stderr.write(githubAnnotations(result));
}

export function exitCodeFor({ outcome }: CheckResult): number {
  return outcome === 'passed' ? ExitCode.ok : ExitCode.checkFailed;
}
