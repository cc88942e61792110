// The two ways to run a relay: with an observer that is its child (`run`), or with one that runs by itself (`relay`).
// Not here: what a relay is (relay-service.ts), command-line parsing (cli/), the observer (analyzer/).

import type { Address } from '../config/address.js';
import type { Config } from '../config/config.js';
import type { Log } from '../config/log.js';
import { ObserverProcess } from './observer-process.js';
import { ObserverSocket } from './observer-socket.js';
import { RelayService } from './relay-service.js';

export interface Run {
  /** Where clients connect, in the order of the pairs. */
  listen: readonly Address[];
  /** Resolves with the exit code when the process may end. */
  ended: Promise<number>;
  /** SIGHUP. Throws UsageError, and changes nothing, when a file it names is not usable. */
  reload(config: Config): void;
  /** SIGTERM and SIGINT: drain, flush, end. A second call ends at once. */
  stop(): void;
}

/** Starts relay and observer. Throws RuntimeError when a port is taken or the observer says that it cannot work. */
export function startRun(config: Config, log: Log): Promise<Run> {
  return started(new RelayService(config, { log, observerEnd: (link) => new ObserverProcess(config, { link, log }) }));
}

/** Starts the relay alone; it connects to the observer at `config.socket` whenever there is one. */
export function startRelay(config: Config, log: Log): Promise<Run> {
  return started(
    new RelayService(config, { log, observerEnd: (link) => new ObserverSocket(config.socket, { link, log }) }),
  );
}

async function started(service: RelayService): Promise<Run> {
  const listen = await service.start();
  return {
    listen,
    ended: service.ended,
    reload: (config) => service.reload(config),
    stop: () => service.stop(),
  };
}
