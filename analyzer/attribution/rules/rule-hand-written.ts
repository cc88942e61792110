// Rule, the last: neither compiler writes this text, so somebody wrote it by hand.
// Strong where the connection's owner is known; else weak, because SQLAlchemy's text() looks the same.

import type { Construct, Evidence } from '../../../facts/verdict.js';
import { Proof } from '../comments/sql-comment.js';
import { type Rule, type Subject, verdictOf } from './rule.js';

const BY_HAND: Evidence = { rule: 'hand-written', saw: "neither Django's nor SQLAlchemy's compiler writes this text" };

export const ruleHandWritten: Rule = (subject) => {
  const { standing } = subject;
  const isKnown = standing.strength === 'strong' && !standing.shared;
  const evidence = [BY_HAND, ...standing.evidence];
  return verdictOf(
    { source: 'raw', construct: constructOf(subject), confidence: isKnown ? 'strong' : 'weak' },
    evidence,
  );
};

function constructOf({ shape, standing, tags }: Subject): Construct {
  if (shape.hand === 'copy') return 'copy';
  if (shape.hand === 'call') return 'callproc';
  if (shape.hand === 'cursor') return 'server-side-cursor';
  if (standing.owner !== 'django') return '';
  // Manager.raw() only reads; what is no query went through a cursor.
  if (shape.hand === 'write') return 'cursor';
  // Manager.raw() passes parameters even when it has none, so its tags keep single percent signs.
  const isTagged = (tags.proof & Proof.django) !== 0 && (tags.proof & Proof.percentDoubled) === 0;
  return isTagged && !shape.hasValues ? 'raw-queryset' : '';
}
