// `pgwitness check`: says whether conditions hold in a window, with an exit code.
// Invariant: exit 0 only if every condition holds and everything it needs was seen.
// Not here: judging (reports/check), asking (cli/checking/gather.ts).

import type { Command } from 'commander';
import { RuntimeError, UsageError } from '../../config/values/errors.js';
import { addCheckFlags, type CheckFlags, clearReports, readCheckFlags, writeText } from '../checking/check-flags.js';
import { withMarks } from '../reading/marked-moments.js';
import { addReadFlags, flagContext, parametersOf, placeOf, type ReadFlags, repeatable } from '../reading/read-flags.js';
import { formNow } from '../terminal/form.js';
import { printJson, screenOf } from '../terminal/output.js';

interface CommandFlags extends ReadFlags, CheckFlags {
  readonly dsn?: string;
  readonly markdown?: boolean;
  readonly code?: string;
  readonly production?: string[];
}

export function register(program: Command): void {
  const command = program
    .command('check')
    .description('say whether conditions hold in a window; exit 1: one does not, or it could not be shown');
  addCheckFlags(addReadFlags(command))
    .option(
      '--dsn <dsn>',
      'also look for sessions of this server that bypass pgwitness: postgres://user@host:port/database',
    )
    .option('--code <file>', 'audit.json of the code: what --none forbids may not stand there either')
    .addOption(
      repeatable(
        '--production <file>',
        'what production ran, for --none: an export of pg_stat_statements or of pgwitness, a log, or a data directory; may repeat',
      ),
    )
    .option('--markdown', 'print Markdown, for a pull request: --format markdown')
    .addHelpText(
      'after',
      `
A scope is source=, construct=, route=, table=, function=, pool=, caller=, any other tag, and handwritten, commas between them.
--none also needs that nothing was lost, unknown or past pgwitness (--dsn), and no gap; --max and --no-new that 99.9 % was seen.
What could not be shown is never a pass. --allow and the exceptions of the config file let it be one, and are printed.
With --baseline alone nothing handwritten and no finding may be new. In GitHub Actions failures become annotations.

Examples:
  pgwitness check --none source=sqlalchemy --since 14d --dsn postgres://monitor@db/shop --markdown
  pgwitness check --max p95=100ms --max errors=1% --max statements-per-request=20,route=api/* --since "deploy 42"
  pgwitness check --no-new handwritten --no-new findings --since "deploy 42" --report check.xml
  pgwitness check --save baseline.txt --since 14d
`,
    )
    .action(check);
}

async function check(given: CommandFlags): Promise<void> {
  const flags = await withMarks(given);
  const asked = readCheckFlags(flags);
  if (asked.conditions.length === 0 && flags.save === undefined) {
    const hint = 'give --none, --max, --no-new or --baseline, or --save FILE to write a baseline';
    throw new UsageError('there is no condition', { where: 'check', hint });
  }
  if (flags.markdown && flags.json) {
    throw new UsageError('two output formats', { where: '--json, --markdown', hint: 'give one of them' });
  }
  clearReports(asked.reports);
  const { readTimeRange } = await import('../../reports/questions/grammar.js');
  const { gather } = await import('../checking/gather.js');
  const { judge } = await import('../../reports/check/judge.js');
  const range = readTimeRange(parametersOf(flags, ['since', 'until']), flagContext());
  const { readCatalogue } = await import('../../audit/catalogue.js');
  const code = flags.code === undefined ? undefined : readCatalogue(flags.code);
  const production = await readProductionOf(flags, range);
  const place = await placeOf(flags);
  try {
    const bypass =
      flags.dsn === undefined ? undefined : await (await import('../views/bypass.js')).bypassOf(place, flags.dsn);
    const { facts, asked: about } = await gather(place, { ...asked, range, bypass, code, production, isRun: false });
    if (flags.save !== undefined) {
      const { applicationExecutions } = await import('../../reports/check/doubts.js');
      const { writeBaseline } = await import('../../reports/check/asked/baseline.js');
      if (applicationExecutions(facts) === 0) {
        throw new RuntimeError('nothing of the application ran in this window', {
          where: '--save',
          hint: 'widen --since',
        });
      }
      writeText(flags.save, writeBaseline(facts));
      process.stderr.write(`pgwitness: saved ${flags.save}\n`);
    }
    if (about.length === 0) return;
    const result = judge(facts, { asked: about, allowances: asked.allowances });
    const { annotate, exitCodeFor, writeReports } = await import('../checking/report.js');
    writeReports(result, asked.reports);
    await printResult(result, flags);
    annotate(result, process.env);
    process.exitCode = exitCodeFor(result);
  } finally {
    place.close();
  }
}

async function readProductionOf(
  { production = [], config = process.env.PGWITNESS_CONFIG ?? '' }: CommandFlags,
  range: import('../../reports/questions/grammar.js').TimeRange,
): Promise<import('../../reports/check/facts.js').ProductionFacts[]> {
  if (production.length === 0) return [];
  const { readProduction } = await import('../checking/production.js');
  return readProduction(production, { range, config });
}

async function printResult(
  result: import('../../reports/check/judge.js').CheckResult,
  { json, markdown }: Pick<CommandFlags, 'json' | 'markdown'>,
): Promise<void> {
  if (json) {
    const { checkJson } = await import('../../reports/check/check-json.js');
    return printJson(checkJson(result));
  }
  if (markdown || formNow() === 'markdown') {
    const { checkMarkdown } = await import('../views/check/check-markdown.js');
    process.stdout.write(checkMarkdown(result));
    return;
  }
  const { checkText } = await import('../views/check/check.js');
  process.stdout.write(`${checkText(result, screenOf(process.stdout, process.env))}\n`);
}
