// Ids of series and tag sets, which stand for their long keys; made on first sight.
// Invariant: an id in memory exists in the database, or the transaction that made it is still open; forget() after a
// rollback. Not here: the rows that use them (write/flush-writer.ts).

import type { RequestRollup, RollupKey, TagRollup } from '../../../facts/rollup-row.js';
import type { Rows } from '../file/rows.js';

/** Ids kept in memory; beyond, memory starts anew and ids are looked up again. */
const IDS_MAX = 100_000;
const TAGS = '';

export class SeriesIds {
  readonly #rows: Rows;
  readonly #instance: string;
  /** By what a rollup names beside its fingerprint, of which there is little, then by that; else by the whole key. */
  readonly #ids = new Map<string, Map<string, number>>();
  #count = 0;

  constructor(rows: Rows, instance: string) {
    this.#rows = rows;
    this.#instance = instance;
  }

  ofRollup(key: RollupKey): number {
    const name = `${key.source}\0${key.construct}\0${key.pool}`;
    return (
      this.#ids.get(name)?.get(key.fingerprint) ??
      this.#remember(
        name,
        key.fingerprint,
        this.#findOrMake(
          'SELECT series_id AS id FROM series WHERE fingerprint = ? AND source = ? AND construct = ? AND pool_id = ? AND instance = ?',
          'INSERT INTO series (fingerprint, source, construct, pool_id, instance) VALUES (?, ?, ?, ?, ?) RETURNING series_id AS id',
          [key.fingerprint, key.source, key.construct, key.pool, this.#instance],
        ),
      )
    );
  }

  ofTags(delta: Pick<TagRollup, 'fingerprint' | 'source' | 'tagSet'>): number {
    const key = `${delta.fingerprint}\0${delta.source}\0${delta.tagSet}`;
    return (
      this.#ids.get(TAGS)?.get(key) ??
      this.#remember(
        TAGS,
        key,
        this.#findOrMake(
          'SELECT tag_series_id AS id FROM tag_series WHERE fingerprint = ? AND source = ? AND tag_set = ?',
          'INSERT INTO tag_series (fingerprint, source, tag_set) VALUES (?, ?, ?) RETURNING tag_series_id AS id',
          [delta.fingerprint, delta.source, delta.tagSet],
        ),
      )
    );
  }

  ofRequests({ found, tagSet }: Pick<RequestRollup, 'found' | 'tagSet'>): number {
    const name = `\0${found}`;
    return (
      this.#ids.get(name)?.get(tagSet) ??
      this.#remember(
        name,
        tagSet,
        this.#findOrMake(
          'SELECT request_series_id AS id FROM request_series WHERE tag_set = ? AND found = ? AND instance = ?',
          'INSERT INTO request_series (tag_set, found, instance) VALUES (?, ?, ?) RETURNING request_series_id AS id',
          [tagSet, found, this.#instance],
        ),
      )
    );
  }

  forget(): void {
    this.#ids.clear();
    this.#count = 0;
  }

  #findOrMake(select: string, insert: string, key: string[]): number {
    const row = this.#rows.get<{ id: number }>(select, ...key) ?? this.#rows.get<{ id: number }>(insert, ...key);
    return row!.id;
  }

  #remember(name: string, one: string, id: number): number {
    if (this.#count >= IDS_MAX) this.forget();
    let ids = this.#ids.get(name);
    if (ids === undefined) {
      ids = new Map();
      this.#ids.set(name, ids);
    }
    ids.set(one, id);
    this.#count++;
    return id;
  }
}
