// The conditions of `check` and `exec`: their types, and how they are spelled.
// Invariant: text that is not understood completely is refused, so that no condition is weaker than it was written.
// Not here: whether a condition holds (judge.ts), what may be missing (allowances.ts).

import { UsageError } from '../../../config/values/errors.js';
import { nearestName } from '../../../config/values/nearest.js';
import { parseDuration } from '../../../config/values/units.js';

/** The executions that a condition is about. Left out = whatever it is. */
export interface Scope {
  readonly source?: string;
  readonly construct?: string;
  readonly handwritten?: boolean;
  /** Name or id. */
  readonly pool?: string;
  /** A table of the statement; `*` stands for anything. */
  readonly table?: string;
  /** A function of the database that the statement calls; `*` stands for anything. */
  readonly function?: string;
  /** Comment tags, all of which must match; `*` stands for anything. */
  readonly tags: ReadonlyArray<readonly [key: string, value: string]>;
}

interface Written {
  readonly scope: Scope;
  /** As it was given: `--none source=sqlalchemy`. */
  readonly text: string;
}

export interface NoneCondition extends Written {
  readonly kind: 'none';
}
export interface MaxCondition extends Written {
  readonly kind: 'max';
  readonly measure: Measure;
  /** p95: ns. errors: a share, 0.01 is 1 %. statements-per-request: statements. */
  readonly limit: number;
}
export interface NoNewCondition extends Written {
  readonly kind: 'no-new';
  readonly what: NewKind;
}
export type Condition = NoneCondition | MaxCondition | NoNewCondition;

const MEASURES = ['p95', 'errors', 'statements-per-request'] as const;
export type Measure = (typeof MEASURES)[number];
/** Tags that findings keep. */
const FINDING_TAGS: ReadonlySet<string> = new Set(['route', 'job', 'command', 'caller']);
const NEW_KINDS = ['handwritten', 'findings'] as const;
export type NewKind = (typeof NEW_KINDS)[number];

const NARROWED = 'narrow it with source=, construct=, route=, table=, function=, pool=, caller= or another tag';
const FIELDS = ['source', 'construct', 'pool', 'table', 'function'] as const;

/** `source=sqlalchemy,route=api/*`. Throws UsageError. */
export function readNone(text: string): NoneCondition {
  const where = '--none';
  const scope = scopeOf(partsOf(text), where);
  if (Object.keys(scope).length === 1 && scope.tags.length === 0)
    throw new UsageError('nothing is named', { where, hint: 'for instance --none source=sqlalchemy' });
  return { kind: 'none', scope, text: `${where} ${text}` };
}

/** `p95=100ms`, `errors=1%,source=raw`, `statements-per-request=20,route=api/*`. Throws UsageError. */
export function readMax(text: string): MaxCondition {
  const where = '--max';
  const [first = '', ...rest] = partsOf(text);
  const at = first.indexOf('=');
  const measure = MEASURES.find((known) => known === first.slice(0, at));
  if (measure === undefined) {
    const hint = 'for instance --max p95=100ms, --max errors=1%, --max statements-per-request=20';
    throw new UsageError(`"${first}" is not a limit`, { where, hint });
  }
  const limit = LIMIT_OF[measure](first.slice(at + 1), `${where} ${measure}`);
  const scope = scopeOf(rest, where);
  refuseUncounted(measure, scope);
  return { kind: 'max', measure, limit, scope, text: `${where} ${text}` };
}

/** `handwritten`, `findings,route=api/*`. Throws UsageError. */
export function readNoNew(text: string): NoNewCondition {
  const where = '--no-new';
  const [first = '', ...rest] = partsOf(text);
  const what = NEW_KINDS.find((known) => known === first);
  if (what === undefined)
    throw new UsageError(`"${first}" is not known`, { where, hint: `use one of ${NEW_KINDS.join(', ')}` });
  const scope = scopeOf(rest, where);
  if (what === 'findings') refuseUntold(scope, where);
  return { kind: 'no-new', what, scope, text: `${where} ${text}` };
}

