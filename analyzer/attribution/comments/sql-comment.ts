// Reads comment tags: what instrumentation writes before or after a statement, and what it proves.
// Invariant: a comment counts as tags only if all of it is key=value or key:value items; anything else is prose and is
// ignored.
// The lexer makes sure that comment marks inside strings are not comments. Not here: which keys become dimensions
// (tag-set.ts).
// Sources: google.github.io/sqlcommenter/spec, opentelemetry-python-contrib opentelemetry-instrumentation
// (add_sql_comment),
// basecamp/marginalia, Rails ActiveRecord::QueryLogs, DataDog dd-trace-py propagation.

import { CONSTRUCTS, type Construct } from '../../../facts/verdict.js';
import { type SqlTokens, TokenKind } from '../../sql/tokens.js';
import { NO_REQUEST, type RequestIds, requestIdsOf, type TagPairs } from './request-tags.js';

/** What tags prove, as bits. */
export const Proof = {
  none: 0,
  /** db_framework='sqlalchemy:…': sent by SQLAlchemy, compiled or text(). */
  sqlalchemy: 1,
  /** framework='django:…' or db_driver='django.…': the connection is Django's; says nothing of ORM or raw. */
  django: 2,
  /** Tags of the driver's own instrumentation: says nothing of the library above it. */
  driver: 4,
  /** `%%`: sent without parameters. On a Django connection this excludes the ORM, which always passes some. */
  percentDoubled: 8,
  /** marginalia or Rails' query logs. */
  rails: 16,
} as const;

export interface CommentTags {
  /** Decoded, in text order; the first of equal keys. */
  readonly pairs: TagPairs;
  /** What they name the request. */
  readonly request: RequestIds;
  readonly proof: number;
  /** Source and construct by the clients' own package; '' where it did not speak. */
  readonly source: '' | 'django-orm' | 'raw' | 'sqlalchemy';
  readonly construct: Construct;
}

export const NO_TAGS: CommentTags = Object.freeze({
  pairs: [],
  request: NO_REQUEST,
  proof: Proof.none,
  source: '',
  construct: '',
});

/** Keys of the clients' own package. */
export const SOURCE_KEY = 'pgwitness_source';
export const CONSTRUCT_KEY = 'pgwitness_construct';

const PAIRS_MAX = 32;
export const COMMENT_BYTES_MAX = 4096;

/** Tags of all comments in front of the first and behind the last token. Allocates only where there is a comment. */
export function readComments(tokens: SqlTokens): CommentTags {
  if (tokens.commentCount === 0) return NO_TAGS;
  const pairs: Pair[] = [];
  let proof: number = Proof.none;
  for (let k = 0; k < tokens.commentCount; k++) {
    if (!isOutside(tokens, tokens.commentBeforeToken[k])) continue;
    if (!mayHoldTags(tokens, k)) continue;
    const said = readItems(textOf(tokens.bytes, tokens.commentStart[k] + 2, tokens.commentEnd[k] - 2), pairs);
    if (said === NOT_TAGS) continue;
    if ((said & DOUBLED) !== 0) proof |= Proof.percentDoubled;
    proof |= proofOf(pairs, (said & COLON_FIRST) !== 0);
  }
  if (pairs.length === 0) return NO_TAGS;
  const source = valueFor(pairs, SOURCE_KEY);
  const construct = valueFor(pairs, CONSTRUCT_KEY) as Construct;
  return {
    pairs,
    request: requestIdsOf(pairs),
    proof,
    source: source === 'django-orm' || source === 'raw' || source === 'sqlalchemy' ? source : '',
    construct: construct !== '' && CONSTRUCTS.includes(construct) ? construct : '',
  };
}

/** Long enough for an item, and between marks: no line comment. */
export function mayHoldTags({ bytes, commentStart, commentEnd }: SqlTokens, k: number): boolean {
  const length = commentEnd[k] - commentStart[k];
  return length >= 7 && length <= COMMENT_BYTES_MAX && bytes[commentStart[k]] === 0x2f;
}

