// Explains statements that no place sends itself: what cursors give, what attributes load.
// Invariant: what is inferred names the places that it comes from, and is never sure; what nothing supports stays
// unexplained. Not here: what a place sends itself (join.ts).

import type { StatementFacts } from '../facts/answers.js';
import { mainTableOf } from '../facts/words/short-sql.js';
import type { CodePlace } from './catalogue.js';

export interface Inferred {
  readonly facts: StatementFacts;
  /** cursor: FETCH of one that a place declared. relationship: SQLAlchemy loads a model's table. */
  readonly by: 'cursor' | 'relationship';
  /** strong: one place declared it; or it ran in a route of places that use SQLAlchemy. */
  readonly confidence: 'strong' | 'weak';
  /** The places that declare, or the models. */
  readonly places: readonly CodePlace[];
}

/** A place, and what it sent. */
interface Sending {
  readonly place: CodePlace;
  readonly confidence: string;
  readonly statements: readonly StatementFacts[];
}

interface Known {
  readonly joined: readonly Sending[];
  /** SQLAlchemy's, with their tables. */
  readonly models: readonly CodePlace[];
}

/** Undefined where nothing supports it. */
export function inferredFrom(facts: StatementFacts, known: Known): Inferred | undefined {
  if (/^\s*(?:FETCH|MOVE)\b/i.test(facts.query)) return fromCursor(facts, known.joined);
  if (facts.source !== 'sqlalchemy' || !/^\s*SELECT\b/i.test(facts.query)) return undefined;
  return (facts.byConstruct.get('text') ?? 0) > 0 ? undefined : fromModel(facts, known);
}

/** Names of cursors are no part of a statement: which of several was read is not known. */
function fromCursor(facts: StatementFacts, joined: readonly Sending[]): Inferred | undefined {
  const declaring = joined.filter(({ statements }) =>
    statements.some(({ source, query }) => source === facts.source && /^\s*DECLARE\b/i.test(query)),
  );
  if (declaring.length === 0) return undefined;
  const confidence = declaring.length === 1 && declaring[0].confidence !== 'weak' ? 'strong' : 'weak';
  return { facts, by: 'cursor', confidence, places: declaring.map(({ place }) => place) };
}

function fromModel(facts: StatementFacts, { joined, models }: Known): Inferred | undefined {
  const table = mainTableOf(facts.query);
  const places = models.filter(({ tables }) => tables.includes(table));
  if (places.length === 0) return undefined;
  const routes = facts.tags.get('route');
  const isBeside = joined.some(
    ({ place, statements }) =>
      place.kind === 'sqlalchemy' &&
      statements.some(({ tags }) => [...(tags.get('route') ?? [])].some((route) => routes?.has(route))),
  );
  return { facts, by: 'relationship', confidence: isBeside ? 'strong' : 'weak', places };
}
