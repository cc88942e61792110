// Runs the observer of several relays, as a child of their supervisor.
// Relays connect at a socket; the supervisor speaks over Node's channel. Invariant: it ends when it is told to, or when
// its supervisor is gone and all relays have ended their links; never before their observations are stored. Not here:
// the socket and the links (link-server.ts), the observer itself (service.ts).

import type { Config } from '../config/config.js';
import type { Log } from '../config/log.js';
import type { FromObserver, SharedStart, ToObserver } from '../proxy/supervisor/messages.js';
import type { LiveConfig } from './assemble.js';
import { type LinkServer, listenForRelays } from './link-server.js';
import type { ServiceOptions } from './service.js';

export interface SharedOptions {
  config: Config;
  shared: SharedStart;
  restarts: number;
  httpWorker: ServiceOptions['httpWorker'];
  log: Log;
}

/** Resolves when it ended, with whether everything was stored. Throws RuntimeError, UsageError or StoreError. */
export async function observeForSupervisor({ config, shared, ...options }: SharedOptions): Promise<boolean> {
  const server = await listenForRelays(
    { ...config, socket: shared.socket },
    { ...options, relays: { count: shared.relays, ended: shared.endedRelays } },
  );
  const { log } = options;
  return new Promise<boolean>((resolve) => {
    let ending = false;
    const end = (linksEndFirst: boolean) => {
      if (ending) return;
      ending = true;
      void server.stop({ linksEndFirst }).then(resolve);
    };
    process.on('message', (message: ToObserver) => {
      if (message.kind === 'end') end(message.relaysEndLinks);
      else told(server, message, log);
    });
    process.on('disconnect', () => end(true));
    // The supervisor may be gone since before the listener above was set.
    if (!process.connected) end(true);
    process.send?.({ kind: 'listening' } satisfies FromObserver, undefined, undefined, () => {});
  });
}

function told(server: LinkServer, message: Exclude<ToObserver, { kind: 'end' }>, log: Log): void {
  switch (message.kind) {
    case 'configure':
      try {
        server.reconfigure(message.changed as LiveConfig);
      } catch (error) {
        log.error('the rules have a fault: the rules in force stay', { error: String(error) });
      }
      return;
    case 'relay-died':
      server.relayDied(message.relayId, message.atMs);
      return;
    case 'supervisor':
      server.supervisor(message.status);
      return;
    default:
      message satisfies never;
  }
}
