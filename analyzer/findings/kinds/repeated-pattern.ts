// Finds a pattern of several statements that a request repeats, over rows that are few so far.
// Invariant: what is found as a loop of one statement is not found again. Not here: one statement (n-plus-one.ts,
// writes-in-loop.ts), the levels of a tree (tree-levels.ts).

import type { FindingStatement, Occurrence } from '../../../facts/finding.js';
import { isWrite, TRAITS } from '../../../facts/work/unit.js';
import { callerOf } from '../views/caller.js';
import { BATCH_PARAMETERS_MIN, costOf, isRead, type Kind, poolsOf, REPEATED_MIN, tableWords } from '../views/kind.js';
import type { UnitView } from '../views/unit-view.js';
import { causeOf } from './cause.js';
import { treeLevels } from './tree-levels.js';

const LENGTH_MAX = 8;
const ROUNDS_MIN = 3;

export const REPEATED_PATTERN: Kind = {
  kind: 'repeated-pattern',
  needs: TRAITS.repeats,
  look: (view) => (view.repeats ? patternsOf(view).concat(treeLevels(view, ROUNDS_MIN)) : []),
  excludes: (query) => /\bSKIP\s+LOCKED\b|^\s*FETCH\b/i.test(query),
  words(told) {
    const rounds = Math.round(told.timesMean);
    const repeated = told.statements.filter(({ role }) => role === 'repeated');
    const cause = told.statements.find(({ role }) => role === 'caused-by');
    const table = tableWords(told);
    if (cause?.fingerprint === repeated[0].fingerprint) {
      return {
        title: `A tree of ${table}, read level by level: ${rounds} reads per request`,
        explanation:
          `One statement on ${table} runs once per level, each time with the rows of the level before (${rounds} levels, at most ${told.timesMax}). ` +
          'Each level costs a round trip, and the request grows with the depth of the tree.',
        nextStep: `Read the whole tree of ${table} with one statement: WITH RECURSIVE, or a materialised path.`,
      };
    }
    const after = cause === undefined ? '' : `, after a read of ${tableWords(told, 'caused-by')}`;
    return {
      title: `${repeated.length} statements, repeated ${rounds} times per request, first on ${table}${after}`,
      explanation:
        `A request runs the same ${repeated.length} statements in turn, ${rounds} times (at most ${told.timesMax}), with other parameters each time. ` +
        'Each of them costs a round trip, and the request grows with its rows.',
      nextStep: 'Move the statements out of the loop: read what all rounds need at once, and write all rows at once.',
    };
  },
};

function patternsOf(view: UnitView): Occurrence[] {
  const { own, groupOf, rules, route } = view;
  const found: Occurrence[] = [];
  const seen = new Set<string>();
  let at = 0;
  while (at < own.length) {
    const least = rules.threshold('repeated-pattern', { route, source: own[at].source }, ROUNDS_MIN);
    const pattern = patternAt(groupOf, at, least);
    const occurrence = pattern === undefined ? undefined : occurrenceOf(view, at, pattern);
    if (occurrence !== undefined) {
      const name = occurrence.statements.map(({ fingerprint }) => fingerprint).join(' ');
      if (!seen.has(name)) found.push(occurrence);
      seen.add(name);
    }
    at += pattern === undefined ? 1 : pattern.length * pattern.rounds;
  }
  return found;
}

interface Pattern {
  readonly length: number;
  readonly rounds: number;
}

/** The shortest one that begins here. */
function patternAt(groupOf: readonly number[], at: number, least: number): Pattern | undefined {
  for (let length = 2; length <= LENGTH_MAX && at + length * least <= groupOf.length; length++) {
    let same = at + length;
    while (same < groupOf.length && groupOf[same] === groupOf[same - length]) same++;
    const rounds = Math.floor((same - at) / length);
    if (rounds >= least) return { length, rounds };
  }
  return undefined;
}

/** One statement: it is no pattern. */
function isOne(groupOf: readonly number[], at: number, length: number): boolean {
  for (let next = at + 1; next < at + length; next++) if (groupOf[next] !== groupOf[at]) return false;
  return true;
}

function occurrenceOf(view: UnitView, at: number, { length, rounds }: Pattern): Occurrence | undefined {
  const { own, unit, groups, groupOf } = view;
  if (isOne(groupOf, at, length)) return undefined;
  const all = own.slice(at, at + length * rounds);
  const fingerprints = new Set(all.slice(0, length).map(({ fingerprint }) => fingerprint));
  if (
    all.some(
      ({ batched, sqlstate, parameterCount }) => batched || sqlstate !== '' || parameterCount >= BATCH_PARAMETERS_MIN,
    )
  )
    return undefined;
  if (!all.slice(0, length).every((one) => isRead(one) || isWrite(one))) return undefined;
  for (let next = at; next < at + length; next++) {
    const { distinct } = groups[groupOf[next]];
    if (distinct < rounds || distinct >= REPEATED_MIN) return undefined;
  }
  const [first] = all;
  const cause = causeOf(view, first);
  const statements: FindingStatement[] = [...fingerprints].map((fingerprint) => {
    const { source } = all.find((one) => one.fingerprint === fingerprint)!;
    return { fingerprint, source, role: 'repeated' };
  });
  if (cause !== undefined) statements.push({ fingerprint: cause.fingerprint, source: cause.source, role: 'caused-by' });
  return {
    kind: 'repeated-pattern',
    confidence: cause !== undefined && unit.found === 'direct' ? 'strong' : 'weak',
    statements,
    pools: poolsOf(all),
    times: rounds,
    costNs: costOf(all),
    caller: callerOf(first),
  };
}
