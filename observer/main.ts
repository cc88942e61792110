// Runs the observer process that `run` starts, until its link ends.
// The link is descriptor 3; with several relays descriptor 3 is their supervisor's channel. Invariant: signals of the
// terminal are left to the relay. The process can be killed at any moment: the relay counts what it had not
// acknowledged. Not here: the observer itself (service.ts), that of several relays (supervised.ts), starting it again
// (proxy/link/observer-process.ts).

import '../config/process/no-inspector.js';
import { Socket } from 'node:net';
import type { Config } from '../config/config.js';
import { createLog } from '../config/log.js';
import { inlineMore } from '../config/process/inlining.js';
import { giveWayToTraffic } from '../config/process/niceness.js';
import { makeObjectsYoung } from '../config/process/young-objects.js';
import { ExitCode, errorLine, exitCodeOf, RuntimeError, STORE_UNUSABLE, UsageError } from '../config/values/errors.js';
import { beginHttpThread } from '../dashboards/threads/http-thread.js';
import type { SharedStart } from '../proxy/supervisor/messages.js';
import { noteUnusable } from '../storage/sqlite/file/reserve.js';
import { StoreError } from '../storage/store-error.js';
import { startObserver } from './service.js';
import { observeForSupervisor } from './supervised.js';

const LINK_FD = 3;

interface Start {
  config: Config;
  /** Only with several relays. */
  shared?: SharedStart;
}

/** Resolves with whether everything was stored. */
async function main({ config, shared }: Start): Promise<boolean> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  makeObjectsYoung();
  inlineMore();
  const httpWorker = beginHttpThread();
  giveWayToTraffic();
  const log = createLog({ level: config.logLevel, name: 'observer' });
  const restarts = Number(process.env.PGWITNESS_OBSERVER_RESTARTS ?? 0);
  if (shared !== undefined) return observeForSupervisor({ config, shared, restarts, httpWorker, log });
  const link = new Socket({ fd: LINK_FD, readable: true, writable: true });
  link.on('error', () => link.destroy());
  link.pause();
  const relays = { count: 1, ended: {} };
  const observer = await startObserver(config, { log, restarts, relays, httpWorker });
  const ended = observer.take(link);
  link.resume();
  await ended;
  return observer.stop();
}

/** A faulty configuration, a port that is taken and a second writer end a start; whatever a disk does passes. */
function exitCodeFor(error: unknown, { dataDir }: Config): number {
  const locked = error instanceof StoreError && error.code === 'locked';
  // The socket of several relays lies in the data directory.
  const elsewhere = error instanceof RuntimeError && !error.where.startsWith(dataDir);
  return error instanceof UsageError || elsewhere || locked ? exitCodeOf(error) : STORE_UNUSABLE;
}

const start = JSON.parse(process.env.PGWITNESS_OBSERVER_OPTIONS ?? '{}') as Start;

main(start).then(
  (stored) => process.exit(stored ? ExitCode.ok : STORE_UNUSABLE),
  (error: unknown) => {
    if (exitCodeFor(error, start.config) === STORE_UNUSABLE) noteUnusable(start.config.dataDir, Date.now());
    process.stderr.write(`pgwitness: ${errorLine(error)}\n`);
    process.exit(exitCodeFor(error, start.config));
  },
);
