// PgBouncer for tests: transaction mode, one connection to the server, shared by all clients.
// Invariant: never left behind. Not here: who connects to it.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../../scripts/lib/free-port.mjs';
import { runCommand } from '../../scripts/lib/run-command.mjs';
import { startService } from '../../scripts/lib/service.mjs';

/** Debian's package has it in /usr/sbin, which is not in every PATH. */
const PROGRAMS = ['pgbouncer', '/usr/sbin/pgbouncer'];

/** Its path, or undefined where it is not installed. */
export async function findPgbouncer(): Promise<string | undefined> {
  for (const program of PROGRAMS) if ((await runCommand(program, ['--version'])).code === 0) return program;
  return undefined;
}

/** Runs `clients` against a PgBouncer in front of `server`; its address is given as libpq's environment. */
export async function behindPgbouncer(
  program: string,
  server: NodeJS.ProcessEnv,
  clients: (environment: NodeJS.ProcessEnv) => Promise<unknown>,
): Promise<void> {
  const port = await freePort(0);
  const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-pgbouncer-'));
  const file = path.join(directory, 'pgbouncer.ini');
  const lines = [
    '[databases]',
    `* = host=${server.PGHOST} port=${server.PGPORT} user=${server.PGUSER}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    'default_pool_size = 1',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  // It does not run as root.
  const asOther = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const service = await startService('pgbouncer', {
    program,
    args: [...asOther, file],
    ready: () => answers(port),
  });
  try {
    await clients({ ...server, PGHOST: '127.0.0.1', PGPORT: String(port) });
  } finally {
    await service.stop();
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
