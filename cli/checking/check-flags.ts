// The flags of `check` and `exec`: conditions, allowances, baselines, reports.
// Invariant: everything is read before anything is started or asked, so that a wrong flag costs nothing.
// Not here: the scope of a condition (reports/check/asked/conditions.ts), what conditions mean (reports/check).

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { readConfigFile } from '../../config/config-file.js';
import { RuntimeError, UsageError } from '../../config/values/errors.js';
import { type Allowances, readAllowances } from '../../reports/check/asked/allowances.js';
import { type Baseline, readBaseline } from '../../reports/check/asked/baseline.js';
import { type Condition, readMax, readNoNew, readNone } from '../../reports/check/asked/conditions.js';
import { type Exception, exceptionsOf } from '../../reports/check/asked/exceptions.js';
import { repeatable } from '../reading/read-flags.js';

export interface CheckFlags {
  readonly none?: string[];
  readonly max?: string[];
  /** commander reads `--no-new` as the opposite of a `--new`: true where nobody gave it. */
  readonly new?: string[] | true;
  readonly allow?: string[];
  readonly baseline?: string;
  readonly save?: string;
  readonly report?: string[];
  readonly config?: string;
}

export interface AskedCheck {
  readonly conditions: readonly Condition[];
  readonly allowances: Allowances;
  readonly exceptions: readonly Exception[];
  readonly baseline: Baseline | undefined;
  readonly reports: readonly string[];
}

const REPORT_FORMS = ['.md', '.json', '.xml'] as const;

export function addCheckFlags(command: Command): Command {
  return command
    .addOption(
      repeatable(
        '--none <scope>',
        'nothing may have run that fits: source=sqlalchemy, handwritten,route=api/*; may repeat',
      ),
    )
    .addOption(
      repeatable(
        '--max <limit>',
        'p95=100ms of each statement, errors=1% of each route and source, statements-per-request=20 of each route; may be narrowed (p95=100ms,source=raw) and repeat',
      ),
    )
    .addOption(
      new Option(
        '--no-new <what>',
        'handwritten or findings: nothing may be new against the baseline, else against the time before --since; may repeat',
      ).argParser<string[] | true>((value, before) => [...(Array.isArray(before) ? before : []), value]),
    )
    .addOption(
      repeatable(
        '--allow <doubt=amount>',
        'let a pass be with this much not shown: unknown=0.1%, not_observed=10, gap=5m; commas between them',
      ),
    )
    .option('--baseline <file>', 'what ran before, written by --save')
    .option('--save <file>', 'write what ran as a baseline')
    .addOption(
      repeatable(
        '--report <file>',
        'also write the result: Markdown (.md), JSON (.json) or JUnit XML (.xml); may repeat',
      ),
    )
    .option('--config <file>', 'config file with exceptions (YAML) [env: PGWITNESS_CONFIG]');
}

/** Throws UsageError, and RuntimeError for a file that cannot be read. */
export function readCheckFlags(flags: CheckFlags): AskedCheck {
  const given = [
    ...(flags.none ?? []).map(readNone),
    ...(flags.max ?? []).map(readMax),
    ...(Array.isArray(flags.new) ? flags.new : []).map(readNoNew),
  ];
  const baseline = flags.baseline === undefined ? undefined : readBaseline(textOf(flags.baseline), flags.baseline);
  // A baseline alone is a question too: is there more than it says?
  const implied =
    given.length === 0 && baseline !== undefined ? (['handwritten', 'findings'] as const).map(readNoNew) : [];
  for (const file of flags.report ?? []) formOf(file);
  if (flags.report !== undefined && given.length + implied.length === 0) {
    const hint = 'give --none, --max, --no-new or --baseline too; --save alone judges nothing';
    throw new UsageError('there is no condition to report', { where: '--report', hint });
  }
  const config = flags.config ?? process.env.PGWITNESS_CONFIG ?? '';
  return {
    conditions: [...given, ...implied],
    allowances: readAllowances(flags.allow ?? []),
    exceptions: config === '' ? [] : exceptionsOf(readConfigFile(config).lists.exceptions),
    baseline,
    reports: flags.report ?? [],
  };
}

/** By the end of its name. Throws UsageError. */
export function formOf(file: string): (typeof REPORT_FORMS)[number] {
  const form = REPORT_FORMS.find((end) => file.endsWith(end));
  if (form !== undefined) return form;
  throw new UsageError(`"${file}" does not say in which form`, {
    where: '--report',
    hint: 'end its name with .md, .json or .xml',
  });
}

/** An earlier result would be taken for that of a run that ends without one. Throws RuntimeError. */
export function clearReports(files: readonly string[]): void {
  for (const file of files) {
    try {
      rmSync(file, { force: true });
    } catch (error) {
      throw unwritable(file, error);
    }
  }
}

/** Throws RuntimeError. */
export function writeText(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw unwritable(file, error);
  }
}

function unwritable(file: string, error: unknown): RuntimeError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
  return new RuntimeError(`cannot be written (${code})`, { where: file, cause: error });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const hint = existsSync(file) ? '' : 'make it with --save FILE first';
    throw new RuntimeError(`the baseline cannot be read (${code})`, { where: file, hint, cause: error });
  }
}
