// The observer that runs by itself: listens for relays at a private Unix socket.
// Invariant: the socket is 0600 in a directory of 0700, because what passes holds SQL; each link ends with a last flush.
// Not here: what an observer is (service.ts), the relay's end (proxy/observer-socket.ts).

import { createServer, type Socket } from 'node:net';
import { setPriority } from 'node:os';
import type { Config } from '../config/config.js';
import { RuntimeError } from '../config/errors.js';
import { limits } from '../config/limits.js';
import type { Log } from '../config/log.js';
import { OBSERVER_NICENESS } from '../config/niceness.js';
import { freeStaleSocket, makePrivate, privateDirectory } from '../config/unix-socket.js';
import type { LiveConfig } from './assemble.js';
import { startObserver } from './service.js';

export interface LinkServer {
  /** Links are closed, what they brought is stored. */
  stop(): Promise<void>;
  /** Other rules and networks, from now on. */
  reconfigure(changed: LiveConfig): void;
}

/** Resolves when it listens at `config.socket`. Throws RuntimeError, UsageError or StoreError. */
export async function listenForRelays(config: Config, log: Log): Promise<LinkServer> {
  privateDirectory(config.socket);
  await freeStaleSocket(config.socket);
  const observer = await startObserver(config, { log, restarts: 0 });
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
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new RuntimeError(`the socket cannot be made (${error.code ?? error.message})`, {
          where: `--socket ${config.socket}`,
          hint: 'give a shorter path, or one where this user may write',
          cause: error,
        }),
      ),
    );
    server.listen({ path: config.socket }, resolve);
  }).catch(async (error) => {
    await observer.stop();
    throw error;
  });
  makePrivate(config.socket);
  setPriority(OBSERVER_NICENESS);
  log.info('waiting for relays', { socket: config.socket });
  return {
    reconfigure: (changed) => observer.reconfigure(changed),
    async stop() {
      server.close();
      for (const link of links.keys()) link.end();
      const ended = Promise.all(links.values());
      const late = new Promise((resolve) => setTimeout(resolve, limits.closeMs).unref());
      await Promise.race([ended, late]);
      for (const link of links.keys()) link.destroy();
      await Promise.all(links.values());
      await observer.stop();
    },
  };
}
