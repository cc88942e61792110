// Looks at each unit of work, by every kind of finding, and adds up what it shows.
// Read kinds/kinds.ts first. A unit that goes on is looked at as well, so that what it proves shows within seconds.
// Invariant: what a unit shows is added to one finding, once, however often it is looked at; at most findingsMax
// findings wait for a flush, and what goes beyond is counted. Not here: the rules and words of a kind (kinds/), states
// and severity (reports/findings.ts).

import { limits } from '../../config/limits.js';
import type { AcceptedFinding, FindingDelta, Occurrence } from '../../facts/finding.js';
import type { Pending } from '../../facts/pending.js';
import type { Found } from '../../facts/rollup-row.js';
import type { WorkUnit } from '../../facts/work/unit.js';
import { Accepted } from './accepted.js';
import { FindingIds } from './finding-ids.js';
import { FindingSamples } from './finding-samples.js';
import { KINDS } from './kinds/kinds.js';
import { type Nested, Nesting } from './nesting.js';
import { PoolHistories } from './pool-histories.js';
import { SeqScans } from './seq-scans.js';
import { StatementHistories } from './statement-histories.js';
import { FindingRules, type FindingSettings } from './views/finding-rules.js';
import type { Kind } from './views/kind.js';
import { type Now, UnitView } from './views/unit-view.js';

const ALL = Object.values(KINDS);
const OVER_TIME = ALL.flatMap(({ lookOverTime }) => lookOverTime ?? []);
const OF_POOLS = ALL.flatMap(({ lookAtPool }) => lookAtPool ?? []);
const OF_UNITS = ALL.filter(({ lookOverTime, lookAtPool }) => lookOverTime === undefined && lookAtPool === undefined);
const LIVE = ALL.filter(({ isLive }) => isLive);
const CALLERS_MAX = 5;
/** Statements of units that go on, looked at between two flushes: some ms. The rest is looked at when they end. */
const LIVE_STATEMENTS_MAX = 20_000;
/** A pause is looked at again once it is longer by this factor: it may last for an hour. */
const LOOKED_AGAIN = 1.05;

/** What one unit has shown already of each finding. */
interface Shown {
  /** Statements that it had. */
  statements: number;
  /** How long it had been silent. */
  silentMs: number;
  readonly found: Map<string, { times: number; costNs: number }>;
}

/** The unit that an occurrence is of. */
interface Of {
  readonly found: Found;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Where an occurrence was seen. */
interface Shows {
  readonly of: Of;
  /** Left out where no single unit shows it. */
  readonly unit?: WorkUnit;
  readonly route: string;
  readonly shown: Shown | undefined;
  readonly isLive?: boolean;
}

export class Findings implements Pending<FindingDelta> {
  readonly accepted = new Accepted();
  readonly histories = new StatementHistories();
  readonly poolHistories = new PoolHistories();
  readonly seqScans = new SeqScans();
  readonly #nameOfPool: (id: string) => string;
  #rules = new FindingRules();
  #waiting = new Map<string, FindingDelta>();
  readonly #ids = new FindingIds();
  readonly #shown = new WeakMap<WorkUnit, Shown>();
  #liveStatements = 0;
  readonly #nesting = new Nesting();
  readonly #samples = new FindingSamples();
  #nowMs = 0;
  /** Occurrences that were not kept, because too many findings waited. */
  droppedTotal = 0;

  /** @param nameOfPool of a pool's id. */
  constructor(nameOfPool: (id: string) => string = (id) => id) {
    this.#nameOfPool = nameOfPool;
  }

  /** Applies to units that end later. */
  reconfigure({ accepted, ...settings }: FindingSettings & { accepted: readonly AcceptedFinding[] }): void {
    this.#rules = new FindingRules(settings);
    this.accepted.use(accepted);
  }

  unitEnded(unit: WorkUnit): void {
    const view = this.#viewOf(unit);
    const shown = this.#shown.get(unit);
    this.#look(OF_UNITS, view, { of: unit, unit, shown });
    if (unit.boundary !== 'tags') this.#nesting.take(view, this.#nowMs);
    // Its statements are not kept: what comes later is looked at anew.
    if (shown !== undefined) this.#shown.delete(unit);
  }

  /** What it shows so far: its statements are given up. It is the same unit when it goes on. */
  unitRests(unit: WorkUnit): void {
    const view = this.#viewOf(unit);
    const shown = this.#shown.get(unit) ?? { statements: 0, silentMs: 0, found: new Map() };
    this.#shown.set(unit, shown);
    this.#look(OF_UNITS, view, { of: unit, unit, shown });
  }

