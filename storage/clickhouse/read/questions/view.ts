// One report's view of a fleet's store: its statements are asked here, of rows chosen once.
// Invariant: marks of what was shipped are read once, so all statements of a report take the same rows.
// Not here: the statements (query-statements.ts and the files beside it).

import { type FoldState, type Segment, segmentsOf, snapOutward } from '../../../reading/levels.js';
import type { StatementKey } from '../../../reading/statement-rows.js';
import type { Places } from './place.js';

/** What an id stands for: sums of one series or tag set, or all of a statement that a condition lets pass. */
export interface Named extends StatementKey {
  readonly construct?: string;
  readonly poolId?: string;
  readonly tagSet?: string;
  /** Of a statement as a whole. */
  readonly condition?: string;
}

/**
 * A key of a row has one row per partition. Conditions are on what a key is made of alone, so they may come before
 * FINAL. Larger blocks than the engine's own of 1 MB, some ten thousand rows, cost less to merge and to group.
 */
const SETTINGS =
  'do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1, ' +
  'prefer_column_name_to_alias = 1, preferred_block_size_bytes = 8000000';

/** Ends a statement that looks a few rows up: to share them among threads takes longer than reading them. */
export const OF_FEW_ROWS = 'SETTINGS max_threads = 1';

const NONE: ReadonlyMap<number, Uint8Array> = new Map();

export interface Asker {
  ask(statements: readonly string[]): ReadonlyArray<ReadonlyArray<Record<string, unknown>>>;
}

export class View {
  readonly #asker: Asker;
  readonly #places: Places;
  readonly #ids = new Map<string, number>();
  readonly #named: Named[] = [];
  /** What is asked is noted alone; null = it is asked. */
  #noted: string[] | null = null;
  /** Goes along with the next question. */
  #expected: string[] = [];
  #kept: { segments: readonly Segment[]; histograms: ReadonlyMap<number, Uint8Array> } | undefined;
  /** What came along. */
  readonly #ahead = new Map<string, unknown[]>();

  constructor(asker: Asker, places: Places) {
    this.#asker = asker;
    this.#places = places;
  }

  get state(): FoldState {
    return this.#places.state;
  }

  /** All time that is kept. */
  get everything(): Segment[] {
    const { firstMinute, lastMinute } = this.state;
    if (firstMinute === null || lastMinute === null) return [];
    return segmentsOf(snapOutward({ since: firstMinute, until: lastMinute + 1 }, this.state), this.state);
  }

  /** A condition for rows that have an identity. */
  get whose(): string {
    return this.#places.whose;
  }

  /** A condition for all rows of rollup tables that are asked for. */
  get ran(): string {
    return this.in(this.everything);
  }

  /** A condition for rows of rollup tables. */
  in(segments: readonly Segment[]): string {
    return this.#places.of(segments);
  }

  /**
   * The clause for tables of statements, with a condition on keys of their rows. That comes first, and before other
   * columns are read: most often it is of few statements.
   */
  statementsIn(segments: readonly Segment[], condition = '1'): string {
    return `PREWHERE ${condition} AND ${this.#places.ofStatements(segments)}`;
  }

  /** The rows of one SELECT. Throws StoreError. */
  rows<Row>(sql: string): Row[] {
    return this.all(sql)[0] as Row[];
  }

  /** Of several SELECTs, which are asked at once. Throws StoreError. */
  all(...statements: readonly string[]): unknown[][] {
    if (this.#noted !== null) {
      this.#noted.push(...statements);
      return statements.map(() => []);
    }
    if (statements.every((sql) => this.#ahead.has(sql))) return statements.map((sql) => this.#ahead.get(sql)!);
    const along = this.#expected.filter((sql) => !statements.includes(sql));
    this.#expected = [];
    const answers = this.#asker.ask([...statements, ...along].map(settled)) as unknown[][];
    for (const [at, sql] of along.entries()) this.#ahead.set(sql, answers[statements.length + at]);
    return answers.slice(0, statements.length);
  }

  /** What `work` asks, once, is asked together with the next question. `work` itself sees no rows. */
  ahead(work: () => void): void {
    this.#noted = [];
    try {
      work();
      this.#expected.push(...this.#noted);
    } finally {
      this.#noted = null;
    }
  }

  /** Histograms of series over these segments, for whoever asks next. */
  keep(segments: readonly Segment[], histograms: ReadonlyMap<number, Uint8Array>): void {
    if (histograms.size > 0) this.#kept = { segments, histograms };
  }

  kept(segments: readonly Segment[]): ReadonlyMap<number, Uint8Array> {
    return this.#kept?.segments === segments ? this.#kept.histograms : NONE;
  }

  idOf(named: Named): number {
    const key = [named.fingerprint, named.source, named.construct, named.poolId, named.tagSet, named.condition].join(
      '\0',
    );
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#named.push(named) - 1;
      this.#ids.set(key, id);
    }
    return id;
  }

  named(id: number): Named {
    return this.#named[id];
  }
}

/** At the end, where a literal cannot be. */
const HAS_SETTINGS = / SETTINGS \w+ = \d+$/;

function settled(sql: string): string {
  return `${sql}${HAS_SETTINGS.test(sql) ? ',' : ' SETTINGS'} ${SETTINGS}`;
}

const AT_ONCE = 4_000;

/** Lists that a statement can hold. */
export function inParts<Item>(items: readonly Item[]): Item[][] {
  const parts: Item[][] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) parts.push(items.slice(at, at + AT_ONCE));
  return parts;
}
