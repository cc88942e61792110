// The rule of production: what production ran beside what the sidecars of staging saw.
// Invariant: a statement is no reason against a proof only if staging knows it for sure, or its only text tells who
// sent it.
// Not here: reading files of production (cli/files/production-file.ts), their verdicts (cli/checking/production.ts).

import type { StatementFacts } from '../../facts/answers.js';
import { HIDDEN_SOURCES } from '../../facts/verdict.js';
import type { Doubt } from './asked/allowances.js';
import type { Scope } from './asked/conditions.js';
import { exceptionFor } from './asked/exceptions.js';
import type { CheckFacts, KnownHere, ProductionFacts, ProductionStatement } from './facts.js';
import { asksWho, fitOf } from './fits.js';
import { productionStoreOf } from './production-store.js';
import type { AskedNone, Failure, Found } from './rule.js';
import type { Fit } from './texts.js';

export function productionOf(facts: CheckFacts, asked: AskedNone): Found {
  const { condition, inForce } = asked;
  const failures: Failure[] = [];
  const excused: Array<Found['excused'][number]> = [];
  const doubts: Doubt[] = [];
  for (const one of facts.production) {
    const store = productionStoreOf(one, asked);
    failures.push(...store.failures);
    excused.push(...store.excused);
    doubts.push(...store.doubts, ...fileDoubts(one, facts));
    let untold = 0;
    const unsure = new Set<string>();
    for (const statement of one.statements) {
      const fit = fitIn(statement, { scope: condition.scope, known: facts.knownHere });
      if (fit === 'no') continue;
      const { fingerprint, source, construct, query, executions } = statement;
      const exception = exceptionFor(inForce, { fingerprint: [fingerprint], source: [source], construct: [construct] });
      const what = `${executions} ${executions === 1 ? 'execution' : 'executions'} in production (${one.name})`;
      if (exception !== undefined) excused.push({ what: `${what}: ${fingerprint}`, exception });
      else if (fit === 'yes') failures.push({ what, fingerprint, source, query, executions });
      else {
        untold += executions;
        unsure.add(fingerprint);
      }
    }
    const of = one.statements.reduce((sum, { executions }) => sum + executions, 0);
    if (untold > 0) {
      const what = `production (${one.name}): ${untold} executions of ${unsure.size} statements may fit, and neither their text nor staging tells: ${listed(unsure)}`;
      doubts.push({ key: 'production', amount: untold, of, what });
    }
  }
  return { failures, excused, doubts };
}

function fitIn(statement: ProductionStatement, { scope, known }: { scope: Scope; known: KnownHere }): Fit {
  const own = fitOf(statement, scope);
  if (!asksWho(scope) || (statement.isSure && (own === 'yes' || !mayHideOthers(statement)))) return own;
  const ever = known.get(statement.fingerprint) ?? [];
  const here = ever.filter(isSurelyOf);
  // A form that is likely the library's is reason enough against; that it is likely another's is none for.
  if (here.length === 0) return own === 'yes' && statement.source !== 'unknown' ? 'yes' : textAlone(statement, scope);
  const fits = new Set(
    here.flatMap(({ source, byConstruct }) =>
      [...(byConstruct.size === 0 ? [''] : byConstruct.keys())].map((construct) =>
        fitOf({ ...statement, source, construct }, scope),
      ),
    ),
  );
  if (here.length < ever.length) fits.add(textAlone(statement, scope));
  if (statement.isSure) fits.add(own);
  if (fits.size > 1) return 'perhaps';
  return [...fits][0];
}

/** Housekeeping is of no library, whoever sent it. */
function mayHideOthers({ isOneOfSeveral, source }: ProductionStatement): boolean {
  return isOneOfSeveral && !HIDDEN_SOURCES.includes(source);
}

/** Of another table it is of no source that matters. */
function textAlone(statement: ProductionStatement, { table, function: name }: Scope) {
  return fitOf(statement, { table, function: name, tags: [] }) === 'no' ? 'no' : 'perhaps';
}

/** All of its calls are surely of its source. */
export function isSurelyOf({ byConfidence, ...facts }: StatementFacts): boolean {
  const sure = (byConfidence.get('certain') ?? 0) + (byConfidence.get('strong') ?? 0);
  return facts.source !== 'unknown' && sure > 0 && sure === facts.calls;
}

const LISTED_MAX = 10;

function listed(fingerprints: ReadonlySet<string>): string {
  const more = fingerprints.size > LISTED_MAX ? `, and ${fingerprints.size - LISTED_MAX} more` : '';
  return [...fingerprints].slice(0, LISTED_MAX).join(', ') + more;
}

/** A file is exported, carried over, and read here; a server that is quiet at night logs nothing. */
const END_GRACE_MS = 3_600_000;

/** What a file does not say of itself casts doubt on all of its executions: no share of them allows it. */
function fileDoubts(file: ProductionFacts, { sinceMs: askedMs, untilMs, watched, window }: CheckFacts): Doubt[] {
  const { name, kind, statements, dropped, lost } = file;
  const executions = statements.reduce((sum, one) => sum + one.executions, 0);
  const doubts: Doubt[] = [];
  const add = (what: string, { key, amount = executions }: Partial<Doubt> = { key: 'production' }): void => {
    doubts.push({ key, amount, of: executions, what: `production (${name}) ${what}` });
  };
  if (statements.length === 0) add('holds no statement', { amount: 0 });
  if (statements.length === 0 || kind === 'store') return doubts;
  const asked = {
    sinceMs: askedMs ?? watched.recorded?.sinceMs ?? window.sinceMs,
    untilMs: untilMs ?? watched.askedMs,
  };
  if (file.untilMs !== null && file.untilMs <= asked.sinceMs) add('is of before the window', { amount: 0 });
  else if (file.untilMs === null) add('does not say until when it counts');
  else if (asked.untilMs - file.untilMs > END_GRACE_MS)
    add(`is known until ${at(file.untilMs)}, and the window ends at ${at(asked.untilMs)}`);
  if (file.sinceMs === null) add('does not say since when it counts');
  else if (file.sinceMs - asked.sinceMs >= 60_000)
    add(`is known from ${at(file.sinceMs)} on, and the window begins at ${at(asked.sinceMs)}`);
  if (kind === 'pg_stat_statements') {
    if (dropped === null) add('does not say how often pg_stat_statements dropped entries (dealloc)');
    else if (dropped > 0)
      add(`says that pg_stat_statements dropped entries ${dropped} times, so statements are missing`, {
        ...{ key: 'production', amount: dropped },
      });
  }
  if (kind === 'export') {
    if (lost === null) add('does not say that its sidecars saw everything');
    else if (lost > 0) add(`says that ${lost} executions were not observed`, { key: 'not_observed', amount: lost });
  }
  return doubts;
}

function at(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
