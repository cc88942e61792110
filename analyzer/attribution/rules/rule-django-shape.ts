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

const FRAME = "the frame of Django's SQL compiler around a part that it does not write";

function evidenceOf({ django, djangoConstruct }: StatementShape): Evidence {
  const saw = django === 'possible' ? FRAME : (SAW[djangoConstruct] ?? SAW.queryset!);
  return { rule: 'django-shape', saw };
}

export const ruleDjangoShape: Rule = ({ shape, standing }) => {
  const { django: fit } = shape;
  if (fit === 'no') return undefined;
  const { owner, shared, strength } = standing;
  const isOwned = strength === 'strong' || strength === 'certain';
  const answer = (confidence: Confidence, evidence: readonly Evidence[] = []) =>
    verdictOf({ source: 'django-orm', construct: shape.djangoConstruct, confidence }, [evidenceOf(shape), ...evidence]);
  if (owner === 'django') {
    const isStrong = fit === 'sure' || (isOwned && !shared && fit !== 'possible');
    return answer(isStrong ? 'strong' : 'weak', standing.evidence);
  }
  if (fit === 'sure' || fit === 'own') {
    if (shape.sqlalchemy !== 'no' && owner === 'sqlalchemy') return undefined;
    const isOthers = owner === 'sqlalchemy' && !shared;
    // People do not make up Django's names, but they do write queries in its form: on a connection surely
    // SQLAlchemy's it is text().
    if (isOthers && isOwned && shape.djangoConstruct === 'queryset') return undefined;
    return answer(fit === 'sure' && !isOthers ? 'strong' : 'weak');
  }
  if (fit !== 'likely' || isOwned) return undefined;
  // Names that both would quote, and spacing that both have: mixed-case names are rare in Django's tables.
  return shape.sqlalchemy === 'no' || shape.djangoConstruct === 'internal' ? answer('weak') : undefined;
};
