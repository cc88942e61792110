// Weighs a connection's clues: its owner, how sure that is, and whether two libraries share it.
// Invariant: equal clues give the same object (interned), so verdicts can be cached per standing. Not here: collecting
// clues.

import type { Confidence, Evidence } from '../../../facts/verdict.js';
import { CLUES, clueBit, MEANING } from '../shape/clues.js';
import type { Framework } from '../shape/shape.js';
import { ASYNCPG } from './clue-bits.js';
import { frameworkSaw } from './frameworks.js';

export interface Standing {
  /** 'django', 'sqlalchemy', a driver's name ('asyncpg', 'psycopg3'), a tool's name, or 'unknown'. */
  readonly owner: string;
  readonly strength: Confidence;
  readonly isTool: boolean;
  /**
   * Several libraries or clients speak on this connection (creator=, aldjemy, a pooler): it proves little of a
   * statement.
   */
  readonly shared: boolean;
  /** Another framework that speaks here, where neither Django nor SQLAlchemy surely does. */
  readonly framework: Framework;
  readonly evidence: readonly Evidence[];
}

export interface Weighed {
  bits: number;
  tool: string;
  /** The library that first spoke strongly. */
  first: string;
  /** Another framework whose texts or names were seen. */
  framework: Framework;
}

const RANK = { certain: 3, strong: 2, weak: 1 } as const;
const STRENGTH: readonly Confidence[] = ['none', 'weak', 'strong', 'certain'];
const EVIDENCE_MAX = 3;
/** Only Django itself opens connections so. */
const OPENED_BY_DJANGO = clueBit('timezone-first') | clueBit('startup-utf8');
/** Nobody makes up such names by hand, nor such tags. */
const NAMED_BY_DJANGO = clueBit('django-savepoint') | clueBit('django-cursor') | clueBit('django-tag');
/** Django with the startup packet of 4.2.1 and later, on a server that has the wanted time zone already. */
const QUIET_DJANGO = clueBit('startup-utf8') | clueBit('django-form');
const POOLER = clueBit('pooler');

const interned = new Map<string, Standing>();
const INTERNED_MAX = 10_000;

export function standingOf(weighed: Weighed): Standing {
  const id = `${weighed.bits},${weighed.first},${weighed.framework},${weighed.tool}`;
  let known = interned.get(id);
  if (known === undefined) {
    known = Object.freeze(weigh(weighed));
    if (interned.size < INTERNED_MAX) interned.set(id, known);
  }
  return known;
}

function weigh({ bits, tool, first, framework }: Weighed): Standing {
  if (tool !== '') {
    const evidence = [{ rule: 'connection', saw: `application_name of ${tool}` }];
    return { owner: tool, strength: 'strong', isTool: true, shared: false, framework: '', evidence };
  }
  const ranks = ranksOf(bits, framework);
  const isSure = (owner: string) => (ranks.get(owner) ?? 0) >= RANK.strong;
  const isPooled = (bits & POOLER) !== 0;
  const lent = isSure('sqlalchemy') && ranks.has('django') && (bits & clueBit('autocommit')) !== 0;
  const both = isSure('sqlalchemy') && (isSure('django') || lent) && !isSqlalchemysAlone(bits, first);
  const shared = both || isPooled;
  const owner = both ? ownerOfBoth(bits, first) : ownerOfRank(ranks);
  const rank = ranks.get(owner) ?? 0;
  return {
    owner,
    strength: STRENGTH[isPooled ? Math.min(rank, RANK.weak) : rank],
    isTool: false,
    shared,
    framework: isSure('django') || isSure('sqlalchemy') ? '' : framework,
    evidence: evidenceOf({ bits, first, framework }, { owner, both }),
  };
}

/** How much is known of each owner that anything speaks for. */
function ranksOf(bits: number, framework: Framework): Map<string, number> {
  const ranks = new Map<string, number>();
  for (const clue of CLUES) {
    const meaning = MEANING[clue];
    if (meaning === undefined || (bits & clueBit(clue)) === 0) continue;
    ranks.set(meaning.owner, Math.max(ranks.get(meaning.owner) ?? 0, RANK[meaning.strength]));
  }
  const isQuiet = (bits & QUIET_DJANGO) === QUIET_DJANGO && (bits & clueBit('extended')) === 0;
  if (isQuiet && framework === '') ranks.set('django', Math.max(ranks.get('django') ?? 0, RANK.strong));
  // Django does not use asyncpg: what quotes as it does there is another framework's.
  const isNamed = (bits & (NAMED_BY_DJANGO | clueBit('timezone-first'))) !== 0;
  if ((bits & ASYNCPG) !== 0 && !isNamed) ranks.delete('django');
  if (framework !== '' && !isNamed && (bits & clueBit('django-text')) === 0) {
    ranks.delete('django');
    const hasName = framework !== 'other' && framework !== 'driver';
    if (hasName && !ranks.has('sqlalchemy')) ranks.set(framework, RANK.strong);
  }
  return ranks;
}

/** Among equals a library goes before its driver, and what says more before what says less (the order of the clues). */
function ownerOfRank(ranks: ReadonlyMap<string, number>): string {
  const rank = Math.max(0, ...ranks.values());
  const equals = [...ranks].flatMap(([owner, each]) => (each === rank ? [owner] : []));
  return equals.find((owner) => owner === 'django' || owner === 'sqlalchemy') ?? equals[0] ?? 'unknown';
}

/**
 * Django lends its connection and never borrows one. On a connection that SQLAlchemy showed first, with everything
 * inside transactions (Django's reads never are), a text in Django's form was written by hand.
 */
function isSqlalchemysAlone(bits: number, first: string): boolean {
  const begins = (bits & clueBit('begin-first')) !== 0 && (bits & clueBit('autocommit')) === 0;
  return first === 'sqlalchemy' && begins && (bits & (OPENED_BY_DJANGO | NAMED_BY_DJANGO)) === 0;
}

function ownerOfBoth(bits: number, first: string): string {
  if ((bits & OPENED_BY_DJANGO) !== 0) return 'django';
  return first === 'sqlalchemy' ? 'sqlalchemy' : 'django';
}

/** The strongest clues for the owner, and what else is to be known: a second library, a pooler, a revision. */
function evidenceOf(
  { bits, first, framework }: { bits: number; first: string; framework: Framework },
  { owner, both }: { owner: string; both: boolean },
): Evidence[] {
  const meanings = CLUES.filter((clue) => (bits & clueBit(clue)) !== 0 && MEANING[clue]?.owner === owner).map(
    (clue) => MEANING[clue]!,
  );
  meanings.sort((a, b) => RANK[b.strength] - RANK[a.strength]);
  const saw = meanings.slice(0, EVIDENCE_MAX).map((meaning) => meaning.saw);
  if (owner === framework) saw.push(frameworkSaw(framework));
  if (both) saw.push('Django and SQLAlchemy both speak on this connection');
  else if (first !== '' && first !== owner) saw.push(`revised: it was first taken for ${first}'s connection`);
  if ((bits & POOLER) !== 0) saw.push('a pooler in front of this connection: its clients share it');
  return saw.map((each) => ({ rule: 'connection', saw: each }));
}
