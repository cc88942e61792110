// Starts the thread that ships, starts it again when it fails, and ends it.
// Invariant: whatever happens to it, observing goes on. Not here: the thread's own side (ship-main.ts).

import { Worker } from 'node:worker_threads';
import type { Config } from '../../config/config.js';
import type { Log } from '../../config/log.js';
import type { ShippingStatus } from '../../facts/fleet/shipping-status.js';
import { writeShippingNote } from '../../storage/sqlite/file/shipped.js';
import type { FromShipThread, ShipThreadStart, ToShipThread } from './messages.js';
import { shipAddress } from './ship-address.js';

/** A slice, its JSON and its compressed form fit several times. */
const HEAP_MIB = 128;
const RESTART_AFTER_MS = 30_000;

/** Undefined where nothing is to be shipped. Throws UsageError for an address or a file that cannot be read. */
export function shipThreadOf(
  config: Pick<Config, 'ship' | 'cluster' | 'dataDir'>,
  { identity, onStatus, log }: Pick<ShipThreadOptions, 'onStatus' | 'log'> & Pick<ShipThreadStart, 'identity'>,
): ShipThread | undefined {
  if (config.ship === '') {
    try {
      writeShippingNote(config.dataDir, undefined);
    } catch {
      // Then status tells of a shipping that has ended; observing goes on.
    }
    return undefined;
  }
  const { address, layout } = shipAddress(config, process.env);
  return new ShipThread({ start: { dataDir: config.dataDir, address, layout, identity }, onStatus, log });
}

interface ShipThreadOptions {
  readonly start: ShipThreadStart;
  readonly onStatus: (status: ShippingStatus) => void;
  readonly log: Log;
}

export class ShipThread {
  readonly #options: ShipThreadOptions;
  #worker: Worker;
  #restart: NodeJS.Timeout | undefined;
  #isEnding = false;
  #isFailing = false;
  /** By its number in the system; empty where it tells none. */
  threads: readonly number[] = [];

  constructor(options: ShipThreadOptions) {
    this.#options = options;
    this.#worker = this.#begin();
  }

  /** Sends what there is, for at most so long. */
  async end(withinMs: number): Promise<void> {
    this.#isEnding = true;
    clearTimeout(this.#restart);
    const worker = this.#worker;
    const ended = new Promise<void>((resolve) => {
      worker.once('exit', () => resolve());
      worker.on('message', ({ kind }: FromShipThread) => {
        if (kind === 'ended') resolve();
      });
    });
    const message: ToShipThread = { kind: 'end', withinMs };
    worker.postMessage(message);
    // A request that hangs is not waited for.
    const timer = setTimeout(() => void worker.terminate(), withinMs * 2);
    await ended;
    clearTimeout(timer);
    await worker.terminate();
  }

  #begin(): Worker {
    const { start, log } = this.#options;
    const worker = new Worker(new URL('./ship-main.js', import.meta.url), {
      workerData: start,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    worker.on('message', (message: FromShipThread) => {
      if (message.kind === 'status') this.#take(message.status);
      else if (message.kind === 'warning')
        log.warn('rows are shipped, but a change of how long they are kept is not ended', { why: message.why });
      else if (message.kind === 'thread') this.threads = message.thread === undefined ? [] : [message.thread];
    });
    worker.on('error', (error) => log.error('shipping failed, and begins again', { error: error.message }));
    worker.on('exit', () => {
      this.threads = [];
      if (this.#isEnding) return;
      this.#restart = setTimeout(() => {
        this.#worker = this.#begin();
      }, RESTART_AFTER_MS);
    });
    return worker;
  }

  #take(status: ShippingStatus): void {
    const { log, onStatus } = this.#options;
    onStatus(status);
    const isFailing = status.error !== undefined;
    if (isFailing && !this.#isFailing) log.warn('shipping fails and is tried again', { error: status.error });
    if (!isFailing && this.#isFailing) log.info('shipping works again', { to: status.place });
    this.#isFailing = isFailing;
  }
}
