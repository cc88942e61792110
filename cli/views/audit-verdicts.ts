// Says of each place of an audit that is to move whether it is work left, done, or a fault: for CI.
// Not here: how verdicts are printed (cli/terminal/verdicts.ts), the list for people (audit.ts).

import path from 'node:path';
import type { AuditAnswer, AuditedPlace } from '../../audit/answer.js';
import { oneLine } from '../terminal/output.js';
import type { Verdict } from '../terminal/verdicts.js';

const KINDS = { sqlalchemy: 'SQLAlchemy', raw: 'raw SQL', orm: 'Django ORM' } as const;

/** A place that stays passes. One that is done or gone in the ledger, and yet in the code, is a fault. */
export function auditVerdicts({ catalogue, places }: AuditAnswer): Verdict[] {
  const root = path.isAbsolute(catalogue.root) ? '' : catalogue.root;
  return places
    .filter(({ place }) => place.kind !== 'orm')
    .map((one) => {
      const { file, line, id } = one.place;
      const name = `${oneLine(one.place.function)} (${id})`;
      return { name, group: KINDS[one.place.kind], file: path.posix.join(root, file), line, ...judged(one) };
    });
}

function judged(one: AuditedPlace): Pick<Verdict, 'level' | 'message'> {
  const { place, state, complexity, replacedBy, seen, risk } = one;
  if (state === 'stays') return { level: 'ok', message: 'stays' };
  if (state === 'done' || state === 'gone') {
    return { level: 'error', message: `the ledger says ${state}, and it is still in the code` };
  }
  const ran = seen === null ? '' : `; ${seen.callsPerDay} calls a day`;
  const risky = risk.reasons.length === 0 ? '' : `; risk: ${risk.reasons.join(', ')}`;
  const way = place.unresolved ?? replacedBy ?? '';
  return { level: 'warning', message: oneLine(`${state ?? 'to move'} (${complexity}): ${way}${ran}${risky}`) };
}
