// `pgwitness tail`: prints the executions of running sidecars as they complete.
// Not here: grouping (cli/views/tail/tail-groups.ts), printing (cli/views/tail/tail.ts), what filters mean
// (cli/views/tail/tail-filter.ts), keeping executions (analyzer/notable/tail.ts).

import type { Command } from 'commander';
import { ExitCode, RuntimeError } from '../../config/values/errors.js';
import type { TailJson } from '../../reports/forms/tail-json.js';
import { formatFlag } from '../reading/format-flag.js';
import { httpGet } from '../reading/http-get.js';
import {
  addFilterFlags,
  FILTER_FLAGS,
  flagContext,
  givenFilters,
  namedSidecars,
  parametersOf,
  repeatable,
  tokenOf,
} from '../reading/read-flags.js';
import { csvOf } from '../terminal/csv.js';
import { formNow } from '../terminal/form.js';
import { print, screenOf } from '../terminal/output.js';
import { groupText } from '../views/tail/tail.js';
import { isWanted, type TailFilter } from '../views/tail/tail-filter.js';
import { TailGroups } from '../views/tail/tail-groups.js';

interface TailFlags {
  readonly url?: string[];
  readonly tokenFile?: string;
  readonly route?: string;
  readonly tag?: string[];
  readonly all?: boolean;
  readonly json?: boolean;
}

const ASK_EVERY_MS = 500;
const ANSWER_WITHIN_MS = 10_000;
/** A unit of work that sent nothing for this long is shown; the observer takes it for ended then, too. */
const SILENT_AFTER_MS = 1_000;
/** So long nothing was shown, and then it is said why. */
const EXPLAIN_AFTER_MS = 10_000;

export function register(program: Command): void {
  const command = program
    .command('tail')
    .description('print executions as they complete, by request or another unit of work')
    .addOption(
      repeatable('--url <url>', 'running pgwitness to ask, may repeat (default: the sidecar of this machine, --http)'),
    )
    .option('--token-file <file>', 'bearer token for --url [env: PGWITNESS_HTTP_TOKEN_FILE]')
    .option('--route <route>', 'only executions whose comment names this route, * for any letters');
  addFilterFlags(command)
    .option('--min-ms <ms>', 'only executions that took at least this long')
    .option('--all', 'also show housekeeping and tools')
    .addOption(formatFlag())
    .option('--json', 'print one JSON object per execution and line: --format json')
    .addHelpText(
      'after',
      `
A unit of work is shown a second after its last statement: route, statements, time, caller, pool. Repeats are one line with
their number (5×); statements that take turns (A B A B) are joined by ┌ └. Literals are never shown. A new connection appears
when its owner is decided, after at most two seconds.

Examples:
  pgwitness tail                                  what the application sends now
  pgwitness tail --source raw --min-ms 100        only slow raw SQL
  pgwitness tail --route 'reports/*'
  pgwitness tail --tag 'caller=store/views/reports.py:*'
  pgwitness tail --json | head -n 100 > executions.jsonl
`,
    )
    .action(tail);
}

async function tail(flags: TailFlags): Promise<void> {
  const filter = await filterOf(flags);
  const urls = await namedSidecars(flags);
  const token = tokenOf(flags);
  await refuseUnseen(filter, { urls, token, flags });
  const groups = new TailGroups();
  const printer = flags.json ? new RowPrinter() : undefined;
  const silence = new Silence(flags);
  process.once('SIGINT', () => process.exit(ExitCode.ok));
  const after = urls.map(() => 0);
  for (;;) {
    const batches = await Promise.all(urls.map((url, at) => ask(url, { after: after[at], token })));
    for (const [at, batch] of batches.entries()) {
      after[at] = batch.sequence;
      const executions = batch.executions.filter((one) => isWanted(one, filter));
      silence.note(batch.executions.length, executions.length);
      if (printer !== undefined) printer.print(executions);
      else {
        groups.add(executions, { nowMs: performance.now(), from: urls[at].href });
        if (batch.missed > 0) print(`… ${batch.missed} executions came too fast to be shown`);
      }
    }
    const screen = screenOf(process.stdout, process.env);
    for (const group of groups.takeSilent(performance.now() - SILENT_AFTER_MS)) print(groupText(group, screen));
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}

/** Throws UsageError naming the flag. */
async function filterOf(flags: TailFlags): Promise<TailFilter> {
  const { readStatementsQuery } = await import('../../reports/questions/grammar.js');
  const parameters = parametersOf(flags, [...FILTER_FLAGS, 'min-ms']);
  if (flags.route !== undefined) parameters.append('tag', `route=${flags.route}`);
  const { filter, minMs } = readStatementsQuery(parameters, flagContext());
  return { ...filter, minMs, all: flags.all === true };
}

/** What was never seen may still come; but a mistyped value never will. Throws UsageError. */
async function refuseUnseen(
  filter: TailFilter,
  { urls, token, flags }: { urls: readonly URL[]; token: string | undefined; flags: TailFlags },
): Promise<void> {
  const { openPlaces } = await import('../reading/place.js');
  const { checkSeen } = await import('../../reports/groups/seen-filters.js');
  const place = await openPlaces({ directories: [], urls, token });
  if ((await place.recorded()) === undefined) return;
  checkSeen(filter, await place.seen(), flags.tag === undefined && flags.route !== undefined ? 'route' : 'tag');
}

async function ask(base: URL, { after, token }: { after: number; token?: string }): Promise<TailJson> {
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/+$/, '')}/api/v1/tail`;
  url.search = `after=${after}`;
  const { status, body } = await httpGet(url, { token, timeoutMs: ANSWER_WITHIN_MS });
  if (status === 200) return JSON.parse(body) as TailJson;
  const hint = status === 401 ? 'give --token-file' : 'does pgwitness of this version run there?';
  throw new RuntimeError(`the answer is ${status}`, { where: url.origin, hint });
}

/** A line per execution, as JSON or CSV. */
class RowPrinter {
  #hasHeader = false;

  print(executions: TailJson['executions']): void {
    if (executions.length === 0) return;
    if (formNow() !== 'csv') {
      for (const one of executions) print(JSON.stringify(one));
      return;
    }
    const text = csvOf(executions);
    print(this.#hasHeader ? text.slice(text.indexOf('\n') + 1) : text);
    this.#hasHeader = true;
  }
}

/** Says once why nothing is shown. */
class Silence {
  readonly #filters: string;
  readonly #sinceMs = performance.now();
  #passed = 0;
  #over = false;

  constructor(flags: TailFlags) {
    this.#filters = givenFilters(flags);
  }

  note(passed: number, shown: number): void {
    this.#passed += passed;
    this.#over ||= shown > 0;
    if (this.#over || performance.now() - this.#sinceMs < EXPLAIN_AFTER_MS) return;
    this.#over = true;
    const left =
      this.#filters === '' ? 'all of them housekeeping or tools (--all shows them)' : `none fits ${this.#filters}`;
    const why =
      this.#passed > 0
        ? `${this.#passed} executions passed in 10 s, ${left}`
        : 'nothing passed in 10 s: does the application connect to pgwitness (run --listen)?';
    process.stderr.write(`pgwitness: ${why}\n`);
  }
}
