// Rule, the last: neither compiler writes this text, so somebody wrote it by hand.
// Strong where the connection's owner is known; else weak, because SQLAlchemy's text() looks the same.

import type { Construct } from '../../../facts/verdict.js';
import { Proof } from '../comments/sql-comment.js';
import { type Rule, type Subject, verdictOf } from './rule.js';

const NO_COMPILER = "neither Django's nor SQLAlchemy's compiler writes this text";
const NOT_DJANGO = "Django's compiler does not write this text, people do";
const ANYBODY = 'a text that people write as well, and no sign of the library that would have written it';

export const ruleHandWritten: Rule = (subject) => {
  const { shape, standing } = subject;
  // Another framework may send such texts, too.
  const isOwned = standing.strength === 'strong' && !standing.shared && standing.framework === '';
  // A form of SQLAlchemy's that few others have may be the first that shows of it on a connection it was lent.
  const isSure = shape.django === 'no' && (shape.sqlalchemy === 'no' || shape.sqlalchemy === 'possible');
  return verdictOf(
    { source: 'raw', construct: constructOf(subject), confidence: isOwned && isSure ? 'strong' : 'weak' },
    [{ rule: 'hand-written', saw: sawOf(subject) }, ...standing.evidence],
  );
};

function sawOf({ shape, standing }: Subject): string {
  if (shape.django !== 'no') return ANYBODY;
  if (shape.sqlalchemy === 'no') return NO_COMPILER;
  return standing.owner === 'django' ? NOT_DJANGO : ANYBODY;
}

function constructOf({ shape, standing, tags }: Subject): Construct {
  if (shape.hand === 'copy') return 'copy';
  if (shape.hand === 'call') return 'callproc';
  if (shape.hand === 'cursor') return 'server-side-cursor';
  if (standing.owner !== 'django' || standing.shared) return '';
  // Manager.raw() only reads; what is no query went through a cursor.
  if (shape.hand === 'write') return 'cursor';
  // Manager.raw() passes parameters even when it has none, so its tags keep single percent signs.
  const isTagged = (tags.proof & Proof.django) !== 0 && (tags.proof & Proof.percentDoubled) === 0;
  return isTagged && !shape.hasValues ? 'raw-queryset' : '';
}
