// Rule: what comment tags prove of the statement itself.
// framework='django…' proves only whose connection it is: a clue for the profile, not a verdict.

import type { Construct } from '../../../facts/verdict.js';
import { CONSTRUCT_KEY, Proof, SOURCE_KEY } from '../comments/sql-comment.js';
import type { Fit } from '../shape/shape.js';
import { type Rule, verdictOf } from './rule.js';

export const ruleCommentTag: Rule = ({ shape, tags, standing }) => {
  if (tags.source !== '') {
    const saw = tags.construct === '' ? SOURCE_KEY : `${SOURCE_KEY} and ${CONSTRUCT_KEY}`;
    const evidence = [{ rule: 'comment-tag', saw: `comment tag ${saw} of the application's own package` }];
    // The look-ups of 1.4's dialect are a text() to whoever tags them inside SQLAlchemy.
    const isReflection = tags.source === 'sqlalchemy' && shape.sqlalchemyConstruct === 'reflection';
    const construct = isReflection ? 'reflection' : tags.construct;
    return verdictOf({ source: tags.source, construct, confidence: 'certain' }, evidence);
  }
  if ((tags.proof & Proof.sqlalchemy) !== 0) {
    const construct: Construct = shape.sqlalchemy === 'no' ? 'text' : shape.sqlalchemyConstruct;
    const evidence = [{ rule: 'comment-tag', saw: "comment tag db_framework='sqlalchemy…'" }];
    return verdictOf({ source: 'sqlalchemy', construct, confidence: 'certain' }, evidence);
  }
  if ((tags.proof & Proof.rails) !== 0 && !isCompiled(shape.django) && !isCompiled(shape.sqlalchemy)) {
    const evidence = [{ rule: 'comment-tag', saw: 'comment tag of Rails, whose SQL is not told apart here' }];
    return verdictOf({ source: 'unknown', confidence: 'weak' }, evidence);
  }
  const onDjango = (tags.proof & Proof.django) !== 0 || standing.owner === 'django';
  if ((tags.proof & Proof.percentDoubled) !== 0 && onDjango && !isDjangosOwn(shape.djangoConstruct)) {
    const evidence = [
      {
        rule: 'comment-tag',
        saw: 'percent signs of the comment are doubled: sent without parameters, which the ORM never does',
      },
    ];
    return verdictOf(
      { source: 'raw', construct: shape.hand === 'copy' ? 'copy' : 'cursor', confidence: 'strong' },
      evidence,
    );
  }
  return undefined;
};

/** In a library's form throughout. */
function isCompiled(fit: Fit): boolean {
  return fit === 'own' || fit === 'sure';
}

/** The schema editor and its kin send without parameters too. */
function isDjangosOwn(construct: Construct): boolean {
  return (
    construct === 'migration' ||
    construct === 'introspection' ||
    construct === 'internal' ||
    construct === 'server-side-cursor'
  );
}
