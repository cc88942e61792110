// Recognises texts that SQLAlchemy's compiler could have written: Core, ORM, DDL, reflection.
// Invariant: only the form counts. A text() or a driver-level statement looks like any hand-written one and is not
// recognised here.
// Not here: what the connection shows (connection-profile.ts).

import type { Construct } from '../../../facts/verdict.js';
import { type SqlTokens, TokenKind } from '../../sql/tokens.js';
import type { Recognition } from '../shape/shape.js';
import { isKeyword, isKind, isNewline, isUpper, isWord, W } from '../shape/words.js';
import { recogniseSqlalchemyDdl } from './sqlalchemy-ddl.js';
import { SqlalchemyText } from './sqlalchemy-grammar.js';
import { isPlainName, needsQuotes } from './sqlalchemy-names.js';
import { recogniseReflection } from './sqlalchemy-reflection.js';

const readsFolded = false;
const NO: Recognition = { fit: 'no', construct: '', readsFolded };

/** `at` is the first token of the statement proper: behind EXPLAIN or DECLARE … FOR. */
export function recogniseSqlalchemy(tokens: SqlTokens, at: number): Recognition {
  const verb = tokens.hash[at];
  if (at >= tokens.count) return NO;
  const fixed = recogniseSqlalchemyDdl(tokens, at) ?? (verb === W.select ? recogniseReflection(tokens, at) : undefined);
  if (fixed !== undefined) return fixed;
  if (isNewline(tokens.gap[at]) || tokens.kind[tokens.count - 1] === TokenKind.semicolon) return NO;
  if (verb === W.select && !isUpper(tokens, at)) return sequenceCall(tokens, at);
  if (!isUpper(tokens, at) && !isKind(tokens, at, TokenKind.leftParen)) return NO;
  const text = new SqlalchemyText(tokens);
  text.walk(at, tokens.count);
  // A statement cut short by its length is judged by what there is of it.
  if (isNewline(tokens.gapAtEnd) && !tokens.unterminated) text.foreign++;
  switch (verb) {
    case W.select:
      return select(text);
    case W.with:
      return text.clauseLines > 0 ? select(text) : NO;
    case W.insert:
      return insert(text, at);
    case W.update:
      return update(text, at);
    case W.delete:
      return remove(text, at);
    default:
      return isKind(tokens, at, TokenKind.leftParen) && text.hasFrom ? select(text) : NO;
  }
}

function construct(text: SqlalchemyText): Construct {
  if (text.catalogueTables > 0 && text.otherTables === 0) return 'reflection';
  return text.ormLabels > 0 || text.sentinel ? 'orm' : '';
}

function select(text: SqlalchemyText): Recognition {
  if (text.clauseLines > 0) {
    // Words of text() inside a compiled statement do not count against it; clauses and line breaks out of place do.
    if (text.wrongLines > text.clauseLines) return NO;
    if (text.wrongLines > 0 || text.breaks > 2 * text.clauseLines)
      return { fit: 'possible', construct: construct(text), readsFolded };
    return { fit: 'sure', construct: construct(text), readsFolded };
  }
  if (text.wrongLines > 0 || text.hasFrom || text.foreign + text.breaks > 1) return NO;
  const labelled = text.anonymousLabels > 0 || text.typedBinds > 0;
  return { fit: labelled ? 'own' : 'possible', construct: '', readsFolded };
}

/** select nextval('seq'), which the dialect sends for a default. */
function sequenceCall(tokens: SqlTokens, at: number): Recognition {
  return isWord(tokens, at + 1, W.nextval) && isKind(tokens, at + 3, TokenKind.string) && at + 5 === tokens.count
    ? { fit: 'likely', construct: 'core', readsFolded }
    : NO;
}

/** t, "T", schema.t: quoted where the dialect quotes, and only there. @returns the index behind it, or -1. */
function tableName(tokens: SqlTokens, at: number): number {
  let i = at;
  for (;;) {
    if (
      isKind(tokens, i, TokenKind.word)
        ? !isPlainName(tokens, i)
        : !isKind(tokens, i, TokenKind.quotedIdentifier) || !needsQuotes(tokens, i)
    ) {
      return -1;
    }
    if (!isKind(tokens, i + 1, TokenKind.dot)) return i + 1;
    i += 2;
  }
}

/** INSERT INTO t (a, b) VALUES (…) | SELECT … | DEFAULT VALUES. */
function insert(text: SqlalchemyText, at: number): Recognition {
  const { tokens } = text;
  const behind = isKeyword(tokens, at + 1, W.into) ? tableName(tokens, at + 2) : -1;
  if (text.sentinel) return { fit: 'sure', construct: 'orm', readsFolded };
  if (behind < 0 || text.wrongLines > 0) return NO;
  if (text.foreign + text.breaks > 0) return text.clauseLines > 0 ? { fit: 'likely', construct: '', readsFolded } : NO;
  if (text.clauseLines > 0) return { fit: 'sure', construct: '', readsFolded };
  if (isKeyword(tokens, behind, W.default))
    return { fit: text.qualified > 0 ? 'own' : 'likely', construct: '', readsFolded };
  if (!isKind(tokens, behind, TokenKind.leftParen) || tokens.gap[behind] !== 1) return NO;
  for (let i = behind + 1; i < tokens.count && tokens.kind[i] !== TokenKind.rightParen; i++) {
    const kind = tokens.kind[i];
    const right = kind === TokenKind.word ? isPlainName(tokens, i) : kind === TokenKind.comma || needsQuotes(tokens, i);
    if (!right) return NO;
  }
  if (text.typedBinds > 0) return { fit: 'sure', construct: '', readsFolded };
  if (text.unqualified > 0) return NO;
  if (text.qualified > 0) return { fit: 'own', construct: '', readsFolded };
  if (text.castBinds > 0) return { fit: 'possible', construct: '', readsFolded };
  return text.bareBinds > 0 ? NO : { fit: 'likely', construct: '', readsFolded };
}

/** UPDATE t SET a=1, b=2 WHERE t.id = 3. */
function update(text: SqlalchemyText, at: number): Recognition {
  const { tokens } = text;
  const behind = tableName(tokens, at + 1);
  const target = isKeyword(tokens, behind, W.as) ? behind + 2 : behind;
  if (behind < 0 || !isKeyword(tokens, target, W.set) || text.looseAssignments > 0 || text.wrongLines > 0) return NO;
  return changed(text);
}

/** DELETE FROM t WHERE t.id = 3. */
function remove(text: SqlalchemyText, at: number): Recognition {
  const { tokens } = text;
  const behind = isKeyword(tokens, at + 1, W.from) ? tableName(tokens, at + 2) : -1;
  if (behind < 0 || text.wrongLines > 0) return NO;
  const next = tokens.hash[behind];
  if (behind < tokens.count && next !== W.where && next !== W.using && next !== W.as && next !== W.returning) return NO;
  return changed(text);
}

function changed(text: SqlalchemyText): Recognition {
  if (text.typedBinds > 0 || text.clauseLines > 0) return { fit: 'sure', construct: '', readsFolded };
  if (text.foreign + text.breaks > 0 || text.unqualified > 0) return NO;
  if (text.bareBinds > 0 && text.castBinds === 0) return NO;
  if (text.qualified > 0) return { fit: 'own', construct: '', readsFolded };
  return { fit: text.hasWhere || text.castBinds > 0 ? 'possible' : 'likely', construct: '', readsFolded };
}
