// Entries of the journal: rows of a flush as bytes, each with the sums of its statement.
// Invariant: an entry holds rows of one minute. Its first byte is the version of the form; what is read from it is what
// was packed, in its order. Not here: the table (journal.ts), adding rows up (merged-rows.ts).

import { MINUTE_MS } from '../../../config/values/minute.js';
import type { Flush, StatementSourceDelta } from '../../../facts/flush.js';
import type { RollupRow } from '../../../facts/rollup-row.js';
import { DamagedJournal } from '../file/failures.js';
import { ByteReader, ByteWriter } from './packed-bytes.js';
import { type Beside, isWhole, packRow, type Sums } from './packed-row.js';
import { FORMS, PARTS, type RowsByPart } from './row-forms.js';
import { kindsOf, type RowKind, RowKinds } from './row-kinds.js';

const VERSION = 1;
const WRITER_BYTES = 1 << 16;
/** Kind, fingerprint and times; the fingerprint's characters come on top. */
const KEY_BYTES = 48;

/** What a flush gives to the journal. */
export type JournaledParts = { [Name in keyof RowsByPart]: ReadonlyArray<RowsByPart[Name]> } & Pick<
  Flush,
  'statements'
>;

interface Packed {
  entries: PackedEntry[];
  /** Sums of statements that belong to no row. */
  others: StatementSourceDelta[];
}

export function packEntries(parts: JournaledParts): Packed {
  const byMinute = new Map<number, PackedEntry>();
  const entryOf = (minute: number): PackedEntry => {
    let entry = byMinute.get(minute);
    if (entry === undefined) {
      entry = new PackedEntry(minute);
      byMinute.set(minute, entry);
    }
    return entry;
  };
  const others: StatementSourceDelta[] = [];
  // Usually there is one for each row, in their order.
  const deltas = parts.statements[Symbol.iterator]();
  let next = deltas.next();
  for (const row of parts.rollups) {
    const delta = next.done !== true && hasKeyOf(next.value, row) ? next.value : undefined;
    if (delta !== undefined) next = deltas.next();
    const isOfRow = delta !== undefined && canBeReadFrom(delta, row);
    if (delta !== undefined && !isOfRow) others.push(delta);
    entryOf(row.key.minute).addRollup(row, isOfRow ? delta : undefined);
  }
  for (; next.done !== true; next = deltas.next()) others.push(next.value);
  for (const of of PARTS) {
    if (of !== 'rollups') for (const row of parts[of]) entryOf(row.minute).addTags(of, row);
  }
  return { entries: [...byMinute.values()], others };
}

class PackedEntry {
  readonly minute: number;
  rows = 0;
  readonly #writer = new ByteWriter(WRITER_BYTES);
  readonly #kinds = new RowKinds();

  constructor(minute: number) {
    this.minute = minute;
  }

  addRollup(row: RollupRow, delta: StatementSourceDelta | undefined): void {
    const writer = this.#begin(this.#kinds.ofRollup(row, delta), row.key.fingerprint);
    if (delta !== undefined) {
      writer.whole(sinceMinute(row.key.minute, delta.firstSeenMs));
      writer.whole(sinceMinute(row.key.minute, delta.lastSeenMs));
    }
    packRow(writer, FORMS.rollups.fields, row as unknown as Sums & Beside);
  }

  addTags<Name extends Exclude<keyof RowsByPart, 'rollups'>>(of: Name, row: RowsByPart[Name]): void {
    const writer = this.#begin(this.#kinds.ofTags(of, row), row.fingerprint);
    packRow(writer, FORMS[of].fields, row as unknown as Sums & Beside);
  }

  bytes(): Uint8Array {
    const head = new ByteWriter(WRITER_BYTES);
    const named = this.#kinds.toJson();
    head.reserve(KEY_BYTES + 3 * named.length);
    head.whole(VERSION);
    head.text(named);
    return Buffer.concat([head.written, this.#writer.written]);
  }

  #begin(kind: number, fingerprint: string): ByteWriter {
    const writer = this.#writer;
    writer.reserve(KEY_BYTES + 3 * fingerprint.length);
    writer.whole(kind);
    writer.fingerprint(fingerprint);
    this.rows++;
    return writer;
  }
}

function hasKeyOf({ fingerprint, source, construct }: StatementSourceDelta, { key }: RollupRow): boolean {
  return fingerprint === key.fingerprint && source === key.source && construct === key.construct;
}

/** The statement's sums are the row's. A late row is in a minute that began after its executions. */
function canBeReadFrom(delta: StatementSourceDelta, row: RollupRow): boolean {
  return (
    delta.calls === row.calls &&
    delta.errors === row.errors &&
    isWhole(sinceMinute(row.key.minute, delta.firstSeenMs)) &&
    isWhole(sinceMinute(row.key.minute, delta.lastSeenMs))
  );
}

function sinceMinute(minute: number, atMs: number): number {
  return Math.round(atMs) - minute * MINUTE_MS;
}

/** Of a row whose kind has a verdict. */
export interface SeenTimes {
  firstSeenMs: number;
  lastSeenMs: number;
}

/** Gives each row to `take`, which reads the numbers of packRow() from the reader. Throws DamagedJournal. */
export function readEntry(
  bytes: Uint8Array,
  take: (kind: RowKind, fingerprint: string, rest: { reader: ByteReader; seen: SeenTimes | undefined }) => void,
): void {
  const reader = new ByteReader(bytes);
  if (reader.whole() !== VERSION) throw new DamagedJournal();
  const kinds = kindsOf(reader.text());
  while (!reader.isAtEnd) {
    const kind = kinds[reader.whole()];
    if (kind === undefined) throw new DamagedJournal();
    const fingerprint = reader.fingerprint();
    const seen = kind.verdict && {
      firstSeenMs: kind.minute * MINUTE_MS + reader.whole(),
      lastSeenMs: kind.minute * MINUTE_MS + reader.whole(),
    };
    take(kind, fingerprint, { reader, seen });
  }
}
