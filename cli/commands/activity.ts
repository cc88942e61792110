// `pgwitness activity`: asks a running sidecar what has been going on for over a second.
// Not here: the table (cli/views/activity.ts), finding it (analyzer/activity.ts).

import type { Command } from 'commander';
import { Option } from 'commander';
import { UsageError } from '../../config/values/errors.js';
import { formatFlag } from '../reading/format-flag.js';
import { namedSidecars, type PlaceFlags, repeatable, tokenOf } from '../reading/read-flags.js';

export function register(program: Command): void {
  program
    .command('activity')
    .description('show statements in flight, and transactions that wait for their client, for over a second')
    .addOption(
      repeatable('--url <url>', 'running pgwitness to ask, may repeat (default: the one of this configuration)'),
    )
    .option('--token-file <file>', 'bearer token for --url [env: PGWITNESS_HTTP_TOKEN_FILE]')
    .addOption(formatFlag())
    .option('--json', 'print JSON: --format json')
    .addOption(new Option('--data <dir>').hideHelp())
    .addHelpText(
      'after',
      `
Longest first: how long, who (user, application, client), pool, route and caller, and the statement that runs or, of a transaction
that waits, the last one. Literals are never shown. A statement shows one to two seconds after it was sent.

Examples:
  pgwitness activity
  pgwitness activity --json | jq '.activity[] | select(.state != "running" and .seconds > 60)'
`,
    )
    .action(async (flags: PlaceFlags) => {
      if (flags.data !== undefined)
        throw new UsageError('a data directory does not know what goes on now', {
          where: '--data',
          hint: 'ask the running pgwitness with --url',
        });
      const { printActivity } = await import('../views/activity.js');
      const { urls, activity } = await ask(flags);
      const read = urls.map(({ origin }) => origin).join(', ');
      printActivity(activity, { json: flags.json === true, read });
    });
}

/** Throws UsageError, RuntimeError. */
async function ask(flags: PlaceFlags) {
  const { askJson } = await import('../reading/ask-json.js');
  const { mergeActivity } = await import('../../reports/work/activity.js');
  const { activityFromJson } = await import('../../reports/work/activity-json.js');
  const token = tokenOf(flags);
  const urls = await namedSidecars(flags);
  const question = { token, parameters: new URLSearchParams(), decode: activityFromJson };
  const answers = await Promise.all(urls.map((url) => askJson(url, '/api/v1/activity', question)));
  return { urls, activity: mergeActivity(answers) };
}
