// Lists what a connection can show of its owner, how much each clue proves, and for whom.
// Invariant: a closed list, one bit per clue. The order is part of stored session state, so new clues go last.
// Not here: where clues come from (recognise-*.ts, connection-profile.ts) and how they are weighed (standing.ts).

export const CLUES = [
  'django-savepoint',
  'django-cursor',
  'timezone-first',
  'django-text',
  'django-tag',
  'startup-utf8',
  'sqlalchemy-savepoint',
  'sqlalchemy-cursor',
  'sqlalchemy-init',
  'sqlalchemy-text',
  'sqlalchemy-write',
  'sqlalchemy-tag',
  'dialect-lookup',
  'startup-asyncpg',
  'asyncpg-name',
  'asyncpg-savepoint',
  'asyncpg-reset',
  'psycopg3-name',
  'psycopg3-savepoint',
  'begin-first',
  'extended',
  'tool',
  'driver-tag',
  'set-timezone',
  'ping',
  'rollback-after-read',
  'discard-all',
  'autocommit',
  'rollback',
  'sibling',
  'django-form',
  'pooler',
] as const;
export type Clue = (typeof CLUES)[number];

const BIT = new Map<Clue, number>(CLUES.map((clue, index) => [clue, 1 << index]));

export function clueBit(clue: Clue): number {
  return BIT.get(clue)!;
}

export function clueBits(clues: readonly Clue[]): number {
  let bits = 0;
  for (const clue of clues) bits |= clueBit(clue);
  return bits;
}

export interface ClueMeaning {
  /** Who it speaks for: 'django', 'sqlalchemy' or a driver. */
  owner: string;
  strength: 'certain' | 'strong' | 'weak';
  /** In plain words, for `show`. */
  saw: string;
}

/** Clues that speak for an owner. The others are habits and hints. */
export const MEANING: Readonly<Partial<Record<Clue, ClueMeaning>>> = {
  'sqlalchemy-tag': {
    owner: 'sqlalchemy',
    strength: 'certain',
    saw: "comment tag db_framework='sqlalchemy…' on this connection",
  },
  'django-savepoint': {
    owner: 'django',
    strength: 'strong',
    saw: 'savepoint named "s<thread>_x<n>", as Django names them',
  },
  'django-cursor': { owner: 'django', strength: 'strong', saw: 'cursor named "_django_curs_…"' },
  'timezone-first': {
    owner: 'django',
    strength: 'strong',
    saw: 'first statement sets the time zone, outside a transaction',
  },
  'django-tag': { owner: 'django', strength: 'strong', saw: 'comment tag of Django on this connection' },
  'django-text': {
    owner: 'django',
    strength: 'strong',
    saw: "statements with what only Django's SQL compiler writes, on this connection",
  },
  'django-form': {
    owner: 'django',
    strength: 'weak',
    saw: "statements in the form of Django's SQL compiler on this connection",
  },
  'sqlalchemy-savepoint': { owner: 'sqlalchemy', strength: 'strong', saw: 'savepoint named sa_savepoint_<n>' },
  'sqlalchemy-cursor': {
    owner: 'sqlalchemy',
    strength: 'strong',
    saw: 'cursor named "c_<hex>_<n>", as SQLAlchemy names them',
  },
  'sqlalchemy-init': {
    owner: 'sqlalchemy',
    strength: 'strong',
    saw: 'select pg_catalog.version(), which opens an Engine',
  },
  'sqlalchemy-text': {
    owner: 'sqlalchemy',
    strength: 'strong',
    saw: "statements in the form of SQLAlchemy's compiler on this connection",
  },
  'asyncpg-reset': { owner: 'asyncpg', strength: 'strong', saw: "reset query of asyncpg's own pool" },
  'startup-utf8': {
    owner: 'django',
    strength: 'weak',
    saw: 'client_encoding=UTF8 after the database in the startup packet',
  },
  'sqlalchemy-write': {
    owner: 'sqlalchemy',
    strength: 'weak',
    saw: 'statements spaced and labelled as SQLAlchemy does',
  },
  'dialect-lookup': {
    owner: 'sqlalchemy',
    strength: 'weak',
    saw: "look-ups of settings as SQLAlchemy's dialect makes them",
  },
  'startup-asyncpg': {
    owner: 'asyncpg',
    strength: 'weak',
    saw: "client_encoding='utf-8' in quotes, as asyncpg sends it",
  },
  'asyncpg-name': { owner: 'asyncpg', strength: 'weak', saw: 'prepared statements named __asyncpg_stmt_…' },
  'asyncpg-savepoint': { owner: 'asyncpg', strength: 'weak', saw: 'savepoint named __asyncpg_savepoint_…' },
  'psycopg3-name': { owner: 'psycopg3', strength: 'weak', saw: 'prepared statements named _pg3_…' },
  'psycopg3-savepoint': { owner: 'psycopg3', strength: 'weak', saw: 'savepoint named "_pg3_…"' },
  sibling: {
    owner: 'sqlalchemy',
    strength: 'weak',
    saw: 'begins a transaction first, like a SQLAlchemy connection with the same startup packet',
  },
  'driver-tag': { owner: 'driver', strength: 'weak', saw: 'comment tag of the driver only' },
};
