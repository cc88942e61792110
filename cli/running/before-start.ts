// Tries what `run` will need, before anything changes: TLS, login, address, connections, disk.
// Invariant: it writes nothing and opens no port; one trial that fails does not stop the others. Each says what it saw
// and, unless all is well, what to do.
// Not here: reading the configuration (config/), printing (cli/commands/check-config.ts).

import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../config/config.js';
import { formatAddress } from '../../config/values/address.js';
import { errorLine } from '../../config/values/errors.js';
import { parseDsn, type ServerAddress } from '../../own-queries/dsn.js';
import { COMMAND_LIMITS, connectServer, type ServerConnection } from '../../own-queries/own-connection.js';
import { OWN_NAMES } from '../../own-queries/own-names.js';
import { bytes, count } from '../terminal/format.js';

export interface Trial {
  readonly name: 'upstream' | 'login' | 'tls' | 'client address' | 'connections' | 'disk';
  readonly outcome: 'ok' | 'warning' | 'failed';
  readonly says: string;
}

const OPTIONS = { ...COMMAND_LIMITS, applicationName: OWN_NAMES.checkConfig } as const;

/** `dsn`: the server, and a user that may log in there. Throws UsageError for a faulty one. */
export async function tryBeforeStart(config: Config, dsn: string): Promise<Trial[]> {
  const address = parseDsn(dsn, { where: '--dsn', env: process.env });
  const trials: Trial[] = [upstreamTrial(config, address)];
  let connection: ServerConnection | undefined;
  try {
    connection = await connectServer(address, OPTIONS);
    trials.push({ name: 'login', outcome: 'ok', says: `${address.user} got in, PostgreSQL ${connection.version}` });
    trials.push(await tlsTrial(config, { address, connection }));
    trials.push(await addressTrial(connection));
    trials.push(await connectionsTrial(config, connection));
  } catch (error) {
    trials.push({ name: 'login', outcome: 'failed', says: errorLine(error) });
  } finally {
    connection?.close();
  }
  return [...trials, diskTrial(config)];
}

function upstreamTrial({ pairs }: Config, address: ServerAddress): Trial {
  const upstreams = pairs.map(({ upstream }) => formatAddress(upstream));
  const asked = `${address.host}:${address.port}`;
  if (upstreams.includes(asked)) return { name: 'upstream', outcome: 'ok', says: `${asked} is what --dsn leads to` };
  const says = `--dsn leads to ${asked}, but pgwitness will forward to ${upstreams.join(', ')}`;
  return { name: 'upstream', outcome: 'warning', says };
}

/** Whether the server takes what pgwitness will speak to it. */
async function tlsTrial(
  { pairs, tlsCert }: Config,
  { address, connection }: { address: ServerAddress; connection: ServerConnection },
): Promise<Trial> {
  const name = 'tls';
  const [row] = await connection.query(
    "SELECT ssl, coalesce(version, '') FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()",
  );
  const isTls = row?.[0] === 't';
  const modes = new Set(pairs.map(({ upstreamTls }) => upstreamTls.mode));
  for (const mode of modes) {
    try {
      (await connectServer({ ...address, sslMode: mode }, OPTIONS)).close();
    } catch (error) {
      const says = `with --upstream-tls ${mode} the server lets nobody in: ${errorLine(error)}`;
      return { name, outcome: 'failed', says };
    }
  }
  const spoken = `the server takes --upstream-tls ${[...modes].join(', ')}`;
  if (isTls && tlsCert === '') {
    const says = `${spoken}; clients with sslmode=require need --tls-cert and --tls-key`;
    return { name, outcome: 'warning', says };
  }
  return { name, outcome: 'ok', says: isTls ? `${spoken} (${row[1]})` : `${spoken}; this connection has no TLS` };
}

async function addressTrial(connection: ServerConnection): Promise<Trial> {
  const [[seen]] = await connection.query("SELECT coalesce(host(inet_client_addr()), 'a Unix socket')");
  const says = `the server sees ${seen}, and lets this user in from there; it will see that of every client of pgwitness on this machine (pg_hba.conf, log lines)`;
  return { name: 'client address', outcome: 'ok', says };
}

async function connectionsTrial({ maxConnections }: Config, connection: ServerConnection): Promise<Trial> {
  const [[max, reserved, now]] = await connection.query(`SELECT current_setting('max_connections'),
    current_setting('superuser_reserved_connections'),
    (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname IS NOT NULL)`);
  const open = Number(max) - Number(reserved);
  const says = `${count(Number(now))} of ${count(open)} are in use; pgwitness opens one per client, and allows ${count(maxConnections)}`;
  if (Number(now) >= open * 0.9) return { name: 'connections', outcome: 'warning', says: `${says}: few are left` };
  return { name: 'connections', outcome: 'ok', says };
}

function diskTrial({ dataDir, retention }: Config): Trial {
  const name = 'disk';
  let place = path.resolve(dataDir);
  while (!existsSync(place) && path.dirname(place) !== place) place = path.dirname(place);
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = statfsSync(place);
    const free = bavail * bsize;
    const says = `${bytes(free)} free for ${dataDir}, which grows to ${bytes(retention.bytesMax)} at most (retention.size)`;
    return { name, outcome: free < retention.bytesMax ? 'warning' : 'ok', says };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return { name, outcome: 'failed', says: `${place} cannot be written (${code}): choose another --data` };
  }
}