/** What a finding does not tell of itself would leave every finding out. */
function refuseUntold({ construct, handwritten, tags, ...scope }: Scope, where: string): void {
  const asked = construct !== undefined ? 'construct' : scope.function !== undefined ? 'function' : undefined;
  const tag = tags.find(([key]) => !FINDING_TAGS.has(key))?.[0];
  const wrong = asked ?? (handwritten === true ? 'handwritten' : tag);
  if (wrong === undefined) return;
  throw new UsageError(`findings are told by route and place, not by ${wrong}`, {
    where: `${where} findings`,
    hint: 'narrow it with route=, job=, caller=, source=, table= or pool=',
  });
}

/** A comma ends a part only where another one begins: a route may hold commas. */
function partsOf(text: string): string[] {
  return text.split(/,(?=handwritten(?:,|$)|[\w.:-]+=)/);
}

function scopeOf(parts: readonly string[], where: string): Scope {
  const scope: { -readonly [Key in keyof Scope]: Scope[Key] } = { tags: [] };
  const tags: Array<readonly [string, string]> = [];
  for (const part of parts) {
    if (part === 'handwritten') {
      scope.handwritten = true;
      continue;
    }
    const at = part.indexOf('=');
    const [key, value] = [part.slice(0, at), part.slice(at + 1)];
    if (at <= 0 || value === '') throw new UsageError(`"${part}" is not key=value`, { where, hint: NARROWED });
    const field = FIELDS.find((name) => name === key);
    if (field === undefined) tags.push([tagKey(key, where), value]);
    else if (scope[field] !== undefined) throw new UsageError(`${key} is given twice`, { where, hint: NARROWED });
    else scope[field] = value;
  }
  return { ...scope, tags };
}

/** A slip of the pen in a field's name would make it a tag. */
function tagKey(key: string, where: string): string {
  const near = nearestName(key, FIELDS);
  if (near === undefined || ['route', 'job', 'caller', 'command'].includes(key)) return key;
  throw new UsageError(`"${key}" is not known`, { where, hint: `did you mean ${near}=?` });
}

const LIMIT_OF: Readonly<Record<Measure, (text: string, where: string) => number>> = {
  p95: (text, where) => parseDuration(text, where) * 1e6,
  errors: (text, where) => {
    const percent = /^([0-9]{1,3}(?:\.[0-9]{1,6})?)%$/.exec(text)?.[1];
    if (percent !== undefined && Number(percent) <= 100) return Number(percent) / 100;
    throw new UsageError(`"${text}" is not a share`, { where, hint: 'write a percentage, for instance 1%' });
  },
  'statements-per-request': (text, where) => {
    if (/^[0-9]{1,9}$/.test(text)) return Number(text);
    throw new UsageError(`"${text}" is not a number of statements`, { where, hint: 'for instance 20' });
  },
};

/** Errors are counted by route and source, statements of requests by route: what is finer is not known of them. */
function refuseUncounted(measure: Measure, scope: Scope): void {
  if (measure === 'p95') return;
  const finer = measure === 'errors' ? (['function'] as const) : (['function', 'construct', 'table'] as const);
  const asked = finer.find((name) => scope[name] !== undefined);
  const isRoute = ([key]: readonly [string, string]): boolean => ['route', 'job', 'command'].includes(key);
  const tag = measure === 'errors' ? undefined : scope.tags.find((pair) => !isRoute(pair))?.[0];
  const hand = measure !== 'errors' && scope.handwritten === true ? 'handwritten' : undefined;
  const wrong = asked ?? tag ?? hand;
  if (wrong === undefined) return;
  const what = measure === 'errors' ? 'errors are counted' : 'the statements of a request are counted';
  throw new UsageError(`${what} by route and source, not by ${wrong}`, {
    where: `--max ${measure}`,
    hint: 'narrow it with route=, job=, source= or pool=',
  });
}
