// Puts the audit together: each place with what ran of it and how hard it is to move, in order.
// Invariant: the order is that of the work: SQLAlchemy, then raw SQL from easy to hard, then what stays, then the ORM.
// Not here: the single steps (join.ts, difficulty.ts, ways.ts, coverage.ts), printing (cli/views/audit.ts).

import type { StatementFacts, StatementsReport } from '../facts/answers.js';
import type { FindingFacts } from '../facts/finding.js';
import { LogHistogram } from '../facts/histogram.js';
import { percentileNs, type Timed } from '../facts/latency.js';
import { type Catalogue, type CodePlace, migrationsOf, modelsOf, queriesOf } from './catalogue.js';
import { type Coverage, coverageOf } from './coverage.js';
import { type Category, categoriesOf } from './difficulty.js';
import type { OfFramework } from './framework.js';
import type { Inferred } from './inferred.js';
import { type Joined, joinPlaces } from './join.js';
import { sentText } from './sent-text.js';
import { COMPLEXITIES, type Complexity, complexityOf, type Risk, replacedBy, riskOf } from './ways.js';

/** What ran of a place. Times in ms. */
export interface Seen {
  readonly calls: number;
  readonly callsPerDay: number;
  readonly errors: number;
  readonly totalMs: number;
  /** null = all executions were batched. */
  readonly p95Ms: number | null;
  readonly routes: readonly string[];
  readonly pools: readonly string[];
  readonly lastSeenMs: number;
  /** Ids of findings about its statements. */
  readonly findings: readonly string[];
}

export interface AuditedPlace {
  readonly place: CodePlace;
  readonly joined: Joined;
  readonly seen: Seen | null;
  readonly categories: readonly Category[];
  /** null = nothing is to be moved: the place is the ORM's. */
  readonly complexity: Complexity | null;
  readonly replacedBy: string | null;
  readonly risk: Risk;
  /** A test sends it; null = no run of tests was given. */
  readonly tested: boolean | null;
  /** In the ledger; null = it is not in it. */
  readonly state: string | null;
}

export interface AuditAnswer {
  readonly catalogue: Catalogue;
  /** In the order of the work. */
  readonly places: readonly AuditedPlace[];
  readonly inferred: readonly Inferred[];
  readonly framework: readonly OfFramework[];
  readonly unexplained: readonly StatementFacts[];
  readonly coverage: Coverage;
  readonly report: StatementsReport | null;
}

export interface AuditInput {
  readonly catalogue: Catalogue;
  /** null = no traffic is known. */
  readonly report: StatementsReport | null;
  readonly fingerprintsOf: (sql: string) => readonly string[];
  /** libpg-query's parse tree, or null where the grammar refuses the text. */
  readonly treeOf: (sql: string) => unknown;
  /** What each caller (file:line) sent. */
  readonly byCaller: ReadonlyMap<string, Timed>;
  /** What a run of the tests sent; null = none is known. */
  readonly tests: readonly StatementFacts[] | null;
  /** What was found in the window. */
  readonly findings: readonly FindingFacts[];
  /** Django's version, for links. */
  readonly django: string;
  readonly moneyTables: readonly string[];
}

const DAY_MS = 86_400_000;
const WRITES = /^\s*(?:insert|update|delete|merge|copy|call|with\b[\s\S]*\b(?:insert\s+into|update|delete\s+from))\b/i;

export function answerAudit(input: AuditInput): AuditAnswer {
  const { catalogue, report, fingerprintsOf } = input;
  const statements = report?.statements ?? [];
  const code = {
    places: queriesOf(catalogue),
    models: modelsOf(catalogue),
    migrations: migrationsOf(catalogue),
    fingerprintsOf,
  };
  const { joined, ...withoutPlace } = joinPlaces({ ...code, statements });
  const reached = input.tests && joinPlaces({ ...code, statements: input.tests });
  const tested = new Map(reached?.joined.map(({ place, by }) => [place.id, by !== null]));
  const places = joined.map((one) => ({ ...audited(one, input), tested: tested.get(one.place.id) ?? null }));
  places.sort((a, b) => rankOf(a) - rankOf(b) || timeOf(b) - timeOf(a) || compareLines(a.place, b.place));
  return { catalogue, places, ...withoutPlace, coverage: coverageOf(catalogue, joined, statements), report };
}

function audited(joined: Joined, input: AuditInput): AuditedPlace {
  const { place } = joined;
  const seen = joined.statements.length === 0 ? null : seenOf(joined, input);
  const isMoved = place.kind !== 'orm';
  const categories = isMoved ? categoriesOfPlace(joined, input.treeOf) : [];
  const money = new Set(input.moneyTables.map((table) => table.toLowerCase()));
  const timeShare = seen === null ? 0 : seen.totalMs / Math.max(1, totalMsOf(input.report!));
  const risk = riskOf({
    timeShare,
    callsPerDay: seen?.callsPerDay ?? 0,
    writes: writesIn(place),
    touchesMoney: place.tables.some((table) => money.has(table.toLowerCase())),
  });
  return {
    place,
    joined,
    seen,
    categories,
    complexity: isMoved ? complexityOf(categories) : null,
    replacedBy: isMoved ? replacedBy(categories, input.django) : null,
    risk,
    tested: null,
    state: null,
  };
}

