// Walks a text by the rules of SQLAlchemy's compiler: line breaks, spacing, quoting, qualification.
// Invariant: one pass over the tokens with a stack of parentheses; ends on every input.
// Not here: what the findings mean (recognise-sqlalchemy.ts), DDL (sqlalchemy-ddl.ts).
// Source: SQLCompiler.visit_select, _compose_select_body, visit_cte, visit_insert, visit_update, visit_delete,
// limit_clause in
// sqlalchemy/sql/compiler.py and dialects/postgresql/base.py of 1.4 to 2.1.

import { Gap, type SqlTokens, TokenKind } from '../../sql/tokens.js';
import { isKeyword, isKind, isLower, isNewline, isText, isUpper, isWord, W } from '../shape/words.js';
import { Frame, Frames } from './sqlalchemy-brackets.js';
import { SqlalchemyFindings } from './sqlalchemy-findings.js';
import { isOrmLabel, isPlainName, KEYWORDS, needsQuotes } from './sqlalchemy-names.js';

export class SqlalchemyText extends SqlalchemyFindings {
  readonly tokens: SqlTokens;
  readonly #frames = new Frames();
  /** Inside WHERE or RETURNING of a DML statement: names there are qualified. */
  #conditions = false;
  #assigning = false;
  #brackets = 0;

  constructor(tokens: SqlTokens) {
    super();
    this.tokens = tokens;
  }

  walk(at: number, end: number): void {
    const { tokens } = this;
    for (let i = at; i < end; i++) {
      const kind = tokens.kind[i];
      if (kind === TokenKind.word) this.#word(i, at);
      else {
        if (i > at && kind !== TokenKind.leftParen) this.#gap(i);
        if (kind === TokenKind.leftParen) this.#open(i);
        else if (kind === TokenKind.rightParen) this.#frames.close();
        else if (kind === TokenKind.quotedIdentifier) this.#quoted(i);
        else if (kind === TokenKind.operator) this.#operator(i);
        else if (kind === TokenKind.comma) this.#comma(i);
        else if (kind === TokenKind.parameter) this.#parameter(i);
        else if (kind === TokenKind.leftBracket) this.#brackets++;
        else if (kind === TokenKind.rightBracket) this.#brackets--;
        else if (kind === TokenKind.semicolon) this.#semicolon(i);
      }
    }
  }