  /** Called before every flush for units of over a second. */
  unitGoesOn(unit: WorkUnit, now: Now): void {
    const length = unit.kept;
    const shown = this.#shown.get(unit) ?? { statements: 0, silentMs: 0, found: new Map() };
    const silentMs = now.nowMs - unit.lastMs;
    const isDue = now.idleSessions.size > 0 && silentMs >= shown.silentMs * LOOKED_AGAIN;
    if (shown.statements === length && !isDue) return;
    if (this.#liveStatements + length > LIVE_STATEMENTS_MAX) return;
    this.#liveStatements += length;
    shown.statements = length;
    shown.silentMs = silentMs;
    this.#shown.set(unit, shown);
    const view = this.#viewOf(unit, now);
    this.#look(LIVE, view, { of: unit, unit, shown, isLive: true });
  }

  /** Work without tags that was not compared, because there was too much. */
  get nestingDroppedTotal(): number {
    return this.#nesting.droppedTotal;
  }

  /** Examples that were not kept, because too many statements waited. */
  get samplesDroppedTotal(): number {
    return this.#samples.droppedTotal;
  }

  /** Called before every flush, after the units. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#addNested(this.#nesting.found(nowMs));
    this.#lookOverTime(nowMs);
    this.#lookAtPools(nowMs);
  }

  /** Nothing more comes. */
  endAll(): void {
    this.#addNested(this.#nesting.found(this.#nowMs, { all: true }));
  }

  pending(): Iterable<FindingDelta> {
    return this.#waiting.values();
  }

  stored(): void {
    this.#waiting = new Map();
    this.#liveStatements = 0;
    this.#samples.stored();
  }

  storeAgain(): void {
    this.#samples.storeAgain();
  }

  #look(kinds: readonly Kind[], view: UnitView, shows: Omit<Shows, 'route'>): void {
    const { traits } = view.unit;
    for (const kind of kinds) {
      const { needs = 0 } = kind;
      if ((traits & needs) !== needs) continue;
      const occurrences = kind.look(view);
      if (occurrences.length === 0) continue;
      for (const one of occurrences) this.#add(one, { ...shows, route: view.route });
    }
  }

  #viewOf(unit: WorkUnit, now?: Now): UnitView {
    const seqScans = this.seqScans.fingerprints;
    return new UnitView(unit, { rules: this.#rules, nameOfPool: this.#nameOfPool, seqScans, now });
  }

  #lookOverTime(nowMs: number): void {
    const ended = this.histories.ended(nowMs);
    if (ended === undefined) return;
    const of: Of = { found: 'direct', firstMs: ended.fromMs, lastMs: ended.untilMs };
    for (const slot of ended.slots)
      for (const look of OVER_TIME) {
        const occurrence = look(slot);
        if (occurrence !== undefined) this.#add(occurrence, { of, route: '', shown: undefined });
      }
  }

  #lookAtPools(nowMs: number): void {
    const of: Of = { found: 'direct', firstMs: nowMs, lastMs: nowMs };
    for (const slot of this.poolHistories.ended())
      for (const look of OF_POOLS) {
        const occurrence = look(slot);
        if (occurrence !== undefined) this.#add(occurrence, { of, route: '', shown: undefined });
        this.poolHistories.judged(slot, occurrence !== undefined);
      }
  }

  #addNested(nested: readonly Nested[]): void {
    for (const { occurrence, of } of nested) this.#add(occurrence, { of, route: of.route, shown: undefined });
  }

  /** `isLive`: what finds no place now is looked at again. */
  #add(occurrence: Occurrence, { of, unit, route, shown, isLive = false }: Shows): void {
    const id = this.#ids.of(occurrence, route);
    const before = shown?.found.get(id);
    const times = Math.max(0, occurrence.times - (before?.times ?? 0));
    const costNs = Math.max(0, occurrence.costNs - (before?.costNs ?? 0));
    if (before !== undefined && times === 0 && costNs === 0) return;
    let delta = this.#waiting.get(id);
    if (delta === undefined) {
      if (this.#waiting.size >= limits.findingsMax) {
        if (!isLive) this.droppedTotal++;
        return;
      }
      delta = emptyDelta(id, { occurrence, route, of });
      this.#waiting.set(id, delta);
    }
    if (unit !== undefined) this.#samples.offer(delta, unit, !isLive);
    shown?.found.set(id, { times: occurrence.times, costNs: occurrence.costNs });
    const { confidence, caller } = occurrence;
    if (before === undefined) delta.units++;
    delta.times += times;
    delta.timesMax = Math.max(delta.timesMax, occurrence.times);
    delta.costNs += costNs;
    delta.firstMs = Math.min(delta.firstMs, of.firstMs);
    delta.lastMs = Math.max(delta.lastMs, of.lastMs);
    if (confidence === 'strong') delta.confidence = 'strong';
    if (of.found === 'direct') delta.found = 'direct';
    if (caller !== '' && !delta.callers.includes(caller) && delta.callers.length < CALLERS_MAX)
      delta.callers = [...delta.callers, caller];
  }
}

function emptyDelta(
  id: string,
  { occurrence, route, of }: { occurrence: Occurrence; route: string; of: Of },
): FindingDelta {
  const { kind, confidence, statements, pools } = occurrence;
  const counts = { units: 0, times: 0, timesMax: 0, costNs: 0 };
  const moments = { firstMs: of.firstMs, lastMs: of.lastMs };
  const named = { id, kind, confidence, found: of.found, route, statements, pools, callers: [] };
  return { ...named, ...counts, ...moments, sample: undefined };
}