function seenOf(joined: Joined, { byCaller, findings, report }: AuditInput): Seen {
  const { callers, statements } = joined;
  const { sinceMs, untilMs } = report!.window;
  const days = Math.max(untilMs - sinceMs, 60_000) / DAY_MS;
  // Other callers send these statements too: what this place sent, its callers' own sums say.
  const ran: readonly Timed[] =
    callers.length > 0 ? callers.flatMap((caller) => byCaller.get(caller) ?? []) : statements;
  const histogram = new LogHistogram();
  for (const one of ran) histogram.merge(one.histogram);
  const calls = sum(ran, (one) => one.calls);
  const serviceTotalNs = sum(ran, (one) => one.serviceTotalNs);
  const p95Ns = percentileNs(
    {
      calls,
      errors: 0,
      serviceTotalNs,
      serviceMinNs: Math.min(...ran.map(({ serviceMinNs }) => serviceMinNs)),
      serviceMaxNs: Math.max(...ran.map(({ serviceMaxNs }) => serviceMaxNs)),
      histogram,
    },
    0.95,
  );
  return {
    calls,
    callsPerDay: Math.round(calls / days),
    errors: sum(ran, ({ errors }) => errors),
    totalMs: serviceTotalNs / 1e6,
    p95Ms: p95Ns === null ? null : p95Ns / 1e6,
    routes: valuesOf(statements, (facts) => facts.tags.get('route') ?? []),
    pools: valuesOf(statements, ({ pools }) => pools),
    lastSeenMs: Math.max(...statements.map(({ lastSeenMs }) => lastSeenMs)),
    findings: findingsOf(joined, findings),
  };
}

/** Those about its statements; of a place that its caller's line names, those of this caller alone. */
function findingsOf({ callers, statements }: Joined, findings: readonly FindingFacts[]): string[] {
  const own = new Set(statements.map(({ fingerprint }) => fingerprint));
  return findings
    .filter(
      (finding) =>
        finding.state !== 'candidate' && finding.state !== 'accepted' && own.has(finding.statements[0]?.fingerprint),
    )
    .filter((finding) => callers.length === 0 || finding.callers.some((caller) => callers.includes(caller)))
    .map(({ id }) => id);
}

/** Of the constant texts where the place has some; else of what it was seen to send. */
function categoriesOfPlace({ place, statements }: Joined, treeOf: AuditInput['treeOf']): Category[] {
  const texts = place.statements.flatMap(({ sql, holes, form }) =>
    sql === null || holes || form === 'fragment' ? [] : [sentText(sql, place)],
  );
  const trees = texts.length > 0 ? texts.map(treeOf) : statements.map(({ query }) => treeOf(shownAsSql(query)));
  return [...new Set(trees.flatMap(categoriesOf))];
}

/** A normalised text as the grammar reads it: each `?` is a value. */
export function shownAsSql(query: string): string {
  return query.replace(/(?<![?@|&])\?(?![?|&])/g, "''");
}

function writesIn(place: CodePlace): boolean {
  if (/\.(?:add|add_all|merge|delete|bulk_\w+|save|create|update|copy_from|copy_expert)$/.test(`.${place.api}`))
    return true;
  return place.statements.some(({ sql, form }) => sql !== null && form === 'statement' && WRITES.test(sql));
}

/** SQLAlchemy first, then raw SQL from easy to hard; the ORM is at its end already. */
function rankOf({ place, complexity }: AuditedPlace): number {
  if (place.kind === 'sqlalchemy') return 0;
  return complexity === null ? 1 + COMPLEXITIES.length : 1 + COMPLEXITIES.indexOf(complexity);
}

function timeOf({ seen }: AuditedPlace): number {
  return seen?.totalMs ?? -1;
}

function compareLines(a: CodePlace, b: CodePlace): number {
  return a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1;
}

function totalMsOf(report: StatementsReport): number {
  let total = 0;
  for (const { serviceTotalNs } of report.sums.values()) total += serviceTotalNs / 1e6;
  return total;
}

function valuesOf(ran: readonly StatementFacts[], of: (facts: StatementFacts) => Iterable<string>): string[] {
  return [...new Set(ran.flatMap((facts) => [...of(facts)]))].sort();
}

function sum(ran: readonly Timed[], of: (one: Timed) => number): number {
  return ran.reduce((total, one) => total + of(one), 0);
}
