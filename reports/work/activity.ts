// The answer to "what goes on now": adds the texts of statements, and merges several sidecars.
// Invariant: a session is in it once; the longest comes first. Not here: finding it (analyzer/activity.ts).

import type { Activity, ActivityFacts } from '../../facts/work/activity.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';

/** `texts`: those that the store does not have yet. Throws StoreError. */
export function withTexts(
  activity: Activity,
  { texts, reader }: { texts: ReadonlyMap<string, string>; reader: StoreReader },
): Activity {
  const unknown = activity.sessions.filter(({ query, fingerprint }) => query === '' && !texts.has(fingerprint));
  const asked = [...new Set(unknown.map(({ fingerprint }) => fingerprint))].filter((one) => one !== '');
  const stored = asked.length === 0 ? [] : reader.read((stored) => stored.textsOf(asked));
  const known = new Map([...texts, ...stored.map(({ fingerprint, query }) => [fingerprint, query] as const)]);
  const withText = (one: ActivityFacts): ActivityFacts =>
    one.query === '' ? { ...one, query: known.get(one.fingerprint) ?? '' } : one;
  return { ...activity, sessions: activity.sessions.map(withText) };
}

/** At least one. */
export function mergeActivity(answers: readonly Activity[]): Activity {
  return {
    atMs: Math.max(...answers.map(({ atMs }) => atMs)),
    sessions: answers.flatMap(({ sessions }) => sessions).sort((a, b) => a.sinceMs - b.sinceMs),
    more: answers.reduce((sum, { more }) => sum + more, 0),
  };
}
