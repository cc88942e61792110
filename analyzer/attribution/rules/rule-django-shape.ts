// Rule: the text has the form that Django gives its SQL.
// On Django's own connection a possible form is enough; elsewhere the form must be Django's alone.

import type { Confidence, Construct, Evidence } from '../../../facts/verdict.js';
import type { StatementShape } from '../shape/shape.js';
import { type Rule, verdictOf } from './rule.js';

const SAW: Readonly<Partial<Record<Construct, string>>> = {
  queryset: "text in the form of Django's SQL compiler",
  extra: "text of Django's SQL compiler around a hand-written fragment, as extra() puts it",
  rawsql: "text of Django's SQL compiler around a hand-written expression, as RawSQL() puts it",
  migration: "DDL in the form of Django's schema editor",
  introspection: "a look-up of Django's introspection",
  internal: 'a statement Django writes itself (flush, sequences, cache tables)',
  'server-side-cursor': "a cursor named as Django's iterator() names it",
};

function evidenceOf(shape: StatementShape): Evidence {
  return { rule: 'django-shape', saw: SAW[shape.djangoConstruct] ?? SAW.queryset! };
}

export const ruleDjangoShape: Rule = ({ shape, standing }) => {
  if (shape.django === 'no') return undefined;
  const answer = (confidence: Confidence, evidence: readonly Evidence[] = []) =>
    verdictOf({ source: 'django-orm', construct: shape.djangoConstruct, confidence }, [evidenceOf(shape), ...evidence]);
  if (standing.owner === 'django') {
    const confidence = shape.django === 'possible' || standing.strength === 'weak' ? 'weak' : 'strong';
    return answer(shape.django === 'own' ? 'strong' : confidence, standing.evidence);
  }
  if (shape.django === 'own') {
    if (shape.sqlalchemy !== 'no' && standing.owner === 'sqlalchemy') return undefined;
    const isOthers = standing.owner === 'sqlalchemy' && !standing.shared;
    // People do not make up Django's names, but they do write queries in its form: on a connection surely SQLAlchemy's it is text().
    if (isOthers && standing.strength !== 'weak' && shape.djangoConstruct === 'queryset') return undefined;
    return answer(isOthers ? 'weak' : 'strong');
  }
  if (shape.django !== 'likely' || standing.strength === 'strong' || standing.strength === 'certain') return undefined;
  // Names that both would quote, and spacing that both have: mixed-case names are rare in Django's tables.
  return shape.sqlalchemy === 'no' || shape.djangoConstruct === 'internal' ? answer('weak') : undefined;
};
