// Starts relaying, with one relay or several.
// The observer is a child process (`run`), or runs elsewhere (`relay`).
// Invariant: a single relay runs in this process. Only several relays need a supervisor.
// Not here: a relay (relay/relay.ts), several (supervisor/supervisor.ts), the command line (cli/), the observer
// (observer/).

import type { Config } from '../config/config.js';
import type { Log } from '../config/log.js';
import type { Address } from '../config/values/address.js';
import type { ObserverLink } from './link/link.js';
import { ObserverProcess, PairedLauncher } from './link/observer-process.js';
import { ObserverSocket } from './link/observer-socket.js';
import { Relay } from './relay/relay.js';
import { keepYoungGenerationSmall } from './relay/young-generation.js';
import type { Supervisor } from './supervisor/supervisor.js';

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

/** Starts relay and observer. Throws RuntimeError when a port is taken or the observer cannot work. */
export async function startRun(config: Config, log: Log): Promise<Run> {
  if (config.relays > 1) return startSupervisor(config, { log, observer: 'child' });
  const observerEnd = (link: ObserverLink) => new ObserverProcess(config, { launcher: new PairedLauncher(link), log });
  return started(new Relay(config, { log, observerEnd }));
}

/** Starts the relay alone. It connects to the observer at `config.socket` whenever there is one. */
export async function startRelay(config: Config, log: Log): Promise<Run> {
  if (config.relays > 1) return startSupervisor(config, { log, observer: 'elsewhere' });
  return started(new Relay(config, { log, observerEnd: (link) => new ObserverSocket(config.socket, { link, log }) }));
}

async function startSupervisor(config: Config, options: { log: Log; observer: 'child' | 'elsewhere' }): Promise<Run> {
  const { Supervisor } = await import('./supervisor/supervisor.js');
  return started(new Supervisor(config, options));
}

async function started(service: Relay | Supervisor): Promise<Run> {
  keepYoungGenerationSmall();
  const listen = await service.start();
  return {
    listen,
    ended: service.ended,
    reload: (config) => service.reload(config),
    stop: () => service.stop(),
  };
}
