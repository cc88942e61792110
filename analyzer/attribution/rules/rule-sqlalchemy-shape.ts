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
  const answer = (confidence: Confidence, construct: Construct, evidence: readonly Evidence[]) =>
    verdictOf({ source: 'sqlalchemy', construct, confidence }, evidence);
  const speaks = standing.owner === 'sqlalchemy' || (standing.shared && standing.recent === 'sqlalchemy');
  if (speaks) {
    const confidence = standing.strength === 'weak' || standing.shared ? 'weak' : 'strong';
    const evidence = [shape.sqlalchemy === 'no' ? BY_HAND : COMPILED, ...standing.evidence];
    if (shape.sqlalchemy === 'own') return answer('strong', shape.sqlalchemyConstruct, evidence);
    return answer(confidence, shape.sqlalchemy === 'no' ? 'text' : shape.sqlalchemyConstruct, evidence);
  }
  if (shape.sqlalchemy === 'own') {
    const isQuery = shape.clues.includes('sqlalchemy-text');
    if (isQuery || standing.shared) return answer('strong', shape.sqlalchemyConstruct, [COMPILED]);
    // Qualified one-line INSERT, UPDATE and DELETE are written by people as well.
    return standing.owner === 'django' ? undefined : answer('weak', shape.sqlalchemyConstruct, [COMPILED]);
  }
  const isOwned = standing.owner === 'django' || standing.strength === 'strong';
  if (isOwned || shape.sqlalchemy === 'no') return undefined;
  // What anybody writes so is not claimed for SQLAlchemy without a sign of it on the connection.
  if (shape.sqlalchemy === 'possible') return undefined;
  return answer('weak', shape.sqlalchemyConstruct, [COMPILED]);
};
