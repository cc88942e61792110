// OpenTelemetry's db.query.summary of a text: "SELECT shop_book shop_author".
// Invariants: at most SUMMARY_CHARS_MAX characters, cut between words. Targets are as written, without quotes. No
// literal is in it. Not here: parsing. A clause is known by its words, so invalid SQL gives a shorter summary, not
// an error.
// Source: OpenTelemetry semantic conventions for database spans, "Generating a summary of the query".

import { type SqlTokens, TokenKind } from '../sql/tokens.js';
import { isQueryVerb } from './command.js';
import { W } from './keywords.js';
import { nameEnd, nameText } from './names.js';
import { explainedAt } from './statement-folds.js';
import { utilitySummary } from './utility-summary.js';

const SUMMARY_CHARS_MAX = 255;

/** What one level of parentheses is about. */
interface Level {
  /** Holds a query, so that FROM starts a list of tables. EXTRACT(… FROM …) does not. */
  isQuery: boolean;
  /** In a FROM list: a comma brings another table. */
  inTables: boolean;
  /** The next name is a target. */
  expectsTarget: boolean;
  /** Between WITH and the main verb. */
  inWith: boolean;
  /** The next name is that of a common table expression. */
  expectsCte: boolean;
}

export function summaryOf(tokens: SqlTokens): string {
  const { kind, hash, count } = tokens;
  const words: string[] = [];
  const cteNames = new Set<string>();
  let level = newLevel(false);
  const outer: Level[] = [];
  let startsStatement = true;

  for (let i = 0; i < count; i++) {
    const isVerbPlace =
      startsStatement ||
      (i > 0 && kind[i - 1] === TokenKind.leftParen) ||
      (level.inWith && kind[i - 1] === TokenKind.rightParen);
    switch (kind[i]) {
      case TokenKind.leftParen: {
        outer.push(level);
        // FROM (a JOIN b …): tables go on inside.
        const goesOn = level.expectsTarget;
        level.expectsTarget = false;
        level = newLevel(goesOn);
        continue;
      }
      case TokenKind.rightParen:
        level = outer.pop() ?? newLevel(false);
        break;
      case TokenKind.semicolon:
        if (outer.length === 0) {
          level = newLevel(false);
          startsStatement = true;
          continue;
        }
        break;
      case TokenKind.comma:
        if (level.inTables) level.expectsTarget = true;
        if (level.inWith) level.expectsCte = true;
        break;
      case TokenKind.quotedIdentifier:
      case TokenKind.word: {
        if (startsStatement && hash[i] === W.explain) {
          words.push('EXPLAIN');
          i = explainedAt(tokens, { first: i, count }) - 1;
          continue;
        }
        if (startsStatement && hash[i] === W.declare) words.push('DECLARE');
        else if (startsStatement && kind[i] === TokenKind.word && hash[i] !== W.with && !isQueryVerb(hash[i])) {
          i = utilitySummary(tokens, { at: i, words }) - 1;
          break;
        }
        if (!keyword(tokens, { at: i, level, words, isVerbPlace })) {
          const end = nameEnd(tokens, i);
          const name = nameText(tokens, { at: i, end });
          if (level.expectsCte) {
            cteNames.add(name.toLowerCase());
            level.expectsCte = false;
          } else if (level.expectsTarget) {
            const isFunction = kind[end] === TokenKind.leftParen && !isInsertTarget(words);
            if (!isFunction && !cteNames.has(name.toLowerCase())) words.push(name);
            level.expectsTarget = false;
          }
          i = end - 1;
        }
        break;
      }
      default:
        level.expectsTarget = false;
    }
    startsStatement = false;
  }
  return joined(words);
}

/** Where a word stands, and the summary so far. */
interface WordPlace {
  readonly at: number;
  readonly level: Level;
  readonly words: string[];
  /** The verb of a statement may stand here. */
  readonly isVerbPlace: boolean;
}

/** Takes in a keyword; false when the word is a name (or a keyword that says nothing here). */
function keyword(tokens: SqlTokens, { at, level, words, isVerbPlace }: WordPlace): boolean {
  const { hash } = tokens;
  switch (hash[at]) {
    case W.select:
      words.push('SELECT');
      level.isQuery = true;
      level.inWith = false;
      level.expectsCte = false;
      return endTables(level);
    case W.with:
      if (isVerbPlace) {
        level.inWith = true;
        level.expectsCte = true;
      }
      return true;
    case W.insert:
    case W.update:
    case W.delete:
    case W.merge:
      if (!isVerbPlace) return true;
      words.push(tokens.text(at).toUpperCase());
      level.isQuery = true;
      level.inWith = false;
      level.expectsTarget = hash[at] === W.update;
      return true;
    case W.into:
      level.expectsTarget = level.isQuery;
      return true;
    case W.from:
      if (!level.isQuery || (at > 0 && hash[at - 1] === W.distinct)) return true;
      level.inTables = true;
      level.expectsTarget = true;
      return true;
    case W.using:
      // DELETE … USING, MERGE … USING; a join's USING is followed by a parenthesis.
      if (level.isQuery && tokens.kind[at + 1] !== TokenKind.leftParen) {
        level.inTables = true;
        level.expectsTarget = true;
      }
      return true;
    case W.join:
      level.expectsTarget = level.isQuery;
      return true;
    case W.only:
    case W.lateral:
    case W.recursive:
      return true;
    case W.where:
    case W.set:
    case W.group:
    case W.having:
    case W.window:
    case W.order:
    case W.limit:
    case W.offset:
    case W.fetch:
    case W.for:
    case W.union:
    case W.intersect:
    case W.except:
    case W.returning:
    case W.values:
    case W.when:
      return endTables(level);
    default:
      return false;
  }
}

function endTables(level: Level): true {
  level.inTables = false;
  level.expectsTarget = false;
  return true;
}

function newLevel(goesOnWithTables: boolean): Level {
  return {
    isQuery: goesOnWithTables,
    inTables: goesOnWithTables,
    expectsTarget: goesOnWithTables,
    inWith: false,
    expectsCte: false,
  };
}

/** INSERT INTO t (a, b): the parenthesis after the name holds columns. */
function isInsertTarget(words: readonly string[]): boolean {
  const last = words[words.length - 1];
  return last === 'INSERT' || last === 'MERGE';
}

function joined(words: readonly string[]): string {
  let summary = '';
  for (const word of words) {
    if (summary.length + 1 + word.length > SUMMARY_CHARS_MAX) break;
    summary = summary === '' ? word : `${summary} ${word}`;
  }
  return summary;
}
