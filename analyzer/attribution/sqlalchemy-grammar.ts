// Walks a text by the rules of SQLAlchemy's compiler: where it breaks lines, how it spaces, when it quotes, what it qualifies.
// Invariant: one pass over the tokens with a stack of parentheses; ends on every input.
// Not here: what the findings mean (recognise-sqlalchemy.ts), DDL (sqlalchemy-ddl.ts).
// Source: SQLCompiler.visit_select, _compose_select_body, visit_cte, visit_insert, visit_update, visit_delete, limit_clause in
// sqlalchemy/sql/compiler.py and dialects/postgresql/base.py of 1.4 to 2.1.

import { Gap, type SqlTokens, TokenKind } from '../sql/tokens.js';
import { isPlainName, needsQuotes } from './sqlalchemy-names.js';
import { hashSet, isKeyword, isKind, isLower, isNewline, isUpper, isWord, startsWith, W } from './words.js';

const DEPTH_MAX = 128;

/** What a parenthesis, or the whole text, holds. */
const Frame = { plain: 0, call: 1, select: 2, insert: 3, update: 4, remove: 5, names: 6 } as const;

/** Keywords that are the compiler's in upper case; in lower case they come out of a text(). */
const KEYWORDS = hashSet(`
  select from where and or not as in is null join left right outer inner full cross on group by having order limit offset union
  except intersect all distinct between like ilike case when then else end exists cast over partition asc desc nulls first last
  for update set values into insert delete returning with recursive lateral only using conflict do nothing default similar to
  escape filter within rows range unbounded preceding following current row natural any collate fetch next ties extract
`);

export class SqlalchemyText {
  readonly tokens: SqlTokens;
  /** FROM, WHERE, HAVING and LIMIT on lines of their own, as only this compiler sets them. */
  clauseLines = 0;
  /** Clause keywords that stand otherwise. */
  wrongLines = 0;
  /** Line breaks where the compiler makes none. */
  breaks = 0;
  /** Lower-case keywords, quoting and spacing the compiler does not produce. */
  foreign = 0;
  /** t.c AS t_c, as Query and the ORM's loaders label columns. */
  ormLabels = 0;
  /** AS count_1, anon_1, param_1. */
  anonymousLabels = 0;
  /** $1::INTEGER: a bind with the type in SQLAlchemy's spelling. */
  typedBinds = 0;
  bareBinds = 0;
  /** AS imp_sen: INSERT of many rows with RETURNING in their order (2.x). */
  sentinel = false;
  /** SET a=1, as the compiler spaces assignments; with blanks it is another hand. */
  tightAssignments = 0;
  looseAssignments = 0;
  /** Columns with their table, and without, behind WHERE and RETURNING. */
  qualified = 0;
  unqualified = 0;
  hasFrom = false;
  hasWhere = false;

  #frames = new Uint8Array(DEPTH_MAX);
  #depth = 0;
  /** Inside WHERE or RETURNING of a DML statement: names there are qualified. */
  #conditions = false;
  #assigning = false;
  #brackets = 0;

  constructor(tokens: SqlTokens) {
    this.tokens = tokens;
  }

