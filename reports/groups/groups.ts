// Executions of a window in groups: by the value of a tag, by pool, by main table.
// Invariant: every execution that fits is in one group; those without a value are in the group named ''. A request
// counts once per statement, so a group has the requests of the statement that most requests ran: at least so many.
// Where most requests of a group need not meet (in a pool, on a table), nothing is said of requests.
// Not here: the JSON (groups-json.ts), merging several stores (groups-codec.ts).

import { UsageError } from '../../config/values/errors.js';
import { tagKey } from '../../config/values/tag-keys.js';
import { tagsIn } from '../../config/values/tag-set.js';
import type { Observed, StatementFilter, Window } from '../../facts/answers.js';
import { LogHistogram } from '../../facts/histogram.js';
import type { TagMeasureName } from '../../facts/measures.js';
import { addSums, addTo, noSums, TAG_RULES } from '../../facts/sums.js';
import { mainTableOf } from '../../facts/words/short-sql.js';
import { observedIn } from '../../storage/reading/observed.js';
import { type Span, spanOf, type TimeBounds } from '../../storage/reading/span.js';
import type { SeriesSums, TagSums } from '../../storage/reading/statement-rows.js';
import type { StoredFacts, StoreReader } from '../../storage/reading/stored-facts.js';
import { taggedSums } from '../tagged-sums.js';

/** What is no tag but known of every execution. */
const GROUPS_WITHOUT_TAGS = ['pool', 'table', 'source', 'construct'] as const;

/** The key of the tag that `by` means; undefined where it means no tag. */
export function groupedTag(by: string): string | undefined {
  return (GROUPS_WITHOUT_TAGS as readonly string[]).includes(by) ? undefined : tagKey(by);
}

export interface GroupFacts extends Record<TagMeasureName, number> {
  /** '' = what has none. */
  value: string;
  /** Distinct fingerprints. */
  statements: Set<string>;
  /** Executions by source. */
  sources: Map<string, number>;
  /** Of service times in ns, not batched only. */
  histogram: LogHistogram;
}

export interface GroupsReport {
  window: Window;
  observed: Observed;
  groups: GroupFacts[];
}

export interface GroupsQuestion extends TimeBounds {
  /** One of GROUPS_WITHOUT_TAGS, the key of a tag, or one after "tag:". */
  by: string;
  filter: StatementFilter;
  /** Sources that are left out. */
  hidden: ReadonlySet<string>;
}

/**
 * Throws StoreError, RangeError for a window that ends before it starts, and UsageError for what is not counted
 * together.
 */
export function reportGroups(reader: StoreReader, question: GroupsQuestion): GroupsReport {
  const { by, filter, hidden } = question;
  if ((by === 'pool' || by === 'construct') && filter.tags !== undefined) {
    throw new UsageError(`tags are counted by statement and not by ${by}`, {
      where: `tag and group-by ${by}`,
      hint: 'leave one of them out, or group by table or source',
    });
  }
  return reader.read((stored) => {
    const span = spanOf(stored, question);
    const tag = groupedTag(by);
    const groups = new Groups(tag ?? by);
    const parts = { stored, segments: span.segments };
    const tagged = tag !== undefined || (filter.tags ?? []).length > 0;
    if (tagged) {
      const sums = taggedSums(stored, span, filter).filter(({ source }) => !hidden.has(source));
      const nameOf = tag === undefined ? valuesBy(by, { stored, sums }) : (row: TagSums) => tagOf(row.tagSet, tag);
      for (const row of sums) groups.add(row.tagSeriesId, nameOf(row), row);
      groups.readHistograms('tag_rollup', parts);
    }
    if (!tagged || filter.tags === undefined) {
      const sums = stored.seriesSums(span.segments, filter).filter(({ source }) => !hidden.has(source));
      if (tagged) groups.addRest(sums);
      else {
        const nameOf = valuesBy(by, { stored, sums });
        for (const row of sums) groups.add(row.seriesId, nameOf(row), row);
        groups.readHistograms('rollup', parts);
      }
    }
    return { window: span.window, observed: observedIn(stored, span, reader.unstoredSinceMs), groups: groups.all() };
  });
}

