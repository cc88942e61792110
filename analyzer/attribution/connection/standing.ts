// Weighs a connection's clues: its owner, how sure that is, and whether two libraries share it.
// Invariant: equal clues give the same object (interned), so verdicts can be cached per standing. Not here: collecting
// clues.

import type { Confidence, Evidence } from '../../../facts/verdict.js';
import { CLUES, clueBit, MEANING } from '../shape/clues.js';

export interface Standing {
  /** 'django', 'sqlalchemy', a driver's name ('asyncpg', 'psycopg3'), a tool's name, or 'unknown'. */
  readonly owner: string;
  readonly strength: Confidence;
  readonly isTool: boolean;
  /** Django and SQLAlchemy both speak on this connection (creator=, aldjemy). */
  readonly shared: boolean;
  /** Of a shared connection: the library whose compiler wrote last; '' otherwise. */
  readonly recent: '' | 'django' | 'sqlalchemy';
  readonly evidence: readonly Evidence[];
}

export interface Weighed {
  bits: number;
  tool: string;
  /** The library that first spoke strongly. */
  first: string;
  recent: string;
}

const RANK = { certain: 3, strong: 2, weak: 1 } as const;
const STRENGTH: readonly Confidence[] = ['none', 'weak', 'strong', 'certain'];
const EVIDENCE_MAX = 3;
/** Only Django itself opens connections so. */
const OPENED_BY_DJANGO = clueBit('timezone-first') | clueBit('startup-utf8');

/** Nobody makes up such names by hand, nor such tags. */
const NAMED_BY_DJANGO = clueBit('django-savepoint') | clueBit('django-cursor') | clueBit('django-tag');

const interned = new Map<string, Standing>();
const INTERNED_MAX = 10_000;

export function standingOf(weighed: Weighed): Standing {
  const id = `${weighed.bits},${weighed.first},${weighed.recent},${weighed.tool}`;
  let known = interned.get(id);
  if (known === undefined) {
    known = Object.freeze(weigh(weighed));
    if (interned.size < INTERNED_MAX) interned.set(id, known);
  }
  return known;
}

function weigh({ bits, tool, first, recent }: Weighed): Standing {
  const none = { isTool: false, shared: false, recent: '' } as const;
  if (tool !== '') {
    const evidence = [{ rule: 'connection', saw: `application_name of ${tool}` }];
    return { ...none, owner: tool, strength: 'strong', isTool: true, evidence };
  }
  const strongest = new Map<string, number>();
  for (const clue of CLUES) {
    const meaning = MEANING[clue];
    if (meaning === undefined || (bits & clueBit(clue)) === 0) continue;
    strongest.set(meaning.owner, Math.max(strongest.get(meaning.owner) ?? 0, RANK[meaning.strength]));
  }
  const rank = Math.max(0, ...strongest.values());
  const both = (strongest.get('django') ?? 0) >= 2 && (strongest.get('sqlalchemy') ?? 0) >= 2;
  const shared = both && !isSqlalchemysAlone(bits, first);
  const owner = both ? ownerOfBoth(bits, { first, shared }) : ownerOfRank(strongest, rank);
  return {
    owner,
    strength: STRENGTH[strongest.get(owner) ?? 0],
    isTool: false,
    shared,
    recent: shared ? (recent as Standing['recent']) : '',
    evidence: [...evidenceFor(bits, owner), ...historyOf(first, { owner, shared })],
  };
}

/** Among equals a library goes before its driver, and what says more before what says less (the order of the clues). */
function ownerOfRank(strongest: ReadonlyMap<string, number>, rank: number): string {
  const equals = [...strongest].flatMap(([owner, each]) => (each === rank ? [owner] : []));
  return equals.find((owner) => owner === 'django' || owner === 'sqlalchemy') ?? equals[0] ?? 'unknown';
}

/**
 * Django lends its connection and never borrows one. On a connection that SQLAlchemy showed first, with everything inside
 * transactions (Django's reads never are), a text in Django's form was written by hand.
 */
function isSqlalchemysAlone(bits: number, first: string): boolean {
  const begins = (bits & clueBit('begin-first')) !== 0 && (bits & clueBit('autocommit')) === 0;
  return first === 'sqlalchemy' && begins && (bits & (OPENED_BY_DJANGO | NAMED_BY_DJANGO)) === 0;
}

function ownerOfBoth(bits: number, { first, shared }: { first: string; shared: boolean }): string {
  if (!shared) return 'sqlalchemy';
  if ((bits & OPENED_BY_DJANGO) !== 0) return 'django';
  return first === 'sqlalchemy' ? 'sqlalchemy' : 'django';
}

/** What was said of it before, where that was something else: revisions are to be seen. */
function historyOf(first: string, { owner, shared }: { owner: string; shared: boolean }): Evidence[] {
  if (shared) return [{ rule: 'connection', saw: 'Django and SQLAlchemy both speak on this connection' }];
  if (first === '' || first === owner) return [];
  return [{ rule: 'connection', saw: `revised: it was first taken for ${first}'s connection` }];
}

function evidenceFor(bits: number, owner: string): Evidence[] {
  const meanings = CLUES.filter((clue) => (bits & clueBit(clue)) !== 0 && MEANING[clue]?.owner === owner).map(
    (clue) => MEANING[clue]!,
  );
  meanings.sort((a, b) => RANK[b.strength] - RANK[a.strength]);
  return meanings.slice(0, EVIDENCE_MAX).map(({ saw }) => ({ rule: 'connection', saw }));
}