  walk(at: number, end: number): void {
    const { tokens } = this;
    this.#frames[0] = Frame.plain;
    for (let i = at; i < end; i++) {
      const kind = tokens.kind[i];
      if (kind === TokenKind.word) this.#word(i, at);
      else {
        if (i > at && kind !== TokenKind.leftParen) this.#gap(i);
        if (kind === TokenKind.leftParen) this.#open(i);
        else if (kind === TokenKind.rightParen) this.#close();
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

  #frame(): number {
    return this.#frames[Math.min(this.#depth, DEPTH_MAX - 1)];
  }

  #enter(frame: number): void {
    this.#frames[Math.min(this.#depth, DEPTH_MAX - 1)] = frame;
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
    const inherits = this.#frame() === Frame.insert ? Frame.names : Frame.plain;
    if (this.#depth < DEPTH_MAX) this.#depth++;
    this.#enter(isCall ? Frame.call : inherits);
  }

  #close(): void {
    if (this.#depth > 0) this.#depth--;
  }

  #word(i: number, first: number): void {
    const { tokens } = this;
    const hash = tokens.hash[i];
    const gap = tokens.gap[i];
    const frame = this.#frame();
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
    switch (hash) {
      case W.select:
        // The statement behind its CTEs stands on a line of its own.
        if (i > first && isNewline(gap) && !isKind(tokens, i - 1, TokenKind.rightParen)) this.foreign++;
        this.#enter(Frame.select);
        return;
      case W.insert:
        this.#enter(Frame.insert);
        this.#behindCte(i, first);
        return;
      case W.update:
        if (!isWord(tokens, i - 1, W.for) && !isWord(tokens, i - 1, W.do)) {
          this.#enter(Frame.update);
          this.#behindCte(i, first);
          return;
        }
        this.#gap(i);
        return;
      case W.delete:
        this.#enter(Frame.remove);
        this.#behindCte(i, first);
        return;
      case W.from:
        this.#from(i, frame);
        return;
      case W.where:
        this.hasWhere = true;
        this.#assigning = false;
        if (frame === Frame.select) {
          this.#line(gap === Gap.spaceNewline);
          return;
        }
        this.#conditions = frame === Frame.update || frame === Frame.remove;
        this.#gap(i);
        return;
      case W.having:
        this.#line(gap === Gap.spaceNewline);
        return;
      case W.limit:
        // Without a limit an offset is written `\n LIMIT ALL OFFSET`.
        this.#line(gap === Gap.spaceNewlineSpace || (isNewline(gap) && isKeyword(tokens, i + 1, W.all)));
        return;
      case W.offset:
        if (gap === Gap.spaceNewlineSpace) {
          this.#line(true);
          return;
        }
        this.#gap(i);
        return;
      case W.fetch:
        if (isNewline(gap)) return;
        this.#gap(i);
        return;
      case W.set:
        this.#assigning = frame === Frame.update;
        this.#gap(i);
        return;
      case W.returning:
        this.#assigning = false;
        this.#conditions = true;
        this.#gap(i);
        return;
      case W.as:
        this.#alias(i);
        this.#gap(i);
        return;
      default:
        if (i > first) this.#gap(i);
    }
  }

  #behindCte(i: number, first: number): void {
    if (i > first && isNewline(this.tokens.gap[i]) && !isKind(this.tokens, i - 1, TokenKind.rightParen)) this.foreign++;
  }

  #line(right: boolean): void {
    if (right) this.clauseLines++;
    else this.wrongLines++;
  }

  #from(i: number, frame: number): void {
    const { tokens } = this;
    this.#assigning = false;
    // IS DISTINCT FROM, EXTRACT(… FROM …), DELETE FROM, UPDATE … FROM.
    const inline = frame !== Frame.select || (isWord(tokens, i - 1, W.distinct) && !isWord(tokens, i - 2, W.select));
    if (inline) {
      this.#gap(i);
      return;
    }
    this.hasFrom = true;
    this.#line(tokens.gap[i] === Gap.spaceNewline);
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
    if (isKind(tokens, i - 2, TokenKind.dot) && labelOf(tokens, { table: i - 3, column: i - 1, label: name }))
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
    return startsWith(tokens, i, 'true') || startsWith(tokens, i, 'false') || isWord(tokens, i, W.excluded);
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
    if (this.#assigning && this.#frame() === Frame.update) {
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
    this.#enter(Frame.plain);
  }

  #parameter(i: number): void {
    const { tokens } = this;
    if (isKind(tokens, i + 1, TokenKind.cast) && isKind(tokens, i + 2, TokenKind.word) && isUpper(tokens, i + 2)) {
      this.typedBinds++;
    } else this.bareBinds++;
  }
}

/** `label` is `table` + "_" + `column`, whichever of them are quoted. */
function labelOf(tokens: SqlTokens, part: { table: number; column: number; label: number }): boolean {
  const bare = (index: number) => tokens.text(index).replaceAll('"', '');
  const wanted = `${bare(part.table)}_${bare(part.column)}`;
  return bare(part.label) === wanted || bare(part.label).startsWith(`${wanted}_`);
}
