// The identity of a statement text: its key, its id, and the facts worked out once per key.
// This is the observer's hot path.
// Invariants: texts with the same key have the same id, on every machine. A hit costs a lex, a normalisation and
// one look-up. The cache is bounded. It is keyed by key and layout, since the spacing of a text tells who wrote it;
// two layouts of one key share id and query. In front of it a cache by skeleton knows a text that differs only in
// its literals.
// Not here: sessions, and attribution, whose facts the caller's `analyse` hangs on the identity.

import { limits } from '../../config/limits.js';
import { hashLiterals, type LiteralHash } from '../sql/literals.js';
import { Skeleton } from '../sql/skeleton.js';
import { lex } from '../sql/sql-lexer.js';
import { SqlTokens } from '../sql/tokens.js';
import { commandOf } from './command.js';
import { identityOfKey } from './fingerprint-of-key.js';
import { loadGrammar } from './grammar.js';
import { IdentityCache } from './identity-cache.js';
import { shownOfKey } from './key-marks.js';
import { W } from './keywords.js';
import { Normalizer } from './make-key.js';
import { verbOf } from './refused.js';
import { SkeletonCache } from './skeleton-cache.js';
import { splitStatements } from './split.js';
import { summaryOf } from './summary.js';
import { keepTailComment } from './tail-comment.js';

/** Fingerprint of an execution whose text is not known. */
export const UNKNOWN_TEXT = 'x000000000000000';

export interface StatementIdentity<T = undefined> {
  /**
   * 16 characters: pg_query's fingerprint; or 15 digits of keyHash after `x` (not read by the grammar) or `t` (cut).
   */
  readonly fingerprint: string;
  /** Normalised bytes, one character each, with marks (key-marks.ts) for what is folded. */
  readonly key: string;
  /** First 32 hexadecimal digits of the key's sha256. */
  readonly keyHash: string;
  /** The key as people see it, `?` for what is folded; at most 8 KiB, then ` …`. */
  readonly query: string;
  /** "SELECT shop_book shop_author"; see summary.ts. */
  readonly summary: string;
  /** "SELECT", "CREATE" …; '' where the text starts with no word. */
  readonly command: string;
  /** Statements in the text that are not empty. */
  readonly statementCount: number;
  /** The text was longer than what is kept. */
  readonly truncated: boolean;
  /** What the caller's `analyse` made of the tokens when this key and layout were first seen. */
  readonly facts: T;
}

export interface FingerprinterOptions<T> {
  /** Called once per key and layout with the live tokens. Texts share the result: leave literals and comments alone. */
  analyse: (tokens: SqlTokens) => T;
  /**
   * True if the caller looks at the tokens of each text of this identity. For other texts a hit by skeleton leaves
   * only the comments around the statement in `tokens`. Default: always true.
   */
  readsTokens?: (identity: StatementIdentity<T>) => boolean;
  entriesMax?: number;
  bytesMax?: number;
  /** Takes the literals of each text; left out = nobody does. */
  literalHash?: LiteralHash;
}

export interface IdentifyOptions {
  /** The session has standard_conforming_strings = off. */
  backslashEscapes: boolean;
  /** Bytes left out between the head and the tail of the text; 0 = it is whole. */
  missingBytes: number;
  /** Bytes of the tail. Default: the tail that is kept of a client's text. */
  tailBytes?: number;
  /** Nobody can say what the last bytes are: what they belong to is taken as a literal without its end mark. */
  endsInDoubt?: boolean;
}

/** Strings and object of an entry beside its key and query, and room for facts. */
const ENTRY_BYTES = 768;
const LAYOUT_BYTES = 4;

export class Fingerprinter<T = undefined> {
  /** Tokens of the last text, for its comments. Of a cut text only the head is here, and the comment at its end. */
  readonly tokens = new SqlTokens();
  readonly cache: IdentityCache<StatementIdentity<T>>;
  /** Tells the literals of the last text from those of another; comments are none. */
  readonly literals = { parameterHash: 0, parameterCount: 0, parametersCut: false };
  readonly #normalizer = new Normalizer();
  readonly #analyse: (tokens: SqlTokens) => T;
  readonly #readsTokens: ((identity: StatementIdentity<T>) => boolean) | undefined;
  readonly #hash: LiteralHash | undefined;
  readonly #skeleton = new Skeleton();
  readonly #bySkeleton: SkeletonCache<StatementIdentity<T>>;

