// `pgwitness tail`: prints the executions of a running sidecar as they complete.
// Not here: grouping (cli/views/tail/tail-groups.ts), printing (cli/views/tail/tail.ts), keeping executions
// (analyzer/notable/tail.ts).

import type { Command } from 'commander';
import { readToken } from '../../config/token.js';
import { ExitCode, RuntimeError, UsageError } from '../../config/values/errors.js';
import { HIDDEN_SOURCES } from '../../facts/verdict.js';
import type { TailExecutionJson, TailJson } from '../../reports/forms/tail-json.js';
import { httpGet } from '../reading/http-get.js';
import { repeatable } from '../reading/read-flags.js';
import { print, screenOf } from '../terminal/output.js';
import { groupText } from '../views/tail/tail.js';
import { type TailGroup, TailGroups } from '../views/tail/tail-groups.js';

interface TailFlags {
  readonly url: string;
  readonly tokenFile?: string;
  readonly route?: string;
  readonly source?: string;
  readonly pool?: string;
  readonly tag?: string[];
  readonly all?: boolean;
  readonly json?: boolean;
}

const ASK_EVERY_MS = 500;
const ANSWER_WITHIN_MS = 10_000;
/** The group of a session that sent nothing for this long is complete. */
const SILENT_AFTER_MS = 1_500;

export function register(program: Command): void {
  program
    .command('tail')
    .description('print executions as they complete, by request or transaction')
    .option('--url <url>', 'running pgwitness to ask', 'http://127.0.0.1:6434')
    .option('--token-file <file>', 'bearer token for --url [env: PGWITNESS_HTTP_TOKEN_FILE]')
    .option('--route <route>', 'only statements whose comment names this route')
    .option('--source <source>', 'django-orm, raw, sqlalchemy, unknown, or a name from your rules')
    .option('--pool <name>', 'only statements of this pool')
    .addOption(repeatable('--tag <key=value>', 'only statements with this comment tag, may repeat'))
    .option('--all', 'also show housekeeping and tools')
    .option('--json', 'print one JSON object per execution and line')
    .addHelpText(
      'after',
      '\nRepeats are collapsed into one line with their number. Literals are never shown. A new connection appears when its owner is\n' +
        'decided, after at most two seconds.\n' +
        '\nExamples:\n  pgwitness tail                                  what the application sends now\n' +
        '  pgwitness tail --source raw                     only raw SQL\n' +
        '  pgwitness tail --route /books/ --pool web\n  pgwitness tail --json | head -n 100 > executions.jsonl\n',
    )
    .action(tail);
}

async function tail(flags: TailFlags): Promise<void> {
  const wanted = filterOf(flags);
  const tokenFile = flags.tokenFile ?? process.env.PGWITNESS_HTTP_TOKEN_FILE ?? '';
  const token = tokenFile === '' ? undefined : readToken(tokenFile, '--token-file');
  const base = urlOf(flags.url);
  const groups = new TailGroups();
  process.once('SIGINT', () => process.exit(ExitCode.ok));
  let after = 0;
  for (;;) {
    const batch = await ask(base, { after, token });
    after = batch.sequence;
    const executions = batch.executions.filter(wanted);
    if (flags.json) for (const one of executions) print(JSON.stringify(one));
    else {
      show([...groups.add(executions), ...groups.takeSilent(Date.now() - SILENT_AFTER_MS)]);
      if (batch.missed > 0) print(`… ${batch.missed} executions came too fast to be shown`);
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}

function show(groups: readonly TailGroup[]): void {
  const screen = screenOf(process.stdout, process.env);
  for (const group of groups) print(groupText(group, screen));
}

/** Throws UsageError for a tag without a value. */
export function filterOf(flags: Pick<TailFlags, 'route' | 'source' | 'pool' | 'tag' | 'all'>) {
  const tags = (flags.tag ?? []).map((pair) => {
    const at = pair.indexOf('=');
    if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)] as const;
    throw new UsageError(`"${pair}" is not a tag`, { where: '--tag', hint: 'write key=value' });
  });
  if (flags.route !== undefined) tags.push(['route', flags.route]);
  return (one: TailExecutionJson): boolean => {
    if (flags.source === undefined ? !flags.all && HIDDEN_SOURCES.includes(one.source) : one.source !== flags.source)
      return false;
    if (flags.pool !== undefined && one.pool !== flags.pool) return false;
    return tags.every(([key, value]) => one.tags[key] === value);
  };
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

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  throw new UsageError(`"${text}" is not an http address`, {
    where: '--url',
    hint: 'for instance http://127.0.0.1:6434',
  });
}
