// Ships a data directory while the observer runs: when a slice is sent, and failures.
// Invariant: it works a small part of the time, however much waits; a failure is tried again, at first soon and then
// less often. Not here: the slices (shipper.ts), the thread (ship-main.ts).

import { performance } from 'node:perf_hooks';
import { packageVersion } from '../../config/version.js';
import type { Identity } from '../../facts/fleet/identity.js';
import type { ShippingStatus } from '../../facts/fleet/shipping-status.js';
import { type StoreAddress, shownStore } from '../../storage/clickhouse/connection/address.js';
import { FleetClient } from '../../storage/clickhouse/connection/client.js';
import { keptDays, prepareStore, type WantedLayout } from '../../storage/clickhouse/connection/prepare.js';
import { writeShippingNote } from '../../storage/sqlite/file/shipped.js';
import { openReader, type Reader } from '../../storage/sqlite/read/reader.js';
import { StoreError } from '../../storage/store-error.js';
import { Shipper } from './shipper.js';
import { noCounts, sumOf } from './slice.js';

export interface ShippingOptions {
  dataDir: string;
  address: StoreAddress;
  layout: WantedLayout;
  identity: Identity;
  /** Is told after each turn. */
  report(status: ShippingStatus): void;
  /** Is told once that rows are sent although the store cannot be made as it should be. */
  warn?(why: string): void;
}

/** What is over is noticed this soon. */
const IDLE_MS = 2_000;
/** Rows without levels are compared this often; less often where that takes long. */
const OTHERS_EVERY_MS = 60_000;
const OTHERS_SHARE = 100;
/** While much waits: so many times as long as a slice kept the thread busy, it rests. */
const REST_TIMES = 4;
const REST_MS_MIN = 20;
const REST_MS_MAX = 2_000;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;

