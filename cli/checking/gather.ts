// Asks a place for all that a check judges.
// Invariant: every execution that may fit a condition is among the answers, or is a doubt.
// Not here: judging (reports/check/judge.ts), flags (check-flags.ts).

import type { Catalogue } from '../../audit/catalogue.js';
import { errorLine, UsageError } from '../../config/values/errors.js';
import type { StatementFacts } from '../../facts/answers.js';
import { keyOf } from '../../facts/statement-facts.js';
import { HIDDEN_SOURCES } from '../../facts/verdict.js';
import type { RouteFacts } from '../../facts/work/routes.js';
import type { Doubt } from '../../reports/check/asked/allowances.js';
import type { Baseline } from '../../reports/check/asked/baseline.js';
import type { Condition, Scope } from '../../reports/check/asked/conditions.js';
import { type Exception, isInForce } from '../../reports/check/asked/exceptions.js';
import type {
  BypassFacts,
  CheckFacts,
  ConditionFacts,
  ErrorGroup,
  KnownHere,
  ProductionFacts,
  Visited,
  VisitedKind,
} from '../../reports/check/facts.js';
import { textFits } from '../../reports/check/texts.js';
import { checkSeen } from '../../reports/groups/seen-filters.js';
import type { TimeRange } from '../../reports/questions/grammar.js';
import type { Place } from '../reading/place.js';
import { doubtsOf, unknownOf } from './scope-doubts.js';
import { filterOf, ranIn, statementsOf } from './scoped.js';

export interface CheckQuestion {
  readonly range: TimeRange;
  readonly conditions: readonly Condition[];
  readonly exceptions: readonly Exception[];
  readonly baseline: Baseline | undefined;
  readonly bypass: BypassFacts | undefined;
  readonly code?: Catalogue;
  readonly production?: readonly ProductionFacts[];
  readonly isRun: boolean;
}

export interface Gathered {
  readonly facts: CheckFacts;
  readonly asked: readonly ConditionFacts[];
}

/** Throws UsageError for a value of a condition that was never seen. */
export async function gather(place: Place, question: CheckQuestion): Promise<Gathered> {
  const { range, conditions, exceptions, baseline, bypass, code, production = [], isRun } = question;
  const report = await statementsOf(place, { range, filter: {}, hidden: [] });
  const { routes } = await place.routes(range);
  const facts: CheckFacts = {
    sinceMs: range.sinceMs,
    untilMs: range.untilMs,
    nowMs: Date.now(),
    window: report.window,
    watched: await place.watched(range),
    statements: report.statements.filter((one) => ranIn(one, range)),
    pools: (await place.pools(range)).pools,
    routes,
    visited: await visitedIn(place, { range, routes }),
    findings: (await place.findings(range)).findings,
    bypass,
    baseline,
    code,
    production,
    knownHere: production.length === 0 ? new Map() : await everKnown(place),
    isRun,
    exceptions,
  };
  const asked: ConditionFacts[] = [];
  for (const condition of conditions) asked.push(await aboutOrDoubt(place, { condition, facts, range }));
  return { facts, asked };
}

/** Every statement that ran here, whenever it did. */
async function everKnown(place: Place): Promise<KnownHere> {
  const { statements } = await statementsOf(place, { range: {}, filter: {}, hidden: [] });
  const known = new Map<string, StatementFacts[]>();
  for (const one of statements) known.set(one.fingerprint, [...(known.get(one.fingerprint) ?? []), one]);
  return known;
}

/** Requests that sent nothing are known by their route alone. */
async function visitedIn(
  place: Place,
  { range, routes }: { range: TimeRange; routes: readonly RouteFacts[] },
): Promise<Visited> {
  const of = async (kind: VisitedKind): Promise<Set<string>> => {
    const { groups } = await place.groups({ ...everyGroup(range), groupBy: kind });
    const names = routes
      .filter((route) => route.kind === kind || (route.kind === 'action' && kind === 'route'))
      .map(({ route }) => route);
    return new Set([...groups.map(({ value }) => value).filter((value) => value !== ''), ...names]);
  };
  return { route: await of('route'), job: await of('job'), command: await of('command') };
}

/** A command that has run cannot be asked again, so a value that it never had is what it did not show. */
async function aboutOrDoubt(place: Place, asking: Asking): Promise<ConditionFacts> {
  try {
    return await about(place, asking);
  } catch (error) {
    if (!asking.facts.isRun || !(error instanceof UsageError)) throw error;
    const doubt = { amount: 1, of: 0, what: errorLine(error) };
    return { condition: asking.condition, fitting: [], excused: new Map(), doubts: [doubt], errorGroups: [] };
  }
}

interface Asking {
  readonly condition: Condition;
  readonly facts: CheckFacts;
  readonly range: TimeRange;
}

