// Listens at a private Unix socket for the relays that connect to this observer.
// Invariant: the socket is 0600 in a directory of 0700, because SQL passes through it; each link ends with a last
// flush. Not here: the observer behind it (service.ts), the relay's end (proxy/link/observer-socket.ts).

import { createServer, type Server, type Socket } from 'node:net';
import type { Config } from '../config/config.js';
import { limits } from '../config/limits.js';
import { giveWayToTraffic } from '../config/process/niceness.js';
import { RuntimeError } from '../config/values/errors.js';
import { freeStaleSocket, makePrivate, privateDirectory, sharedSocketPath } from '../config/values/unix-socket.js';
import type { SupervisorStatus } from '../proxy/supervisor/messages.js';
import type { LiveConfig } from './assemble.js';
import { type ServiceOptions, startObserver } from './service.js';

export interface LinkServer {
  /**
   * Closes the links, with `linksEndFirst` after the relays had time to end them, and stores what they brought.
   * Resolves with false when counts were lost that the store did not take.
   */
  stop(order?: { linksEndFirst: boolean }): Promise<boolean>;
  /** Takes other rules and networks, for later statements. */
  reconfigure(changed: LiveConfig): void;
  relayDied(relayId: string, atMs: number): void;
  supervisor(status: SupervisorStatus): void;
}

/** Time that ending relays have to send what is left. */
const LINKS_END_MS = 10_000;

/** Resolves when it listens at `config.socket`. Throws RuntimeError, UsageError or StoreError. */
export async function listenForRelays(config: Config, options: ServiceOptions): Promise<LinkServer> {
  const { log } = options;
  const prepare = async () => {
    privateDirectory(config.socket);
    await freeStaleSocket(config.socket);
  };
  // A socket in the data directory belongs to the process with the directory's lock, which the observer takes.
  const inData = config.socket === sharedSocketPath(config.dataDir);
  if (!inData) await prepare();
  const observer = await startObserver(config, options);
  const links = new Map<Socket, Promise<void>>();
  const server = createServer((link) => {
    link.on('error', () => link.destroy());
    const ended = observer
      .take(link)
      .catch((error) => log.error('a link to a relay failed', { error: String(error) }))
      .finally(() => {
        links.delete(link);
        link.destroy();
      });
    links.set(link, ended);
  });
  server.maxConnections = limits.relaysMax;
  try {
    if (inData) await prepare();
    await listenPrivately(server, config.socket);
  } catch (error) {
    await observer.stop();
    throw error;
  }
  giveWayToTraffic();
  log.info('waiting for relays', { socket: config.socket });
  return {
    reconfigure: (changed) => observer.reconfigure(changed),
    relayDied: (relayId, atMs) => observer.relayDied(relayId, atMs),
    supervisor: (status) => observer.supervisor(status),
    async stop({ linksEndFirst } = { linksEndFirst: false }) {
      server.close();
      if (linksEndFirst) await oneOf(Promise.all(links.values()), LINKS_END_MS);
      for (const link of links.keys()) link.end();
      await oneOf(Promise.all(links.values()), limits.closeMs);
      for (const link of links.keys()) link.destroy();
      await Promise.all(links.values());
      return observer.stop({ linksWereClosed: !linksEndFirst });
    },
  };
}

async function listenPrivately(server: Server, socket: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new RuntimeError(`the socket cannot be made (${error.code ?? error.message})`, {
          where: `--socket ${socket}`,
          hint: 'give a shorter path, or one where this user may write',
          cause: error,
        }),
      ),
    );
    server.listen({ path: socket }, resolve);
  });
  makePrivate(socket);
}

/** Resolves with the promise, or after so much time. */
function oneOf(promise: Promise<unknown>, ms: number): Promise<unknown> {
  return Promise.race([promise, new Promise((resolve) => setTimeout(resolve, ms).unref())]);
}
