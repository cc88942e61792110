// Rule: the text has the form that SQLAlchemy's compiler gives its SQL.
// On SQLAlchemy's own connection a possible form is enough; a text without one is text() or driver-level SQL.

import type { Confidence, Construct, Evidence } from '../../../facts/verdict.js';
import { type Rule, verdictOf } from './rule.js';

const COMPILED: Evidence = { rule: 'sqlalchemy-shape', saw: "text in the form of SQLAlchemy's compiler" };
const BY_HAND: Evidence = {
  rule: 'sqlalchemy-shape',
  saw: "text that SQLAlchemy's compiler does not write: text() or driver level",
};

export const ruleSqlalchemyShape: Rule = ({ shape, standing }) => {
  const { sqlalchemy: fit } = shape;
  const answer = (confidence: Confidence, construct: Construct, evidence: readonly Evidence[]) =>
    verdictOf({ source: 'sqlalchemy', construct, confidence }, evidence);
  if (standing.owner === 'sqlalchemy' && !standing.shared) {
    const confidence = standing.strength === 'weak' ? 'weak' : 'strong';
    const evidence = [fit === 'no' ? BY_HAND : COMPILED, ...standing.evidence];
    if (fit === 'sure') return answer('strong', shape.sqlalchemyConstruct, evidence);
    return answer(confidence, fit === 'no' ? 'text' : shape.sqlalchemyConstruct, evidence);
  }
  if (fit === 'sure') return answer('strong', shape.sqlalchemyConstruct, [COMPILED]);
  // Qualified one-line INSERT, UPDATE and DELETE: people could write them, but few do.
  if (fit === 'own') return answer('weak', shape.sqlalchemyConstruct, [COMPILED]);
  // What people write as well is not claimed for SQLAlchemy where another owner, or a second client, could have sent
  // it.
  if (fit !== 'likely' || standing.shared || standing.owner === 'django' || standing.strength === 'strong')
    return undefined;
  return answer('weak', shape.sqlalchemyConstruct, [COMPILED]);
};
