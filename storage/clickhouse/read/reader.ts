// Opens a fleet's store on ClickHouse for reading: the door for all reports.
// Invariant: it never writes; a report waits no longer than the time limit of its statements.
// Not here: the reports (reports/), where the address comes from (cli/reading/).

import { performance } from 'node:perf_hooks';
import { UsageError } from '../../../config/values/errors.js';
import { IDENTITY_NAMES, type IdentityFilter } from '../../../facts/fleet/identity.js';
import type { StoredFacts, StoreReader } from '../../reading/stored-facts.js';
import { StoreError } from '../../store-error.js';
import { type StoreAddress, shownStore } from '../connection/address.js';
import { FLEET_SCHEMA_VERSION, STORE_FACT } from '../schema/migrations.js';
import { Answering } from './answering.js';
import { clickhouseFacts } from './clickhouse-facts.js';
import { type InstanceState, Places, scopeSql } from './questions/place.js';
import { OF_FEW_ROWS, View } from './questions/view.js';

export interface ClickhouseReaderOptions {
  readonly scope?: IdentityFilter;
  /** For one statement. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;
/** A report that comes sooner after the opening takes the marks that it read. */
const OPENING_MS = 1_000;
const FACTS = `SELECT name, argMax(value, version) AS value FROM ${STORE_FACT} GROUP BY name`;
const STATES = `SELECT service, environment, instance, toString(store) AS store, minutes_folded_to_min AS minutesFoldedTo,
    hours_folded_to_min AS hoursFoldedTo, minutes_kept_from_min AS minutesKeptFrom, hours_kept_from_min AS hoursKeptFrom,
    days_kept_from_min AS daysKeptFrom, first_min AS firstMinute, last_min AS lastMinute
  FROM instance_state FINAL`;
const BYTES = `SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = currentDatabase()`;

/** Throws StoreError: unreachable, denied, missing, newer-schema, older-schema. */
export function openClickhouseReader(address: StoreAddress, options: ClickhouseReaderOptions = {}): StoreReader {
  const reader = new ClickhouseReader(address, options);
  try {
    reader.open();
    return reader;
  } catch (error) {
    reader.close();
    throw error;
  }
}

class ClickhouseReader implements StoreReader {
  readonly place: string;
  /** Sidecars keep what they could not send. */
  readonly unstoredSinceMs = undefined;
  readonly #address: StoreAddress;
  readonly #scope: IdentityFilter;
  readonly #answering: Answering;
  /** Readers of other scopes ask through the same thread. */
  readonly #isOwner: boolean;
  #opening: { readonly places: Places; readonly atMs: number } | undefined;

  /** Use openClickhouseReader. */
  constructor(
    address: StoreAddress,
    { scope = {}, timeoutMs = TIMEOUT_MS }: ClickhouseReaderOptions,
    shared?: Answering,
  ) {
    this.place = `clickhouse://${shownStore(address)}`;
    this.#address = address;
    this.#scope = scope;
    this.#isOwner = shared === undefined;
    this.#answering = shared ?? new Answering(address, timeoutMs);
  }

  /** What it learns is told to the report that opens it. Throws StoreError. */
  open(): void {
    this.#opening = { places: this.#placesNow(), atMs: performance.now() };
  }

  read<T>(work: (stored: StoredFacts) => T): T {
    const opening = this.#opening;
    this.#opening = undefined;
    const isFresh = opening !== undefined && performance.now() - opening.atMs < OPENING_MS;
    const places = isFresh ? opening.places : this.#placesNow();
    return work(clickhouseFacts(new View(this.#answering, places)));
  }

  #placesNow(): Places {
    const [facts, states] = this.#answering.ask([FACTS, `${STATES} WHERE ${scopeSql(this.#scope)} ${OF_FEW_ROWS}`]);
    const known = new Map((facts as unknown as Fact[]).map(({ name, value }) => [name, Number(value)]));
    requireCurrent(known.get('schema') ?? 0, this.place);
    const kept = {
      minutes: known.get('minutes_kept_days')!,
      hours: known.get('hours_kept_days')!,
      days: known.get('days_kept_days')!,
      from: {
        minutes: known.get('minutes_kept_from_min'),
        hours: known.get('hours_kept_from_min'),
        days: known.get('days_kept_from_min'),
      },
    };
    return new Places(states as unknown as InstanceState[], { scope: this.#scope, kept, nowMs: Date.now() });
  }

  /** Of the node that answers. */
  sizes(): { databaseBytes: number; logBytes: number } {
    const [[row]] = this.#answering.ask([BYTES]);
    return { databaseBytes: Number(row.bytes), logBytes: 0 };
  }

  /** Sidecars know it of themselves. */
  shipping(): undefined {
    return undefined;
  }

  /** Never more than this one reads. */
  within(filter: IdentityFilter): ClickhouseReader {
    for (const name of IDENTITY_NAMES) {
      const [mine, wanted] = [this.#scope[name], filter[name]];
      if (mine === undefined || wanted === undefined || mine === wanted) continue;
      throw new UsageError(`the address of the store keeps to ${name} ${mine}`, {
        where: `--${name} ${wanted}`,
        hint: 'leave one of them out',
      });
    }
    return new ClickhouseReader(this.#address, { scope: { ...this.#scope, ...filter } }, this.#answering);
  }

  close(): void {
    if (this.#isOwner) this.#answering.close();
  }
}

interface Fact {
  readonly name: string;
  readonly value: number;
}

function requireCurrent(version: number, place: string): void {
  if (version === FLEET_SCHEMA_VERSION) return;
  if (version === 0) {
    throw new StoreError('missing', `nothing was shipped to ${place} yet`, {
      hint: 'A sidecar with --ship makes the tables.',
    });
  }
  const words = `${place} has schema version ${version}; this pgwitness reads version ${FLEET_SCHEMA_VERSION}`;
  if (version > FLEET_SCHEMA_VERSION) {
    throw new StoreError('newer-schema', words, { hint: 'Use the version of pgwitness that its sidecars have.' });
  }
  throw new StoreError('older-schema', words, { hint: 'A sidecar of this version brings it up to date.' });
}