  constructor({
    analyse,
    readsTokens,
    entriesMax = limits.fingerprintCacheEntries,
    bytesMax = limits.fingerprintCacheBytes,
    literalHash,
  }: FingerprinterOptions<T>) {
    this.#analyse = analyse;
    this.#hash = literalHash?.isKeyed ? literalHash : undefined;
    this.#readsTokens = readsTokens;
    this.cache = new IdentityCache({ entriesMax, bytesMax });
    this.#bySkeleton = new SkeletonCache({
      entriesMax: limits.skeletonCacheEntries,
      bytesMax: limits.skeletonCacheBytes,
    });
  }

  /** A fingerprinter with the grammar loaded (16 ms, once per process). */
  static async load<T>(options: FingerprinterOptions<T>): Promise<Fingerprinter<T>> {
    await loadGrammar();
    return new Fingerprinter(options);
  }

  identify(text: Uint8Array, options: IdentifyOptions): StatementIdentity<T> {
    const skeleton = this.#skeleton;
    const isPlain =
      this.#readsTokens !== undefined &&
      options.missingBytes === 0 &&
      !options.backslashEscapes &&
      options.endsInDoubt !== true;
    if (!isPlain || !skeleton.read(text, this.#hash)) return this.#identify(text, options);
    if (this.#hash !== undefined) this.#keepLiterals(this.#hash, skeleton.literals, false);
    const known = this.#bySkeleton.get(skeleton);
    if (known !== undefined) {
      skeleton.keepComments(this.tokens);
      return known;
    }
    const identity = this.#lexed(text, options);
    if (!this.#readsTokens!(identity)) this.#bySkeleton.set(skeleton, identity);
    return identity;
  }

  #identify(text: Uint8Array, options: IdentifyOptions): StatementIdentity<T> {
    const identity = this.#lexed(text, options);
    if (this.#hash !== undefined) {
      const count = hashLiterals(this.tokens, this.#hash);
      this.#keepLiterals(this.#hash, count, options.missingBytes > 0 || options.endsInDoubt === true);
    }
    return identity;
  }

  #keepLiterals({ hash }: LiteralHash, count: number, cut: boolean): void {
    this.literals.parameterHash = hash;
    this.literals.parameterCount = count;
    this.literals.parametersCut = cut;
  }

  #lexed(text: Uint8Array, options: IdentifyOptions): StatementIdentity<T> {
    const truncated = options.missingBytes > 0;
    const tokens = this.tokens;
    if (truncated) this.#lexHead(text, options);
    else lex(text, tokens, options);
    if (options.endsInDoubt === true) tokens.endInDoubt();
    const normalizer = this.#normalizer;
    normalizer.normalize(tokens, { truncated });
    const { bytes, length, layout } = normalizer.key;
    bytes[length] = layout;
    bytes[length + 1] = layout >>> 8;
    bytes[length + 2] = layout >>> 16;
    bytes[length + 3] = layout >>> 24;
    const cacheKey = bytes.toString('latin1', 0, length + LAYOUT_BYTES);
    return this.cache.get(cacheKey) ?? this.#make(cacheKey, truncated);
  }

  #make(cacheKey: string, truncated: boolean): StatementIdentity<T> {
    const tokens = this.tokens;
    const made = cacheKey.slice(0, -LAYOUT_BYTES);
    const { fingerprint, key, shownKey, hash, isRead } = identityOfKey({
      key: made,
      depthMax: this.#normalizer.depthMax,
      setOperations: setOperations(tokens),
      endings: truncated ? this.#normalizer.endings : undefined,
    });
    const command = isRead ? commandOf(tokens) : verbOf(commandOf(tokens));
    const identity: StatementIdentity<T> = {
      fingerprint: interned(fingerprint),
      key,
      keyHash: hash.slice(0, 32),
      query: shownOfKey(shownKey),
      summary: isRead ? summaryOf(tokens) : command,
      command,
      statementCount: splitStatements(tokens).length,
      truncated,
      facts: this.#analyse(tokens),
    };
    this.cache.set(cacheKey, identity, ENTRY_BYTES + 2 * made.length + 2 * key.length + 2 * identity.query.length);
    return identity;
  }

  /** The missing part may have begun or ended a literal, so only a comment at the end of the tail is read. */
  #lexHead(text: Uint8Array, options: IdentifyOptions): void {
    const headEnd = Math.max(0, text.length - (options.tailBytes ?? limits.textTailBytesMax));
    lex(text.subarray(0, headEnd), this.tokens, options);
    keepTailComment(text, { headEnd, tokens: this.tokens });
  }
}

function setOperations(tokens: SqlTokens): number {
  let count = 0;
  for (let i = 0; i < tokens.count; i++) {
    const hash = tokens.hash[i];
    if (hash === W.union || hash === W.except || hash === W.intersect) count++;
  }
  return count;
}

/** Names of properties are one string each: those that differ are told apart by where they are. */
function interned(text: string): string {
  return Object.keys({ [text]: 0 })[0];
}
