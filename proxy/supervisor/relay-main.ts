// Runs one of several relays as a process that takes connections from its supervisor.
// Invariant: only the supervisor acts on signals of the terminal. A relay without its supervisor drains and ends,
// because nobody would restart it or bring it clients.
// Not here: a relay (relay/relay.ts), starting and restarting this process (relay-process.ts).

import '../../config/process/no-inspector.js';
import type { Socket } from 'node:net';
import { createLog } from '../../config/log.js';
import { ExitCode, errorLine } from '../../config/values/errors.js';
import { ObserverSocket } from '../link/observer-socket.js';
import { Relay } from '../relay/relay.js';
import { keepYoungGenerationSmall } from '../relay/young-generation.js';
import { type FromRelay, RELAY_START, type RelayStart, type ToRelay } from './messages.js';

/** Delay before the supervisor hears of closed connections, so that one message is enough for many. */
const TELL_AFTER_MS = 50;
/** Long, because the supervisor starts its observer again. */
const LAST_WORD_MS = 10_000;
const FIRST_LINK_MS = 2_000;

const start = JSON.parse(process.env[RELAY_START] ?? '{}') as RelayStart;
const { config, relayId } = start;
const log = createLog({ level: config.logLevel, name: 'relay' }).child({ relay: start.place });
let telling: NodeJS.Timeout | undefined;
let observer: ObserverSocket | undefined;

function tell(message: FromRelay): void {
  // Without a channel nothing is sent: 'disconnect' handles that.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

function tellOpen(): void {
  telling = undefined;
  tell({ kind: 'open', open: service.connectionCount });
}

function take(pair: number, client: Socket | undefined): void {
  // Undefined when the connection closed before it was handed over.
  if (client !== undefined) service.take(pair, client);
  clearTimeout(telling);
  telling = undefined;
  tell({ kind: 'taken', open: service.connectionCount });
}

function reload({ config, connectionsMaxOfAll, observerAgain }: Extract<ToRelay, { kind: 'reload' }>): void {
  try {
    if (observer !== undefined) observer.isStartedAgain = observerAgain;
    service.reload(config, connectionsMaxOfAll);
    log.setLevel(config.logLevel);
  } catch (error) {
    log.error('the configuration has a fault: the one in force stays', { error: errorLine(error) });
  }
}

keepYoungGenerationSmall();
const service = new Relay(config, {
  log,
  observerEnd: (link) => {
    observer = new ObserverSocket(start.socket, { link, log, lastWordMs: LAST_WORD_MS });
    return observer;
  },
  supervised: {
    relayId,
    connectionsMaxOfAll: start.connectionsMaxOfAll,
    onStatus: (status, trouble) => tell({ kind: 'status', status, trouble }),
    onLeft: () => {
      telling ??= setTimeout(tellOpen, TELL_AFTER_MS);
    },
  },
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
// A broken stderr must not stop the relaying.
process.on('uncaughtException', (error) => log.error('unexpected error: relaying goes on', { error: error.stack }));
process.on('message', (message: ToRelay, client?: Socket) => {
  switch (message.kind) {
    case 'client':
      take(message.pair, client);
      return;
    case 'reload':
      reload(message);
      return;
    case 'observer-listens':
      observer?.hurry();
      return;
    case 'stop':
      service.stop();
      return;
    default:
      message satisfies never;
  }
});
process.on('disconnect', () => {
  log.error('the supervisor is gone: this relay drains and ends');
  service.stop();
});

async function begin(): Promise<void> {
  await service.start();
  // Wait a little, so that the first statements are observed too. Traffic does not wait longer for an absent observer.
  await observer?.firstLive(FIRST_LINK_MS);
  tell({ kind: 'ready' });
  await observer?.firstLive();
  if (observer?.wasLive) tell({ kind: 'observed' });
}

begin().catch((error: unknown) => {
  process.stderr.write(`pgwitness: ${errorLine(error)}\n`);
  process.exit(ExitCode.runtime);
});
void service.ended.then((exitCode) => process.exit(exitCode));