export class Shipping {
  readonly #options: ShippingOptions;
  readonly #reader: Reader;
  #shipper: Shipper | undefined;
  #client: FleetClient | undefined;
  #node = 0;
  #isEnding = false;
  #hasWarned = false;
  #noted = '';
  #wake: (() => void) | undefined;
  #failuresInRow = 0;
  #othersAtMs = Number.NEGATIVE_INFINITY;
  #othersEveryMs = OTHERS_EVERY_MS;
  #othersWait = true;
  #busyFrom = performance.eventLoopUtilization();
  readonly #status: ShippingStatus = {
    place: '',
    rows: { ...noCounts(), others: 0 },
    failures: {},
    failingSinceMs: undefined,
    error: undefined,
    sentMs: 0,
    waitingSinceMs: undefined,
    expired: noCounts(),
    dropped: noCounts(),
  };

  constructor(options: ShippingOptions) {
    this.#options = options;
    this.#status.place = shownStore(options.address);
    this.#reader = openReader(options.dataDir);
  }

  /** Until end() is called. */
  async run(): Promise<void> {
    while (!this.#isEnding) {
      const restMs = await this.#turn();
      this.#report();
      if (!this.#isEnding) await this.#rest(restMs);
    }
  }

  /**
   * An orderly end: sends what there is, the hour that is being filled too, for at most so long. `running`: what run()
   * returned.
   */
  async end(running: Promise<void>, withinMs: number): Promise<void> {
    const deadline = performance.now() + withinMs;
    this.#isEnding = true;
    this.#wake?.();
    await running;
    try {
      for (let more = true; more && performance.now() < deadline; ) {
        const shipper = await this.#connected();
        const others = await shipper.sendOthers(Date.now());
        const buckets = others.more ? others : await shipper.sendBuckets(Date.now(), { isEnd: true });
        more = others.more || buckets.more;
      }
    } catch (error) {
      this.#failed(error);
    }
    this.#report();
    await this.#client?.close();
    this.#reader.close();
  }

  /** Returns how long to rest. */
  async #turn(): Promise<number> {
    try {
      const shipper = await this.#connected();
      if (performance.now() - this.#othersAtMs >= this.#othersEveryMs || this.#othersWait) await this.#others(shipper);
      const buckets = this.#othersWait ? undefined : await shipper.sendBuckets(Date.now());
      if (buckets !== undefined) Object.assign(this.#status.rows, sumOf(this.#status.rows, buckets.buckets));
      this.#succeeded();
      return this.#othersWait || buckets?.more ? this.#restAfterWork() : IDLE_MS;
    } catch (error) {
      return this.#failed(error);
    }
  }

  async #others(shipper: Shipper): Promise<void> {
    const begun = performance.now();
    // Another sidecar may have given the tables another retention since.
    if (!this.#othersWait) shipper.keep(await keptDays(this.#client!));
    const { rows, more } = await shipper.sendOthers(Date.now());
    this.#status.rows.others += rows;
    this.#othersWait = more;
    this.#othersAtMs = performance.now();
    this.#othersEveryMs = Math.max(OTHERS_EVERY_MS, (this.#othersAtMs - begun) * OTHERS_SHARE);
  }

  async #connected(): Promise<Shipper> {
    const { address, layout, identity } = this.#options;
    if (this.#client === undefined) {
      const client = new FleetClient(address, { node: this.#node });
      try {
        this.#warn(await prepareStore(address, layout, this.#node));
        const kept = await keptDays(client);
        this.#shipper?.keep(kept);
        this.#shipper ??= new Shipper({
          reader: this.#reader,
          sink: { insert: (table, columns, rows) => this.#client!.insert(table, columns, rows) },
          identity,
          target: address.database,
          kept,
          pgwitnessVersion: packageVersion(),
        });
      } catch (error) {
        await client.close();
        throw error;
      }
      this.#client = client;
    }
    return this.#shipper!;
  }

  #warn(unended: StoreError | undefined): void {
    if (unended === undefined || this.#hasWarned) return;
    this.#hasWarned = true;
    this.#options.warn?.(`${unended.message}: ${unended.hint}`);
  }

  #succeeded(): void {
    this.#failuresInRow = 0;
    this.#status.failingSinceMs = undefined;
    this.#status.error = undefined;
  }

  /** Returns how long to wait. What is no failure of a store is a defect, and thrown. */
  #failed(error: unknown): number {
    if (!(error instanceof StoreError)) throw error;
    const { failures } = this.#status;
    failures[error.code] = (failures[error.code] ?? 0) + 1;
    this.#status.failingSinceMs ??= Date.now();
    this.#status.error = `${error.message}: ${error.hint}`;
    void this.#client?.close();
    this.#client = undefined;
    this.#node = (this.#node + 1) % this.#options.address.nodes.length;
    const longest = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** this.#failuresInRow++);
    // Sidecars that lost the same store do not come back at the same moment.
    return longest / 2 + (Math.random() * longest) / 2;
  }

  #report(): void {
    const progress = this.#shipper?.progress;
    const status = this.#status;
    if (progress !== undefined) {
      status.sentMs = progress.sentMs;
      status.expired = progress.expired;
      status.dropped = progress.dropped;
    }
    this.#note();
    try {
      status.waitingSinceMs = this.#shipper?.oldestWaitingMs();
    } catch (error) {
      // The file is being replaced, or damaged: the next turn says so.
      if (!(error instanceof StoreError)) throw error;
    }
    this.#options.report(status);
  }

  /** For those who read the data directory. */
  #note(): void {
    const { place, failingSinceMs, error } = this.#status;
    const note = { place, failingSinceMs: failingSinceMs ?? null, error: error ?? null };
    const text = JSON.stringify(note);
    if (text === this.#noted) return;
    try {
      writeShippingNote(this.#options.dataDir, note);
      this.#noted = text;
    } catch {
      // A disk that takes nothing: the next turn tries again.
    }
  }

  #restAfterWork(): number {
    const busyMs = performance.eventLoopUtilization(this.#busyFrom).active;
    this.#busyFrom = performance.eventLoopUtilization();
    return Math.min(REST_MS_MAX, Math.max(REST_MS_MIN, busyMs * REST_TIMES));
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
