// Comment tags: what instrumentation writes into comments in front of or behind a statement, and what that proves.
// Invariant: a comment is tags only if all of it is key=value or key:value items; anything else is prose and says nothing. Comments
// inside strings are not comments (the lexer sees to that). Not here: which keys become dimensions (tag-set.ts).
// Sources: google.github.io/sqlcommenter/spec, opentelemetry-python-contrib opentelemetry-instrumentation (add_sql_comment),
// basecamp/marginalia, Rails ActiveRecord::QueryLogs, DataDog dd-trace-py propagation.

import { type SqlTokens, TokenKind } from '../sql/tokens.js';
import { CONSTRUCTS, type Construct } from './verdict.js';

/** What tags prove, as bits. */
export const Proof = {
  none: 0,
  /** db_framework='sqlalchemy:…': sent by SQLAlchemy, compiled or text(). */
  sqlalchemy: 1,
  /** framework='django:…' or db_driver='django.…': the connection is Django's; says nothing of ORM or raw. */
  django: 2,
  /** Tags of the driver's own instrumentation: says nothing of the library above it. */
  driver: 4,
  /** `%%`: the driver was given no parameters. On a Django connection this excludes the ORM, which always passes some. */
  percentDoubled: 8,
  /** marginalia or Rails' query logs. */
  rails: 16,
} as const;

export interface CommentTags {
  /** Decoded, in text order; the first of equal keys. */
  readonly pairs: readonly (readonly [key: string, value: string])[];
  readonly proof: number;
  /** Source and construct by the clients' own package; '' where it did not speak. */
  readonly source: '' | 'django-orm' | 'raw' | 'sqlalchemy';
  readonly construct: Construct;
}

export const NO_TAGS: CommentTags = Object.freeze({ pairs: [], proof: Proof.none, source: '', construct: '' });

/** Keys of the clients' own package. */
export const SOURCE_KEY = 'pgwitness_source';
export const CONSTRUCT_KEY = 'pgwitness_construct';

const PAIRS_MAX = 32;
const COMMENT_OCTETS_MAX = 4096;

/** Tags of all comments in front of the first and behind the last token. Allocates only where there is a comment. */
export function readComments(tokens: SqlTokens): CommentTags {
  if (tokens.commentCount === 0) return NO_TAGS;
  const pairs = new Map<string, string>();
  let proof: number = Proof.none;
  for (let k = 0; k < tokens.commentCount; k++) {
    if (!isOutside(tokens, tokens.commentBeforeToken[k])) continue;
    const { bytes } = tokens;
    const length = tokens.commentEnd[k] - tokens.commentStart[k];
    if (length < 7 || length > COMMENT_OCTETS_MAX || bytes[tokens.commentStart[k]] !== 0x2f) continue;
    const from = bytes.byteOffset + tokens.commentStart[k];
    const comment = Buffer.from(bytes.buffer, from + 2, length - 4);
    const items = parseItems(comment.toString('utf8'));
    if (items === undefined) continue;
    for (const item of items) {
      if (item.raw.includes('%%')) proof |= Proof.percentDoubled;
      if (!pairs.has(item.key) && pairs.size < PAIRS_MAX) pairs.set(item.key, decoded(item.raw));
    }
    proof |= proofOf(pairs, items[0].colon);
  }
  if (pairs.size === 0) return NO_TAGS;
  const source = pairs.get(SOURCE_KEY) ?? '';
  const construct = (pairs.get(CONSTRUCT_KEY) ?? '') as Construct;
  return {
    pairs: [...pairs],
    proof,
    source: source === 'django-orm' || source === 'raw' || source === 'sqlalchemy' ? source : '',
    construct: CONSTRUCTS.includes(construct) ? construct : '',
  };
}

/** In front of everything, behind everything, or behind everything but the semicolon. */
function isOutside(tokens: SqlTokens, before: number): boolean {
  return (
    before === 0 ||
    before >= tokens.count ||
    (before === tokens.count - 1 && tokens.kind[before] === TokenKind.semicolon)
  );
}

interface Item {
  key: string;
  /** As written, without quotes. */
  raw: string;
  colon: boolean;
}

const QUOTE = 0x27;
const COLON = 0x3a;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;

/** The items of one comment, or undefined where any part of it is something else. */
function parseItems(comment: string): Item[] | undefined {
  const text = comment.trim();
  const items: Item[] = [];
  let at = 0;
  while (at < text.length) {
    const mark = keyEnd(text, at);
    if (mark === at || items.length === PAIRS_MAX) return undefined;
    const sign = text.charCodeAt(mark);
    if (sign !== EQUALS && sign !== COLON) return undefined;
    const colon = sign === COLON;
    const quoted = text.charCodeAt(mark + 1) === QUOTE;
    const end = quoted ? quoteEnd(text, mark + 2) : plainEnd(text, mark + 1);
    if (end < 0) return undefined;
    const raw = quoted ? unescaped(text.slice(mark + 2, end)) : text.slice(mark + 1, end).trimEnd();
    // "note: this is slow" is prose.
    if (!quoted && (raw === '' || raw.startsWith(' ') || raw.includes("'"))) return undefined;
    items.push({ key: decoded(text.slice(at, mark)), raw, colon });
    at = quoted ? end + 1 : end;
    while (text[at] === ' ') at++;
    if (at < text.length && text[at] !== ',') return undefined;
    at++;
    while (text[at] === ' ') at++;
  }
  return items.length === 0 ? undefined : items;
}

/** End of a key that begins at `at`: letters, digits and _ . - %, no digit in front. */
function keyEnd(text: string, at: number): number {
  let end = at;
  for (;;) {
    const code = text.charCodeAt(end);
    const letter = (code | 32) >= 97 && (code | 32) <= 122;
    const other = (code >= 48 && code <= 57) || code === 46 || code === 45 || code === 37;
    if (!letter && code !== 95 && !(other && end > at)) return end;
    end++;
  }
}

function quoteEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === QUOTE) return at;
  }
  return -1;
}

function unescaped(value: string): string {
  return value.includes('\\') ? value.replaceAll("\\'", "'") : value;
}

function plainEnd(text: string, from: number): number {
  const comma = text.indexOf(',', from);
  return comma < 0 ? text.length : comma;
}

/** Routes and controllers repeat; what differs each time (trace ids) has nothing to decode. */
const decodings = new Map<string, string>();
const DECODINGS_MAX = 4096;

function decoded(raw: string): string {
  if (!raw.includes('%')) return raw;
  let value = decodings.get(raw);
  if (value === undefined) {
    value = decodedAnew(raw);
    if (decodings.size >= DECODINGS_MAX) decodings.clear();
    decodings.set(raw, value);
  }
  return value;
}

function decodedAnew(raw: string): string {
  try {
    return decodeURIComponent(raw.replaceAll('%%', '%'));
  } catch {
    return raw;
  }
}

function proofOf(pairs: ReadonlyMap<string, string>, colon: boolean): number {
  let proof: number = Proof.none;
  const driver = pairs.get('db_driver') ?? '';
  if (pairs.get('db_framework')?.startsWith('sqlalchemy')) proof |= Proof.sqlalchemy;
  if (pairs.get('framework')?.startsWith('django') || driver.startsWith('django.')) proof |= Proof.django;
  if (pairs.has('dbapi_level') || pairs.has('driver_paramstyle') || pairs.has('libpq_version')) proof |= Proof.driver;
  if (colon && (pairs.has('application') || pairs.has('controller') || pairs.has('job'))) proof |= Proof.rails;
  return proof;
}
