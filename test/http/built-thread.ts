// The HTTP thread as built, over a store of the test's own.
// Invariant: what a test started is closed after it.
// Not here: the server by itself (server.test.ts).

import { beforeAll, onTestFinished } from 'vitest';
import { createLog } from '../../config/log.js';
import type { TcpAddress } from '../../config/values/address.js';
import type { MigrationFiles } from '../../dashboards/http/migration.js';
import type { HttpCountsDelta } from '../../dashboards/metrics/state/http-counts.js';
import { build } from '../../scripts/lib/setup/build.mjs';
import { writeSampleStore } from '../cli/sample-store.js';
import { temporaryDirectory } from '../storage/flushes.js';

export interface ThreadParts {
  render?: () => Promise<string>;
  /** Default: one of its own, empty. */
  dataDir?: string;
  /** Fills the data directory; default: the sample store. */
  fill?: (dataDir: string) => void;
  onCounted?: (counts: HttpCountsDelta) => void;
  onDamage?: (reason: string) => void;
  address?: TcpAddress;
  token?: string;
  /** Of a migration; default: there are none. */
  files?: MigrationFiles;
}

export interface StartedThread {
  readonly address: TcpAddress;
  readonly url: string;
  /** The threads behind HTTP now. */
  threads(): readonly number[];
  tellUnstored(sinceMs: number | undefined): void;
}

const ANY_PORT: TcpAddress = { kind: 'tcp', host: '127.0.0.1', port: 0 };

/** Call it in a file or describe: gives a function that starts a thread. A thread runs what was built. */
export function useHttpThread(): (parts?: ThreadParts) => Promise<StartedThread> {
  type Thread = typeof import('../../dashboards/threads/http-thread.js');
  let startHttpThread: Thread['startHttpThread'];
  beforeAll(async () => {
    await build(() => {});
    const built: string = '../../dist/dashboards/threads/http-thread.js';
    ({ startHttpThread } = (await import(built)) as Thread);
  });
  return async ({
    render = async () => 'a 1\n',
    fill = writeSampleStore,
    onCounted = () => {},
    onDamage = () => {},
    address = ANY_PORT,
    token = '',
    files = { ledger: '', code: '' },
    dataDir = temporaryDirectory(),
  } = {}) => {
    fill(dataDir);
    const server = await startHttpThread({
      address,
      hosts: [],
      token,
      dataDir,
      files,
      logLevel: 'silent',
      metrics: { render },
      onCounted,
      onDamage,
      live: ({ of }) =>
        of === 'tail'
          ? { sequence: 7, missed: 0, executions: [], texts: new Map() }
          : { atMs: 7, sessions: [], more: 0, texts: new Map() },
      log: createLog({ level: 'silent' }),
    });
    onTestFinished(() => server.close());
    return {
      address: server.address,
      url: `http://127.0.0.1:${server.address.port}`,
      threads: () => server.threads,
      tellUnstored: (sinceMs) => server.tellUnstored(sinceMs),
    };
  };
}