async function about(place: Place, asking: Asking): Promise<ConditionFacts> {
  const { condition, facts, range } = asking;
  const scope =
    condition.kind === 'no-new' && condition.what === 'handwritten'
      ? { ...condition.scope, handwritten: true }
      : condition.scope;
  const hidden = condition.kind === 'max' && !HIDDEN_SOURCES.includes(scope.source ?? '') ? HIDDEN_SOURCES : [];
  const { statements } = await statementsOf(place, { range, filter: filterOf(scope), hidden });
  const inWindow = statements.filter((one) => ranIn(one, range));
  const fitting = inWindow.filter((one) => textFits(one, scope) === 'yes');
  if (fitting.length === 0) await refuseUnseen(place, condition);
  return {
    condition,
    fitting,
    excused: await excusedOf(place, { ...asking, scope, hidden, fitting }),
    doubts: await scopeDoubts(place, { condition, scope, range, facts, inWindow }),
    errorGroups: condition.kind === 'max' && condition.measure === 'errors' ? await errorGroupsOf(place, asking) : [],
  };
}

/** What is new is told by `--no-new` itself. */
async function scopeDoubts(
  place: Place,
  { condition, ...doubting }: Parameters<typeof doubtsOf>[1] & { condition: Condition },
): Promise<Doubt[]> {
  if (condition.kind === 'no-new') return [];
  return condition.kind === 'none' ? doubtsOf(place, doubting) : unknownOf(place, doubting);
}

/** A value that nothing ever had is a slip of the pen, and would prove whatever is asked. */
async function refuseUnseen(place: Place, { scope, text }: Condition): Promise<void> {
  const { source, construct, pool, table, tags } = scope;
  checkSeen({ source, construct, pool, table, tags }, await place.seen());
  if (scope.function === undefined) return;
  const ever = await statementsOf(place, { range: {}, filter: {}, hidden: [] });
  if (ever.statements.some((one) => textFits(one, { function: scope.function }) === 'yes')) return;
  const hint = 'leave it out, or write the name as the statements have it';
  throw new UsageError(`no statement ever called ${scope.function}`, { where: text, hint });
}

/** By statement, the exception under which every execution that fits falls. */
async function excusedOf(
  place: Place,
  {
    condition,
    facts,
    range,
    scope,
    hidden,
    fitting,
  }: Asking & { scope: Scope; hidden: readonly string[]; fitting: readonly StatementFacts[] },
): Promise<Map<string, Exception>> {
  const excused = new Map<string, Exception>();
  if (fitting.length === 0) return excused;
  for (const exception of facts.exceptions) {
    if (!isInForce(exception, condition, facts.nowMs)) continue;
    const narrowed = narrowedBy(scope, exception);
    if (narrowed === undefined) continue;
    const filter = { ...filterOf(narrowed), prefix: exception.match.fingerprint?.toLowerCase() };
    const { statements } = await statementsOf(place, { range, filter, hidden });
    const covered = new Map(statements.map((one) => [keyOf(one), one.calls + one.errors]));
    for (const one of fitting) {
      const whole = covered.get(keyOf(one)) === one.calls + one.errors && textFits(one, narrowed) === 'yes';
      if (whole && !excused.has(keyOf(one))) excused.set(keyOf(one), exception);
    }
  }
  return excused;
}

const TAGS = ['route', 'job', 'command', 'caller'] as const;

/** The executions of a scope that an exception names; undefined = it names none of them. */
function narrowedBy(scope: Scope, { match }: Exception): Scope | undefined {
  if (match.finding !== undefined || match.user !== undefined || match.application_name !== undefined) return undefined;
  const both = { ...scope, tags: [...scope.tags] };
  for (const key of ['source', 'construct', 'pool', 'table', 'function'] as const) {
    const wanted = match[key];
    if (wanted === undefined) continue;
    if (scope[key] !== undefined && scope[key] !== wanted) return undefined;
    both[key] = wanted;
  }
  for (const key of TAGS) {
    const wanted = match[key];
    if (wanted !== undefined) both.tags.push([key, wanted]);
  }
  return both;
}

async function errorGroupsOf(place: Place, { condition, range }: Asking): Promise<ErrorGroup[]> {
  const { scope } = condition;
  const hidden = HIDDEN_SOURCES.includes(scope.source ?? '') ? [] : HIDDEN_SOURCES;
  const filter = { ...filterOf(scope), table: scope.table };
  const { groups } = await place.groups({ ...everyGroup(range), filter, hidden, groupBy: 'route' });
  return groups.map(({ value, calls, errors }) => ({ value, calls, errors }));
}

function everyGroup(range: TimeRange) {
  return { range, filter: {}, hidden: [], sort: 'total', limit: 0, minMs: 0, form: 'mergeable' } as const;
}
