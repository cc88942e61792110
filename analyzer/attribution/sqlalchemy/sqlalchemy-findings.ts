// Counts what a walk over a text finds of SQLAlchemy's compiler and of other writers.
// Invariant: counts only. Not here: finding them (sqlalchemy-grammar.ts) and weighing them (recognise-sqlalchemy.ts).

export class SqlalchemyFindings {
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
  /** $1::integer: so the asyncpg dialect of 1.4 writes what it compiled, text() never; people write it too. */
  castBinds = 0;
  /** $1, also in a compiled statement of 1.4, where the dialect knows no type for it. */
  bareBinds = 0;
  /** AS imp_sen: INSERT of many rows with RETURNING in their order (2.x). */
  sentinel = false;
  /** SET a=1, as the compiler spaces assignments; with blanks it is another hand. */
  tightAssignments = 0;
  looseAssignments = 0;
  /** Columns with their table, and without, behind WHERE and RETURNING. */
  qualified = 0;
  unqualified = 0;
  /** Tables behind FROM that are the server's own (pg_catalog.…), and others. */
  catalogueTables = 0;
  otherTables = 0;
  hasFrom = false;
  hasWhere = false;
}
