// Starts a sidecar for one command alone, on free ports and with a data directory of its own.
// Invariant: ports are chosen by the system when it listens, so none can be taken in between.
// Not here: relaying (proxy/main.ts), which servers (database-env.ts).

import { loadConfig } from '../../config/config.js';
import { createLog } from '../../config/log.js';
import type { TcpAddress } from '../../config/values/address.js';
import type { Run } from '../../proxy/main.js';
import type { Target } from './database-env.js';

export interface CommandSidecar {
  /** In the order of the targets. */
  readonly addresses: readonly TcpAddress[];
  /** Ends when all that was seen is stored. Resolves with false if something was not. */
  stop(): Promise<boolean>;
}

const ANY = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
/** What a command left open is no reason to wait. */
const DRAIN_MS = 2_000;

/** `file`: the config file whose rules and pools hold. Throws UsageError, RuntimeError. */
export async function startCommandSidecar(
  targets: readonly Target[],
  { dataDir, file }: { dataDir: string; file: string },
): Promise<CommandSidecar> {
  const { config } = loadConfig({ env: {}, file: file === '' ? undefined : file });
  const log = createLog({ level: 'error', name: 'exec' });
  // As in `run`: a defect is told, and relaying goes on.
  process.on('uncaughtException', (error) => log.error('unexpected error; relaying goes on', { error: error.stack }));
  const { startRun } = await import('../../proxy/main.js');
  const run: Run = await startRun(
    {
      ...config,
      pairs: targets.map(({ upstream, mode, caFile }) => ({
        listen: ANY,
        upstream,
        upstreamTls: { mode, caFile, serverName: '' },
        origin: { listen: 'exec', upstream: 'exec', upstreamTlsCa: 'sslrootcert' },
      })),
      ...{ http: ANY, health: ANY, dataDir, logLevel: 'error', drainTimeoutMs: DRAIN_MS, relays: 1, observe: true },
      ...{ tlsCert: '', tlsKey: '', recordFile: '', samplesDsn: '', bypassDsn: '', ledger: '', httpTokenFile: '' },
    },
    log,
  );
  return {
    addresses: run.listen as readonly TcpAddress[],
    async stop() {
      run.stop();
      return (await run.ended) === 0;
    },
  };
}
