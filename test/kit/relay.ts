// A plain relay inside the test's own process.
// For what it does to bytes, and what it says in its log.
// Invariant: what a test started is stopped after it.
// Not here: the command line and the observer (sidecar.ts).

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach } from 'vitest';
import { loadConfig } from '../../config/config.js';
import { createLog } from '../../config/log.js';
import type { Address } from '../../config/values/address.js';
import { type Run, startRelay } from '../../proxy/main.js';

export interface TestRelay {
  readonly port: number;
  readonly ports: readonly number[];
  readonly listen: readonly Address[];
  /** Messages of the log so far, each with its fields. */
  readonly log: ReadonlyArray<{ level: string; msg: string; hint?: string; error?: string }>;
  readonly run: Run;
  /** As SIGHUP with these flags in force. */
  reload(flags: Record<string, unknown>): void;
}

/** A file that only the test knows of. */
export function temporaryFile(name: string, content: string): string {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'pgwitness-test-')), name);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

/** Call it in a file or describe: gives a function that starts a relay with these flags, by option name. */
export function useRelay(): (
  upstream: { host: string; port: number } | string,
  flags?: Record<string, unknown>,
  file?: string,
) => Promise<TestRelay> {
  const running: Run[] = [];
  afterEach(async () => {
    for (const run of running.splice(0)) {
      run.stop();
      await run.ended;
    }
  });
  return async (upstream, flags = {}, file) => {
    const base: Record<string, unknown> = {
      ...(file === undefined && {
        listen: '127.0.0.1:0',
        upstream: typeof upstream === 'string' ? upstream : `${upstream.host}:${upstream.port}`,
      }),
      health: '127.0.0.1:0',
      socket: path.join(tmpdir(), 'pgwitness-no-observer', 'observer.sock'),
      drainTimeout: '100ms',
      observe: 'off',
    };
    const log: Array<{ level: string; msg: string }> = [];
    const sink = createLog({ level: 'debug', destination: { write: (line) => log.push(JSON.parse(line)) } });
    const configFor = (given: Record<string, unknown>) => loadConfig({ flags: { ...base, ...given }, file }).config;
    const run = await startRelay(configFor(flags), sink);
    running.push(run);
    const ports = run.listen.map((address) => (address.kind === 'tcp' ? address.port : 0));
    return { port: ports[0], ports, listen: run.listen, log, run, reload: (given) => run.reload(configFor(given)) };
  };
}