/** In front of everything, behind everything, or behind everything but the semicolon. */
export function isOutside(tokens: SqlTokens, before: number): boolean {
  return (
    before === 0 ||
    before >= tokens.count ||
    (before === tokens.count - 1 && tokens.kind[before] === TokenKind.semicolon)
  );
}

/** [from, to) of `bytes`, decoded. */
export function textOf(bytes: Uint8Array, from: number, to: number): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString('utf8', from, to);
}

type Pair = readonly [key: string, value: string];

const QUOTE = 0x27;
const COLON = 0x3a;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const SPACE = 0x20;
const PERCENT = 0x25;

/** What readItems says of a comment. */
const NOT_TAGS = -1;
const COLON_FIRST = 1;
const DOUBLED = 2;

/** Adds the items of one comment to `pairs`, except known keys. NOT_TAGS, and nothing added, if any part is no item. */
function readItems(comment: string, pairs: Pair[]): number {
  const text = comment.trim();
  const { length } = text;
  const before = pairs.length;
  let said = 0;
  let items = 0;
  let at = 0;
  while (at < length) {
    const mark = keyEnd(text, at);
    const sign = text.charCodeAt(mark);
    if (mark === at || items === PAIRS_MAX || (sign !== EQUALS && sign !== COLON)) return refused(pairs, before);
    if (items === 0 && sign === COLON) said |= COLON_FIRST;
    const quoted = text.charCodeAt(mark + 1) === QUOTE;
    const from = quoted ? mark + 2 : mark + 1;
    const end = quoted ? quoteEnd(text, from) : plainEnd(text, from);
    if (end < 0) return refused(pairs, before);
    let raw = text.slice(from, end);
    if (quoted) raw = unescaped(raw);
    else {
      raw = raw.trimEnd();
      // "note: this is slow" is prose.
      if (raw === '' || raw.charCodeAt(0) === SPACE || raw.includes("'")) return refused(pairs, before);
    }
    if (raw.includes('%') && raw.includes('%%')) said |= DOUBLED;
    add(pairs, decoded(text.slice(at, mark)), raw);
    items++;
    at = quoted ? end + 1 : end;
    while (text.charCodeAt(at) === SPACE) at++;
    if (at < length && text.charCodeAt(at) !== COMMA) return refused(pairs, before);
    at++;
    while (text.charCodeAt(at) === SPACE) at++;
  }
  return items === 0 ? NOT_TAGS : said;
}

function refused(pairs: Pair[], before: number): number {
  pairs.length = before;
  return NOT_TAGS;
}

function add(pairs: Pair[], key: string, raw: string): void {
  if (pairs.length >= PAIRS_MAX) return;
  for (const [known] of pairs) if (known === key) return;
  pairs.push([key, decoded(raw)]);
}

function valueFor(pairs: readonly Pair[], key: string): string {
  for (const [known, value] of pairs) if (known === key) return value;
  return '';
}

/** End of a key that begins at `at`: letters, digits and _ . - %, no digit in front. */
function keyEnd(text: string, at: number): number {
  let end = at;
  for (;;) {
    const code = text.charCodeAt(end);
    const letter = (code | 32) >= 97 && (code | 32) <= 122;
    const other = (code >= 48 && code <= 57) || code === 46 || code === 45 || code === PERCENT;
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

function proofOf(pairs: readonly Pair[], colon: boolean): number {
  let proof: number = Proof.none;
  for (const [key, value] of pairs) {
    switch (key) {
      case 'db_framework':
        if (value.startsWith('sqlalchemy')) proof |= Proof.sqlalchemy;
        break;
      case 'framework':
        if (value.startsWith('django')) proof |= Proof.django;
        break;
      case 'db_driver':
        if (value.startsWith('django.')) proof |= Proof.django;
        break;
      case 'dbapi_level':
      case 'driver_paramstyle':
      case 'libpq_version':
        proof |= Proof.driver;
        break;
      case 'application':
      case 'controller':
      case 'job':
        if (colon) proof |= Proof.rails;
        break;
    }
  }
  return proof;
}
