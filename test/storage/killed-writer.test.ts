// Kills of a writer at any moment: what it said is stored, once.
// A thousand of them are `node scripts/kill-writer.mjs`, and with `--journal`.
// Not here: kills of a sidecar (test/reports/durability.test.ts).

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

it.each([
  ['flushes and of upkeep', []],
  ['writing out the journal', ['--journal']],
])(
  'kill -9 in the middle of %s loses nothing that was acknowledged, and doubles nothing',
  async (_, flags) => {
    const script = new URL('../../scripts/kill-writer.mjs', import.meta.url).pathname;
    const run = spawn(process.execPath, [script, '--kills', '6', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
    const [said, errors, [status]] = await Promise.all([text(run.stdout), text(run.stderr), once(run, 'close')]);
    expect(errors).toBe('');
    expect(said).toMatch(/^6 kills, \d+ flushes, \d+0 executions: what was said is stored, once\n$/);
    expect(status).toBe(0);
  },
  120_000,
);
