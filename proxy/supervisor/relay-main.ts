// One of several relays, as a process: takes the connections that its supervisor hands over.
// Invariant: signals of the terminal are the supervisor's business; without a supervisor it drains and ends, because nobody would start it
// again or bring it clients. Not here: what a relay is (relay.ts), starting and restarting it (relay-process.ts).

import '../../config/process/no-inspector.js';
import type { Socket } from 'node:net';
import { createLog } from '../../config/log.js';
import { ExitCode, errorLine } from '../../config/values/errors.js';
import { ObserverSocket } from '../link/observer-socket.js';
import { Relay } from '../relay/relay.js';
import { keepYoungGenerationSmall } from '../relay/young-generation.js';
import { type FromRelay, RELAY_START, type RelayStart, type ToRelay } from './messages.js';

/** How long after a connection closed the supervisor is told, so that many are told at once. */
const TELL_AFTER_MS = 50;
/** The observer is a child of the same supervisor, which starts it again: it is worth waiting for. */
const LAST_WORD_MS = 10_000;
const FIRST_LINK_MS = 2_000;

const start = JSON.parse(process.env[RELAY_START] ?? '{}') as RelayStart;
const { config, relayId } = start;
const log = createLog({ level: config.logLevel, name: 'relay' }).child({ relay: start.place });
let telling: NodeJS.Timeout | undefined;
let observer: ObserverSocket | undefined;

function tell(message: FromRelay): void {
  // The channel may be gone, which 'disconnect' says.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

function tellOpen(): void {
  telling = undefined;
  tell({ kind: 'open', open: service.connectionCount });
}

function take(pair: number, client: Socket | undefined): void {
  // It was gone before it could be handed over.
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
    onStatus: (status) => tell({ kind: 'status', status }),
    onLeft: () => {
      telling ??= setTimeout(tellOpen, TELL_AFTER_MS);
    },
  },
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
// A broken stderr is no reason to stop relaying.
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
  // The supervisor knows of an observer that listens: the first statements of all are observed too. Without it traffic waits no longer.
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