export function emptyGroup(value: string): GroupFacts {
  return { value, ...noSums(TAG_RULES), statements: new Set(), sources: new Map(), histogram: new LogHistogram() };
}

/** Tags that all statements of a request share. */
const REQUEST_TAGS: ReadonlySet<string> = new Set(['route', 'job', 'command', 'controller', 'action']);

class Groups {
  readonly #by: string;
  readonly #byValue = new Map<string, GroupFacts>();
  readonly #byId = new Map<number, GroupFacts>();
  /** Requests of each statement of each group. */
  readonly #requests = new Map<GroupFacts, Map<string, number>>();

  constructor(by: string) {
    this.#by = by;
  }

  add(id: number, value: string, row: SeriesSums | TagSums): void {
    const group = this.#of(value);
    this.#byId.set(id, group);
    addSums(TAG_RULES, group, row);
    group.statements.add(row.fingerprint);
    addTo(group.sources, row.source, row.calls + row.errors);
    addTo(this.#requests.get(group)!, row.fingerprint, row.requests);
  }

  /** What the tagged executions leave of all. It has no spread, because sums cannot take a histogram apart. */
  addRest(all: readonly SeriesSums[]): void {
    const rest = emptyGroup('');
    for (const row of all) {
      addSums(TAG_RULES, rest, row);
      addTo(rest.sources, row.source, row.calls + row.errors);
    }
    for (const group of this.#byValue.values()) {
      for (const name of ['calls', 'batchedCalls', 'errors', 'rows', 'serviceTotalNs'] as const)
        rest[name] -= group[name];
      for (const [source, executions] of group.sources) addTo(rest.sources, source, -executions);
    }
    if (rest.calls + rest.errors <= 0) return;
    const group = this.#of('');
    for (const name of ['calls', 'batchedCalls', 'errors', 'rows', 'serviceTotalNs'] as const)
      group[name] += Math.max(0, rest[name]);
    for (const [source, executions] of rest.sources) if (executions > 0) addTo(group.sources, source, executions);
  }

  readHistograms(table: 'rollup' | 'tag_rollup', parts: { stored: StoredFacts; segments: Span['segments'] }): void {
    const wanted = { segments: parts.segments, ids: this.#byId.size < IDS_MAX ? [...this.#byId.keys()] : undefined };
    for (const row of parts.stored.histogramsOf(table, wanted)) {
      this.#byId.get(row.id)?.histogram.mergeEncoded(row.histogram);
    }
  }

  all(): GroupFacts[] {
    for (const [group, requests] of this.#requests) {
      const meet = REQUEST_TAGS.has(this.#by) || (this.#by === 'caller' && group.statements.size === 1);
      group.requests = meet ? Math.max(0, ...requests.values()) : 0;
    }
    return [...this.#byValue.values()];
  }

  #of(value: string): GroupFacts {
    let group = this.#byValue.get(value);
    if (group === undefined) {
      group = emptyGroup(value);
      this.#byValue.set(value, group);
      this.#requests.set(group, new Map());
    }
    return group;
  }
}

/** With very many ids, looking each up costs more than reading all rows. */
const IDS_MAX = 5_000;

function tagOf(tagSet: string, key: string): string {
  // '(other)': tag sets beyond what is kept.
  if (!tagSet.startsWith('{')) return tagSet;
  return tagsIn(tagSet)[key] ?? '';
}

function valuesBy(
  by: string,
  { stored, sums }: { stored: StoredFacts; sums: ReadonlyArray<{ fingerprint: string }> },
): (row: { fingerprint: string; source: string; construct?: string; poolId?: string }) => string {
  if (by === 'source') return (row) => row.source;
  if (by === 'construct') return (row) => row.construct ?? '';
  if (by === 'pool') {
    const names = stored.poolNames();
    return (row) => names.get(row.poolId ?? '') ?? row.poolId ?? '';
  }
  const fingerprints = [...new Set(sums.map(({ fingerprint }) => fingerprint))];
  const tables = new Map(stored.textsOf(fingerprints).map((text) => [text.fingerprint, mainTableOf(text.query)]));
  return (row) => tables.get(row.fingerprint) ?? '';
}
