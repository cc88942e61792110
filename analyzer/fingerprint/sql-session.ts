// Names given in SQL (PREPARE, DECLARE CURSOR), and whose they are at EXECUTE, FETCH and MOVE.
// Invariants: per session at most NAMES_MAX prepared statements and as many cursors; the oldest is forgotten first.
// Where the definition was not seen (an observer that came later) the owner is undefined, never guessed.
// Not here: names of the protocol's Parse and Bind (the relay follows those); what an owner counts as
// (analyzer/texts/statement-texts.ts).
// Source of the forms: PostgreSQL's reference pages of PREPARE, EXECUTE, DEALLOCATE, DECLARE, FETCH, MOVE, CLOSE,
// DISCARD.

import { type SqlTokens, TokenKind } from '../sql/tokens.js';
import type { Fingerprinter, IdentifyOptions, StatementIdentity } from './fingerprint.js';
import { W } from './keywords.js';

export const NAMES_MAX = 1_000;
/** PostgreSQL cuts names here (NAMEDATALEN - 1); in characters, which is never less. */
const NAME_CHARS_MAX = 63;

/** Commands that use or give names. Only for these is nameUseOf() worth a call. */
export const NAMING_COMMANDS: ReadonlySet<string> = new Set([
  'PREPARE',
  'EXECUTE',
  'DEALLOCATE',
  'DECLARE',
  'FETCH',
  'MOVE',
  'CLOSE',
  'DISCARD',
]);

export interface NameUse {
  does: 'define' | 'use' | 'forget';
  /** Prepared statements and cursors are apart in SQL, too. */
  of: 'prepared' | 'cursor';
  /** As PostgreSQL knows it: lower case unless quoted. '' = all. */
  name: string;
  /** First byte of the body of a definition; -1 for others. */
  bodyStart: number;
}

/** The use of a name in the first statement of the text; undefined if it has none. */
export function nameUseOf(tokens: SqlTokens): NameUse | undefined {
  const { hash, count } = tokens;
  let end = 0;
  while (end < count && tokens.kind[end] !== TokenKind.semicolon) end++;
  const isAll = hash[end - 1] === W.all && end === 2;
  switch (hash[0]) {
    case W.prepare:
      return hash[1] === W.transaction ? undefined : definition(tokens, { of: 'prepared', before: W.as, end });
    case W.declare:
      return definition(tokens, { of: 'cursor', before: W.for, end });
    case W.execute:
      return named(tokens, { does: 'use', of: 'prepared', at: 1, end });
    case W.fetch:
    case W.move:
      return named(tokens, { does: 'use', of: 'cursor', at: end - 1, end });
    case W.close:
      return isAll ? forgetAll('cursor') : named(tokens, { does: 'forget', of: 'cursor', at: 1, end });
    case W.deallocate:
      if (hash[end - 1] === W.all) return forgetAll('prepared');
      return named(tokens, { does: 'forget', of: 'prepared', at: end - 1, end });
    case W.discard:
      return isAll ? forgetAll('prepared') : undefined;
    default:
      return undefined;
  }
}

export class SqlNames<T = unknown> {
  readonly #prepared = new Map<string, StatementIdentity<T>>();
  readonly #cursors = new Map<string, StatementIdentity<T>>();

  /**
   * Follows one statement that the server ran without an error. Returns its owner: for EXECUTE the prepared body, for
   * FETCH and MOVE the cursor's query, else undefined. Call it right after `fingerprinter` identified `text`, which
   * holds this statement alone; after a definition `fingerprinter.tokens` are those of the body.
   */
  follow(
    text: Uint8Array,
    fingerprinter: Fingerprinter<T>,
    options: IdentifyOptions,
  ): StatementIdentity<T> | undefined {
    const use = nameUseOf(fingerprinter.tokens);
    if (use === undefined) return undefined;
    const names = use.of === 'prepared' ? this.#prepared : this.#cursors;
    if (use.does === 'use') return names.get(use.name);
    if (use.name === '') names.clear();
    else names.delete(use.name);
    if (use.does === 'forget') return undefined;
    names.set(use.name, fingerprinter.identify(text.subarray(use.bodyStart), options));
    if (names.size > NAMES_MAX) names.delete(names.keys().next().value as string);
    return undefined;
  }

  /** Owner of an EXECUTE, FETCH or MOVE that failed. Changes nothing. */
  ownerOf(tokens: SqlTokens): StatementIdentity<T> | undefined {
    const use = nameUseOf(tokens);
    if (use === undefined || use.does !== 'use') return undefined;
    return (use.of === 'prepared' ? this.#prepared : this.#cursors).get(use.name);
  }

  get size(): number {
    return this.#prepared.size + this.#cursors.size;
  }
}

function definition(
  tokens: SqlTokens,
  { of, before, end }: { of: NameUse['of']; before: number; end: number },
): NameUse | undefined {
  for (let at = 2; at < end; at++) {
    if (tokens.hash[at] !== before) continue;
    const use = named(tokens, { does: 'define', of, at: 1, end });
    return use === undefined ? undefined : { ...use, bodyStart: tokens.end[at] };
  }
  return undefined;
}

function named(
  tokens: SqlTokens,
  { does, of, at, end }: { does: NameUse['does']; of: NameUse['of']; at: number; end: number },
): NameUse | undefined {
  if (at < 1 || at >= end) return undefined;
  const kind = tokens.kind[at];
  if (kind !== TokenKind.word && kind !== TokenKind.quotedIdentifier) return undefined;
  const text = tokens.text(at);
  const name = kind === TokenKind.word ? text.toLowerCase() : text.slice(1, -1).replaceAll('""', '"');
  return name === '' ? undefined : { does, of, name: name.slice(0, NAME_CHARS_MAX), bodyStart: -1 };
}

function forgetAll(of: NameUse['of']): NameUse {
  return { does: 'forget', of, name: '', bodyStart: -1 };
}
