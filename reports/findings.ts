// The findings of a window, with their words, state and severity.
// Invariant: what is answered first costs most among the severest. Not here: the rules and words of each kind
// (analyzer/findings/), the JSON (forms/findings-json.ts).

import { KINDS } from '../analyzer/findings/kinds/kinds.js';
import type { Kind, StatementRecord } from '../analyzer/findings/views/kind.js';
import { globTest } from '../config/values/glob.js';
import type { Window } from '../facts/answers.js';
import type {
  AcceptedFinding,
  FindingFacts,
  FindingKind,
  FindingState,
  FindingTold,
  Severity,
  StoredFinding,
} from '../facts/finding.js';
import { SEVERITIES } from '../facts/finding.js';
import { tableOf } from '../facts/words/titles.js';
import { spanOf, type TimeBounds } from '../storage/reading/span.js';
import type { StoredFacts, StoreReader } from '../storage/reading/stored-facts.js';

export interface FindingsReport {
  readonly window: Window;
  readonly findings: FindingFacts[];
}

/** The findings that are wanted; left out = all of the window. */
interface Wanted {
  /** Those that were seen last. */
  readonly newestMax?: number;
  /** Those that have one of these statements. */
  readonly about?: ReadonlySet<string>;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const NS_PER_MS = 1e6;
/** A finding is open from so many units on; in a store that is minutes old (a test run) from the first. */
const UNITS_OPEN = 3;
const TEST_RUN_MS = 10 * MINUTE_MS;
/** A rate is worked out over this time at least. */
const RATE_MS_MIN = 10 * MINUTE_MS;
const QUIET_AFTER_MS = DAY_MS;
const CLOSED_AFTER_MS = 7 * DAY_MS;
const HIGH_MS_PER_DAY = 60_000;
const MEDIUM_MS_PER_DAY = 1_000;
/** Data is half of what was meant. */
const DAMAGE = 'boundary-lost-rollback';
const HIGH: ReadonlySet<FindingKind> = new Set([DAMAGE, 'boundary-lock', 'forbidden-write'] as const);
const MEDIUM: ReadonlySet<FindingKind> = new Set(['boundary-write', 'boundary-read', 'forbidden-source'] as const);

/** Throws StoreError, and RangeError for a window that ends before it starts. */
export function reportFindings(reader: StoreReader, bounds: TimeBounds = {}, wanted: Wanted = {}): FindingsReport {
  return reader.read((stored) => findingsOf(stored, spanOf(stored, bounds).window, wanted));
}

/** Inside a snapshot that is being read. */
export function findingsOf(stored: StoredFacts, window: Window, { newestMax, about }: Wanted = {}): FindingsReport {
  stored.ahead?.(() => {
    stored.poolNames();
    stored.acceptedFindings();
    stored.latestMarks();
  });
  const found = stored.findingsIn(window, newestMax);
  const isWanted = ({ statements }: StoredFinding) =>
    about === undefined || statements.some(({ fingerprint }) => about.has(fingerprint));
  const deltas = found.filter(isWanted);
  const fingerprints = [
    ...new Set(deltas.flatMap(({ statements }) => statements.map(({ fingerprint }) => fingerprint))),
  ];
  const texts = new Map(stored.textsOf(fingerprints).map((text) => [text.fingerprint, text]));
  const records = stored.recordsOf(deltas.filter(({ kind }) => KINDS[kind]?.confirms !== undefined).map(firstOf));
  const pools = stored.poolNames();
  const isTestRun = window.untilMs - window.sinceMs < TEST_RUN_MS;
  const accepted = stored.acceptedFindings();
  const marks = stored.latestMarks().map(({ atMs }) => atMs);
  const lastMarkMs = marks.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...marks);
  const findings: FindingFacts[] = [];
  for (const delta of deltas) {
    const told: FindingTold = {
      kind: delta.kind,
      units: delta.units,
      timesMean: delta.times / delta.units,
      timesMax: delta.timesMax,
      pools: delta.pools.map((id) => pools.get(id) ?? id),
      statements: delta.statements.map((statement) => ({
        ...statement,
        query: texts.get(statement.fingerprint)?.query ?? '(text unknown)',
        summary: texts.get(statement.fingerprint)?.summary ?? '',
      })),
    };
    const kind = KINDS[delta.kind];
    if (kind === undefined || !isBorneOut(kind, told, records)) continue;
    findings.push(factsOf(delta, { told, accepted, lastMarkMs, untilMs: window.untilMs, isTestRun }));
  }
  return { window, findings: findings.sort(byWeight) };
}

function firstOf({ statements: [first] }: StoredFinding): string {
  return first.fingerprint;
}

/** By its text, and by all that the store has of its statement. */
function isBorneOut(
  kind: Kind,
  { statements: [first] }: FindingTold,
  records: ReadonlyMap<string, StatementRecord>,
): boolean {
  if (first === undefined) return true;
  if (kind.excludes?.(first.query)) return false;
  return kind.confirms?.(records.get(first.fingerprint) ?? { calls: 0, errors: 0 }) ?? true;
}

