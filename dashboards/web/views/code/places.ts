// Places of the code in words: their kinds in the order of the work, and what fits a search.
// Invariant: the kinds are those of the terminal. Not here: markup.

import type { AuditedPlaceJson } from '../../../../audit/answer-json.js';

const OF_RAW = {
  orm: 'raw SQL, simple',
  'orm-expressions': 'raw SQL, medium',
  'raw-queryset': 'raw SQL, complex',
  stays: 'raw SQL that stays',
} as const;
export const GROUPS: readonly string[] = ['SQLAlchemy', ...Object.values(OF_RAW), 'Django ORM'];

export function groupOf({ kind, complexity }: AuditedPlaceJson): string {
  if (kind === 'sqlalchemy') return 'SQLAlchemy';
  return kind === 'orm' || complexity === null ? 'Django ORM' : OF_RAW[complexity];
}

export function placeName({ file, line }: AuditedPlaceJson): string {
  return `${file}:${line}`;
}

/** What makes it hard, else what it is, with its tables. */
export function whatOf({ unresolved, categories, api, tables }: AuditedPlaceJson): string {
  if (unresolved !== null) return unresolved;
  return [categories.length > 0 ? categories.join(', ') : api, tables.join(' ')].filter(Boolean).join(' · ');
}

/** `words`: in lower case; '' = any group, seen or not. */
export function fits(
  place: AuditedPlaceJson,
  { words, group, seen }: { words: readonly string[]; group: string; seen: string },
): boolean {
  if (group !== '' && groupOf(place) !== group) return false;
  if (seen !== '' && (seen === 'seen') !== (place.seen !== null)) return false;
  const text = [placeName(place), place.function, whatOf(place), place.state ?? ''].join(' ').toLowerCase();
  return words.every((word) => text.includes(word));
}
