// The observer process: takes the link the relay left at descriptor 3, stores, and serves what people look at.
// Invariant: it ends when its link does, after a last flush; signals of the terminal are the relay's business. It can be killed at any
// moment: what it had not acknowledged the relay counts. Not here: starting and restarting it (proxy/observer-process.ts).

import { Socket } from 'node:net';
import { setPriority } from 'node:os';
import type { Config } from '../config/config.js';
import { ExitCode, errorLine } from '../config/errors.js';
import { createLog } from '../config/log.js';
import { readToken } from '../config/token.js';
import { startHttp } from '../dashboards/http/server.js';
import { MetricsExporter } from '../dashboards/metrics/exporter.js';
import { summaryFinder } from '../dashboards/metrics/summary-finder.js';
import { openReader } from '../storage/sqlite/reader.js';
import { assemble } from './assemble.js';
import { holdCpuShare } from './cpu-share.js';
import { Intake } from './intake.js';
import { Recorder } from './recording.js';

const LINK_FD = 3;
/** Below the relay: when both want the CPU, traffic goes first. */
const NICENESS = 5;

async function main(config: Config): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  setPriority(NICENESS);
  const log = createLog({ level: config.logLevel, name: 'observer' });
  const link = new Socket({ fd: LINK_FD, readable: true, writable: true });
  link.on('error', () => link.destroy());
  link.pause();

  const restarts = Number(process.env.PGWITNESS_OBSERVER_RESTARTS ?? 0);
  const { observer, store, metrics } = await assemble(config, {
    log,
    acknowledge: (relayId, sequence) => {
      if (intake.relayId === relayId) intake.acknowledge(sequence);
    },
  });
  const reader = openReader(config.dataDir);
  const exporter = new MetricsExporter(metrics, { summaryOf: summaryFinder(reader) });
  const token = config.httpTokenFile === '' ? '' : readToken(config.httpTokenFile, '--http-token-file');
  const http = await startHttp({ address: config.http, token, reader, metrics: exporter, log });
  const recorder =
    config.recordFile === ''
      ? undefined
      : new Recorder(recordingPath(config.recordFile, restarts), (error) =>
          log.error('recording ended', { error: error.message }),
        );

  const intake: Intake = new Intake({
    link,
    target: observer,
    log,
    record: recorder && ((kind, body) => recorder.frame(kind, body)),
  });
  const release = holdCpuShare(link, config.observerCpuShare);
  const flushing = setInterval(() => {
    if (!observer.flush(Date.now())) intake.heartbeat();
  }, config.flushIntervalMs);
  link.resume();
  log.info('observing', { data: config.dataDir, http: `${http.address.host}:${http.address.port}` });

  await intake.ended;
  release();
  clearInterval(flushing);
  await http.close();
  observer.flush(Date.now());
  recorder?.close();
  reader.close();
  store.close();
  log.info('observer ended');
}

/** Each restart records into a file of its own: the one before may end in a torn frame. */
function recordingPath(file: string, restarts: number): string {
  return restarts === 0 ? file : `${file}.${restarts}`;
}

main((JSON.parse(process.env.PGWITNESS_OBSERVER_OPTIONS ?? '{}') as { config: Config }).config).then(
  () => process.exit(ExitCode.ok),
  (error: unknown) => {
    process.stderr.write(`pgwitness: ${errorLine(error)}\n`);
    process.exit(ExitCode.runtime);
  },
);