/** At least one report. A finding of several sidecars is one. */
export function mergeFindings(reports: readonly FindingsReport[]): FindingsReport {
  const merged = new Map<string, FindingFacts>();
  for (const finding of reports.flatMap(({ findings }) => findings)) {
    const known = merged.get(finding.id);
    merged.set(finding.id, known === undefined ? finding : added(known, finding));
  }
  const windows = reports.map(({ window }) => window);
  return {
    window: {
      sinceMs: Math.min(...windows.map(({ sinceMs }) => sinceMs)),
      untilMs: Math.max(...windows.map(({ untilMs }) => untilMs)),
    },
    findings: [...merged.values()].sort(byWeight),
  };
}

/** What a finding is judged by. */
interface Judged {
  readonly told: FindingTold;
  readonly accepted: readonly AcceptedFinding[];
  /** Infinity = there is no mark. */
  readonly lastMarkMs: number;
  readonly untilMs: number;
  readonly isTestRun: boolean;
}

/** Everything that the entry gives must fit, and its day must not have come. */
function fits(
  { id = '', kind, route = '*', table, until }: AcceptedFinding,
  { delta, tables, untilMs }: { delta: StoredFinding; tables: readonly string[]; untilMs: number },
): boolean {
  if (!delta.id.startsWith(id) || (kind ?? delta.kind) !== delta.kind || !globTest(route)(delta.route)) return false;
  if (table !== undefined && !tables.some(globTest(table))) return false;
  return until === undefined || untilMs < Date.parse(until);
}

function factsOf(delta: StoredFinding, { told, accepted, lastMarkMs, untilMs, isTestRun }: Judged): FindingFacts {
  const costMsPerDay = delta.costNs / NS_PER_MS / (Math.max(delta.lastMs - delta.firstMs, RATE_MS_MIN) / DAY_MS);
  const tables = [...new Set(told.statements.map(tableOf).filter((table) => table !== ''))];
  const acceptedReason = accepted.find((one) => fits(one, { delta, tables, untilMs }))?.reason ?? '';
  return {
    ...told,
    ...KINDS[delta.kind].words(told),
    id: delta.id,
    severity: severityOf(delta, costMsPerDay),
    confidence: delta.confidence,
    unit: delta.found,
    state: acceptedReason === '' ? stateOf(delta, untilMs, isTestRun) : 'accepted',
    acceptedReason,
    isNew: delta.firstMs > lastMarkMs,
    routes: delta.route === '' ? [] : [delta.route],
    callers: delta.callers,
    tables,
    sources: [...new Set(told.statements.map(({ source }) => source))],
    costMsPerDay,
    firstSeenMs: delta.firstMs,
    lastSeenMs: delta.lastMs,
  };
}

function added(a: FindingFacts, b: FindingFacts): FindingFacts {
  const units = a.units + b.units;
  return {
    ...(a.confidence === 'strong' ? a : b),
    units,
    timesMean: (a.timesMean * a.units + b.timesMean * b.units) / units,
    timesMax: Math.max(a.timesMax, b.timesMax),
    callers: [...new Set([...a.callers, ...b.callers])],
    routes: [...new Set([...a.routes, ...b.routes])],
    pools: [...new Set([...a.pools, ...b.pools])],
    ...acceptedOf(a, b, units),
    isNew: a.isNew && b.isNew,
    costMsPerDay: a.costMsPerDay + b.costMsPerDay,
    firstSeenMs: Math.min(a.firstSeenMs, b.firstSeenMs),
    lastSeenMs: Math.max(a.lastSeenMs, b.lastSeenMs),
  };
}

/** Accepted by one sidecar's configuration is accepted. */
function acceptedOf(a: FindingFacts, b: FindingFacts, units: number): Pick<FindingFacts, 'state' | 'acceptedReason'> {
  const acceptedReason = a.acceptedReason || b.acceptedReason;
  if (acceptedReason !== '') return { state: 'accepted', acceptedReason };
  return { state: units >= UNITS_OPEN && a.state === 'candidate' ? 'open' : a.state, acceptedReason };
}

function stateOf({ kind, units, lastMs }: StoredFinding, untilMs: number, isTestRun: boolean): FindingState {
  if (untilMs - lastMs > CLOSED_AFTER_MS) return 'closed';
  if (units < (KINDS[kind].unitsToOpen ?? UNITS_OPEN) && !isTestRun) return 'candidate';
  return untilMs - lastMs > QUIET_AFTER_MS ? 'quiet' : 'open';
}

/** Data that is wrong is worse than time that is lost. */
function severityOf({ kind }: StoredFinding, costMsPerDay: number): Severity {
  if (HIGH.has(kind)) return 'high';
  if (MEDIUM.has(kind)) return costMsPerDay >= HIGH_MS_PER_DAY && kind === 'boundary-read' ? 'high' : 'medium';
  if (costMsPerDay >= HIGH_MS_PER_DAY) return 'high';
  return costMsPerDay >= MEDIUM_MS_PER_DAY ? 'medium' : 'low';
}

function byWeight(a: FindingFacts, b: FindingFacts): number {
  const severity = SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
  const damage = Number(b.kind === DAMAGE) - Number(a.kind === DAMAGE);
  return severity || damage || b.costMsPerDay - a.costMsPerDay || (a.id < b.id ? -1 : 1);
}
