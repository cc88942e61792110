// The code beside what ran: places of a library that are left, jobs that did not run.
// Invariant: a place of the library contradicts "none of it", whether it ran or not.
// Not here: reading the code (audit/catalogue.ts).

import type { Catalogue } from '../../audit/catalogue.js';
import type { Doubt } from './asked/allowances.js';
import type { Scope } from './asked/conditions.js';
import { exceptionFor } from './asked/exceptions.js';
import type { CheckFacts } from './facts.js';
import type { AskedNone, Failure, Found } from './rule.js';

const KIND_OF: Readonly<Record<string, Catalogue['places'][number]['kind']>> = {
  sqlalchemy: 'sqlalchemy',
  raw: 'raw',
  'django-orm': 'orm',
};

export function codeLeft({ code, visited }: CheckFacts, { condition, inForce }: AskedNone): Found {
  const failures: Failure[] = [];
  const excused: Array<Found['excused'][number]> = [];
  if (code === undefined) return { failures, excused, doubts: [] };
  const kind = kindOf(condition.scope);
  const doubts = jobsNotRun({ code, visited }, inForce);
  const untold = untoldPlaces(code, condition.scope, kind);
  if (untold !== '') doubts.push({ amount: 0, of: 0, what: untold });
  for (const place of code.places) {
    if (place.kind !== kind || (place.in_migration && kind !== 'sqlalchemy')) continue;
    const caller = `${place.file}:${place.line}`;
    const what = `still in the code: ${place.api} in ${place.function}`;
    const exception = exceptionFor(inForce, { caller: [caller] });
    if (exception === undefined) failures.push({ what, callers: [caller] });
    else excused.push({ what: `${what}, ${caller}`, exception });
  }
  return { failures, excused, doubts };
}

/** The kind of places that a scope forbids; undefined = only some of a kind, and the code does not say which. */
function kindOf({ source, handwritten, tags, ...rest }: Scope): string | undefined {
  if (tags.length > 0 || Object.values(rest).some((value) => value !== undefined)) return undefined;
  if (source === undefined) return handwritten === true ? 'raw' : undefined;
  return KIND_OF[source];
}

/** What the code does not say of its places; '' = it says all. */
function untoldPlaces({ places }: Catalogue, { handwritten }: Scope, kind: string | undefined): string {
  if (kind === undefined)
    return 'the code does not say which of its places are meant: give --code with a source alone, or leave it out';
  const mixed = handwritten === true ? places.filter((place) => place.kind === 'sqlalchemy').length : 0;
  return mixed === 0 ? '' : `the code does not say whether ${mixed} places of SQLAlchemy are written by hand (text())`;
}

/** A job that runs once a month sends nothing in a window of two weeks. */
function jobsNotRun({ code, visited }: Pick<CheckFacts, 'code' | 'visited'>, inForce: AskedNone['inForce']): Doubt[] {
  const ran = new Set([...visited.job, ...visited.command]);
  return (code?.jobs ?? [])
    .filter(({ name }) => !ran.has(name) && exceptionFor(inForce, { job: [name] }) === undefined)
    .map(({ name, schedule }) => ({
      amount: 1,
      of: 0,
      what: `the job ${name}${schedule === null ? '' : ` (${schedule})`} of the code did not run in this window`,
    }));
}
