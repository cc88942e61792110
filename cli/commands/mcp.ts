// `pgwitness mcp`: gives coding assistants the reading commands as tools.
// Here: which commands, and the place they read. Not here: the protocol (cli/mcp/server.ts), their parameters
// (cli/mcp/tools.ts).

import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { addPlaceOnly, type PlaceFlags } from '../reading/read-flags.js';

/** Commands that only read. In the order in which they are listed. */
const TOOLS = [
  () => import('./status.js'),
  () => import('./top.js'),
  () => import('./show.js'),
  () => import('./history.js'),
  () => import('./routes.js'),
  () => import('./findings.js'),
  () => import('./compare.js'),
  () => import('./pools.js'),
  () => import('./progress.js'),
  () => import('./audit.js'),
];

export function register(program: Command): void {
  addPlaceOnly(
    program
      .command('mcp')
      .description(
        'serve the reading commands to a coding assistant: Model Context Protocol on standard input and output',
      ),
  )
    .addHelpText(
      'after',
      `
The assistant starts this command; docs/AGENTS.md has what to write where. It reads the place that is named here and no other,
changes nothing, and never sees a literal of the SQL.

Examples:
  claude mcp add pgwitness -- pgwitness mcp --url http://127.0.0.1:6434
  pgwitness mcp --data /var/lib/pgwitness
`,
    )
    .action(mcp);
}

async function mcp({ data = [], url = [], tokenFile }: PlaceFlags): Promise<void> {
  const { serveTools } = await import('../mcp/server.js');
  const program = new Command();
  for (const load of TOOLS) (await load()).register(program);
  const place = [...data.map((dir) => `--data=${dir}`), ...url.map((one) => `--url=${one}`)];
  if (tokenFile !== undefined) place.push(`--token-file=${tokenFile}`);
  if (process.stdin.isTTY) {
    process.stderr.write('pgwitness: an assistant starts this command, see docs/AGENTS.md; Ctrl-C ends it\n');
  }
  // So that what runs for a call ends too.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => process.exit());
  await serveTools({ commands: program.commands, main: fileURLToPath(new URL('../main.js', import.meta.url)), place });
}
