// `pgwitness sql` with a statement that never ends.
// It is stopped by its time limit, by Ctrl-C and by the end of the command, and leaves no process behind.

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { describeWithPython } from '../kit/python.js';
import { pgwitness, temporaryDirectory, until } from '../kit/sidecar.js';

const MAIN = path.join(ROOT, 'dist', 'cli', 'main.js');
const ENDLESS = 'WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n';
let data: string;

beforeAll(async () => {
  await build(() => {});
  data = `${temporaryDirectory('sql-limits')}/data`;
  openSqliteStore({ dataDir: data }).close();
});

describe('the time limit', () => {
  test('102: an endless statement is stopped: exit 3, and what to do', async () => {
    const { code, stdout, stderr } = await pgwitness('sql', ENDLESS, '--data', data, '--timeout', '1s');
    expect(stderr).toMatch(/^pgwitness: the statement took longer than 1s and was stopped: sql: raise --timeout.*\n$/);
    expect(stdout).toBe('');
    expect(code).toBe(3);
  });

  test('a statement that ends in time is answered, also without a limit', async () => {
    for (const timeout of ['30s', '0s']) {
      const { code, stdout } = await pgwitness(
        'sql',
        'SELECT 40 + 2 AS n',
        '--json',
        '--data',
        data,
        '--timeout',
        timeout,
      );
      expect(JSON.parse(stdout)).toEqual([{ n: 42 }]);
      expect(code).toBe(0);
    }
  });

  test('a limit that is no duration is a usage error', async () => {
    const { code, stderr } = await pgwitness('sql', 'SELECT 1', '--data', data, '--timeout', 'soon');
    expect(stderr).toMatch(/"soon" is not a duration: --timeout/);
    expect(code).toBe(2);
  });

  test('no database: exit 3 at once', async () => {
    const { code, stderr } = await pgwitness('sql', 'SELECT 1', '--data', `${data}-none`);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(code).toBe(3);
  });
});

describe('the process that runs it', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
    '102: it ends with the command, by %s',
    async (signal) => {
      const command = spawn(process.execPath, [MAIN, 'sql', ENDLESS, '--data', data], { stdio: 'ignore' });
      const pid = command.pid as number;
      onTestFinished(() => void command.kill('SIGKILL'));
      const ended = new Promise((resolve) => command.once('exit', resolve));
      await until('it runs the statement', () => childrenOf(pid).some((child) => cpuTicksOf(child) > 20));
      const [child] = childrenOf(pid);
      command.kill(signal);
      await ended;
      await until('it has ended', () => !isRunning(child));
    },
  );
});

await describeWithPython('the prompt', (python) => {
  const PROGRAM = `
import os, pty, select, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = ''
def expect(text):
    global seen
    end = time.monotonic() + 30
    while text not in seen:
        if time.monotonic() > end:
            os.kill(pid, 9)
            sys.exit('no ' + repr(text) + ' in ' + repr(seen))
        if select.select([terminal], [], [], 0.1)[0]:
            seen += os.read(terminal, 65536).decode(errors='replace')
    seen = seen[seen.index(text) + len(text):]
def send(text):
    os.write(terminal, text.encode())
expect('pgwitness> ')
send(os.environ['ENDLESS'] + ';\\r')
time.sleep(1.5)
send('\\x03')
expect('cancelled')
send('SELECT 40 + 2 AS n;\\r')
expect('42')
send('SELECT 1\\r')
expect('...> ')
send('\\x03')
expect('pgwitness> ')
send('.quit\\r')
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

  test('102: Ctrl-C stops the statement, and the next one is answered', async () => {
    const { stdout, stderr } = await python.run(PROGRAM, {
      args: [process.execPath, MAIN, 'sql', '--data', data],
      env: { ENDLESS, TERM: 'xterm' },
    });
    expect(stderr).toBe('');
    expect(stdout.trim()).toBe('0');
  });
});

/** Fields of /proc/PID/stat behind the name: state, parent, …; undefined when it is gone. */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function childrenOf(pid: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((other) => statOf(other)?.[1] === String(pid));
}

function cpuTicksOf(pid: number): number {
  return Number(statOf(pid)?.[11] ?? 0);
}

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && statOf(pid)?.[0] !== 'Z';
}