  #gap(i: number): void {
    if (isNewline(this.tokens.gap[i]) || this.tokens.gap[i] === Gap.tab) this.breaks++;
    else if (this.tokens.gap[i] === Gap.spaces && this.tokens.kind[i] === TokenKind.word) this.foreign++;
  }

  #open(i: number): void {
    const { tokens } = this;
    // WITH c AS \n(SELECT …
    if (isNewline(tokens.gap[i])) {
      if (
        tokens.gap[i] === Gap.spaceNewline &&
        (isWord(tokens, i - 1, W.as) || isWord(tokens, i - 1, W.materialized))
      ) {
        this.clauseLines++;
      } else this.foreign++;
    }
    const isCall = tokens.gap[i] === Gap.none && tokens.kind[i - 1] === TokenKind.word;
    const inherits = this.#frames.current === Frame.insert ? Frame.names : Frame.plain;
    this.#frames.open(isCall ? Frame.call : inherits);
  }

  #word(i: number, first: number): void {
    const { tokens } = this;
    const hash = tokens.hash[i];
    const gap = tokens.gap[i];
    const frame = this.#frames.current;
    // A name may be spelled like a keyword that is not reserved: values, range, first.
    if (!KEYWORDS.has(hash) || isKind(tokens, i - 1, TokenKind.dot) || isPlainName(tokens, i)) {
      this.#name(i, first);
      return;
    }
    if (!isUpper(tokens, i)) {
      this.foreign += 2;
      if (hash === W.from) this.wrongLines++;
      return;
    }
    if (this.#startsStatement(i)) {
      // A statement behind its CTEs stands on a line of its own.
      if (i > first && isNewline(gap) && !isKind(tokens, i - 1, TokenKind.rightParen)) this.foreign++;
      return;
    }
    if (this.#hasOwnLine(i, frame)) return;
    if (hash === W.where) {
      this.hasWhere = true;
      this.#assigning = false;
      this.#conditions = frame === Frame.update || frame === Frame.remove;
    } else if (hash === W.set) {
      this.#assigning = frame === Frame.update;
    } else if (hash === W.returning) {
      this.#assigning = false;
      this.#conditions = true;
    } else if (hash === W.as) this.#alias(i);
    if (i > first) this.#gap(i);
  }

  #startsStatement(i: number): boolean {
    const { tokens } = this;
    switch (tokens.hash[i]) {
      case W.select:
        this.#frames.become(Frame.select);
        return true;
      case W.insert:
        this.#frames.become(Frame.insert);
        return true;
      case W.delete:
        this.#frames.become(Frame.remove);
        return true;
      case W.update:
        // FOR UPDATE, DO UPDATE.
        if (isWord(tokens, i - 1, W.for) || isWord(tokens, i - 1, W.do)) return false;
        this.#frames.become(Frame.update);
        return true;
      default:
        return false;
    }
  }

  /** Clauses of SELECT that the compiler puts on lines of their own; judges whether this one is. */
  #hasOwnLine(i: number, frame: number): boolean {
    const { tokens } = this;
    const gap = tokens.gap[i];
    switch (tokens.hash[i]) {
      case W.from:
        return this.#from(i, frame);
      case W.where:
        if (frame !== Frame.select) return false;
        this.hasWhere = true;
        this.#line(gap === Gap.spaceNewline);
        return true;
      case W.having:
        this.#line(gap === Gap.spaceNewline);
        return true;
      case W.limit:
        // Without a limit an offset is written `\n LIMIT ALL OFFSET`.
        this.#line(gap === Gap.spaceNewlineSpace || (isNewline(gap) && isKeyword(tokens, i + 1, W.all)));
        return true;
      case W.offset:
        if (gap !== Gap.spaceNewlineSpace) return false;
        this.#line(true);
        return true;
      case W.fetch:
        return isNewline(gap);
      default:
        return false;
    }
  }

  #line(right: boolean): void {
    if (right) this.clauseLines++;
    else this.wrongLines++;
  }

  #from(i: number, frame: number): boolean {
    const { tokens } = this;
    this.#assigning = false;
    // IS DISTINCT FROM, EXTRACT(… FROM …), DELETE FROM, UPDATE … FROM.
    if (frame !== Frame.select || (isWord(tokens, i - 1, W.distinct) && !isWord(tokens, i - 2, W.select))) return false;
    this.hasFrom = true;
    this.#line(tokens.gap[i] === Gap.spaceNewline);
    if (isWord(tokens, i + 1, W.pg_catalog) && isKind(tokens, i + 2, TokenKind.dot)) this.catalogueTables++;
    else if (!isKind(tokens, i + 1, TokenKind.leftParen)) this.otherTables++;
    return true;
  }

  /** AS anon_1, AS count_1, t.c AS t_c. */
  #alias(i: number): void {
    const { tokens } = this;
    const name = i + 1;
    if (isWord(tokens, name, W.imp_sen)) this.sentinel = true;
    if (!isKind(tokens, name, TokenKind.word) && !isKind(tokens, name, TokenKind.quotedIdentifier)) return;
    const last = tokens.end[name] - 1 - (tokens.kind[name] === TokenKind.quotedIdentifier ? 1 : 0);
    const digit = tokens.bytes[last];
    if (digit >= 48 && digit <= 57 && tokens.bytes[last - 1] === 95 && isPlainName(tokens, name))
      this.anonymousLabels++;
    if (isKind(tokens, i - 2, TokenKind.dot) && isOrmLabel(tokens, { table: i - 3, column: i - 1, label: name }))
      this.ormLabels++;
  }

  #name(i: number, first: number): void {
    const { tokens } = this;
    if (i > first) {
      // The second CTE: `, \nc2 AS`.
      const gap = tokens.gap[i];
      const nextCte = gap === Gap.spaceNewline && isKind(tokens, i - 1, TokenKind.comma);
      if (nextCte) this.clauseLines++;
      else this.#gap(i);
    }
    const next = i + 1 < tokens.count ? tokens.kind[i + 1] : 0;
    if (next === TokenKind.leftParen || tokens.kind[i - 1] === TokenKind.cast) return;
    if (!this.#conditions || tokens.kind[i - 1] === TokenKind.dot) return;
    if (next === TokenKind.dot) this.qualified++;
    else if (isLower(tokens, i) && !isKeyword(tokens, i - 1, W.as) && !this.#isLiteral(i)) this.unqualified++;
  }

  /** true, false, null and the words of type names. */
  #isLiteral(i: number): boolean {
    const { tokens } = this;
    return isText(tokens, i, 'true') || isText(tokens, i, 'false') || isWord(tokens, i, W.excluded);
  }

  #quoted(i: number): void {
    const { tokens } = this;
    if (!needsQuotes(tokens, i)) this.foreign++;
    if (this.#conditions && isKind(tokens, i + 1, TokenKind.dot)) this.qualified++;
  }

  #operator(i: number): void {
    const { tokens } = this;
    if (tokens.bytes[tokens.start[i]] !== 0x3d || tokens.end[i] - tokens.start[i] > 1) return;
    const tight = tokens.gap[i] === Gap.none && i + 1 < tokens.count && tokens.gap[i + 1] === Gap.none;
    if (this.#assigning && this.#frames.current === Frame.update) {
      if (tight) this.tightAssignments++;
      else this.looseAssignments++;
    } else if (tokens.gap[i] === Gap.none || (i + 1 < tokens.count && tokens.gap[i + 1] === Gap.none)) this.foreign++;
  }

  #comma(i: number): void {
    const { tokens } = this;
    if (tokens.gap[i] !== Gap.none) this.foreign++;
    if (i + 1 >= tokens.count || tokens.gap[i + 1] === Gap.space || this.#brackets > 0) return;
    // execute_values of psycopg2 joins rows as ),( and arrays are [1,2].
    const rows = isKind(tokens, i - 1, TokenKind.rightParen) && isKind(tokens, i + 1, TokenKind.leftParen);
    if (!rows && tokens.gap[i + 1] === Gap.none) this.foreign++;
  }

  /** execute_batch of psycopg2 joins equal statements with nothing around the semicolon. */
  #semicolon(i: number): void {
    const { tokens } = this;
    if (tokens.gap[i] !== Gap.none || i + 1 >= tokens.count || tokens.gap[i + 1] !== Gap.none) this.foreign += 2;
    this.#conditions = false;
    this.#frames.become(Frame.plain);
  }

  #parameter(i: number): void {
    const { tokens } = this;
    if (!isKind(tokens, i + 1, TokenKind.cast) || !isKind(tokens, i + 2, TokenKind.word)) this.bareBinds++;
    else if (isUpper(tokens, i + 2)) this.typedBinds++;
    else this.castBinds++;
  }
}
