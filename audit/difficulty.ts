// Says of one statement what makes it hard to move, from its parse tree.
// Invariant: a category is there because a node of the tree shows it; a text that the grammar refuses has none.
// Not here: the words for each category (ways.ts), parsing (analyzer/fingerprint/grammar.ts).

export const CATEGORIES = [
  'window',
  'window-frame',
  'cte',
  'recursive-cte',
  'writing-cte',
  'join-off-keys',
  'lateral',
  'set-operation',
  'database-function',
  'stored-function',
  'subquery',
  'aggregate-filter',
  'grouping-sets',
  'distinct-on',
  'json',
  'full-text',
  'upsert',
  'update-from',
  'delete-using',
  'locking',
  'materialised-view',
  'temporary-table',
  'copy',
  'schema-change',
  'not-parsed',
] as const;
export type Category = (typeof CATEGORIES)[number];

type Node = Readonly<Record<string, unknown>>;

/** PostgreSQL's own functions that Django has a class for, or that its expressions write. */
const DJANGO_KNOWS: ReadonlySet<string> = new Set(
  (
    'count sum avg min max abs ceil ceiling coalesce concat concat_ws date_trunc exp extract date_part floor greatest least ' +
    'left length char_length lower lpad ltrim md5 mod now nullif power radians random replace repeat reverse right round ' +
    'rpad rtrim sign sqrt strpos substring substr trim btrim upper statement_timestamp stddev_pop stddev_samp var_pop ' +
    'var_samp variance stddev row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value ' +
    'nth_value position degrees ln log sin cos tan cot atan atan2 acos asin pi timezone'
  ).split(' '),
);
const JSON_FUNCTION = /^(?:json|jsonb|to_json|to_jsonb|row_to_json)(?:_|$)/;
const TEXT_SEARCH: ReadonlySet<string> = new Set(
  'to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery ts_rank ts_rank_cd ts_headline similarity'.split(
    ' ',
  ),
);
/** Of the server, with no class in Django: a Func of one's own calls them. */
const SERVER_FUNCTION =
  /^(?:array_|string_agg$|bool_|bit_|every$|regexp_|generate_series$|unnest$|to_char$|to_date$|to_timestamp$|age$|percentile_|mode$|pg_|current_setting$|set_config$|gen_random_uuid$|split_part$|format$|initcap$|translate$|encode$|decode$|digest$|sha\d|make_|justify_|width_bucket$|corr$|covar_|regr_|cardinality$|nextval$|currval$|lastval$|setval$|txid_|hashtext|ascii$|chr$|quote_|overlay$|trunc$|div$|date$|text$|jsonb?_|xml|ts_|setweight$|st_|any_value$|lower_inc$|upper_inc$|range_|int4range$|tstzrange$|daterange$|numrange$|clock_timestamp$|transaction_timestamp$)/;
const JSON_OPERATORS: ReadonlySet<string> = new Set([
  '->',
  '->>',
  '#>',
  '#>>',
  '@>',
  '<@',
  '@?',
  '@@',
  '?',
  '?|',
  '?&',
]);

/** `tree`: what libpg-query's parse gives, or null. */
export function categoriesOf(tree: unknown): Category[] {
  if (tree === null) return ['not-parsed'];
  const found = new Set<Category>();
  visit(tree, found);
  return CATEGORIES.filter((category) => found.has(category));
}

type Found = Set<Category>;

function visit(value: unknown, found: Found): void {
  if (Array.isArray(value)) {
    for (const one of value) visit(one, found);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value as Node)) {
    if (typeof inner !== 'object' || inner === null) continue;
    const rule = RULES[name];
    if (rule !== undefined) rule(inner as Node, found);
    visit(inner, found);
  }
}

const RULES: Readonly<Record<string, (node: Node, found: Found) => void>> = {
  SelectStmt: selected,
  FuncCall: called,
  // Fields whose node has one type only are named by the field, not by the type.
  withClause(node, found) {
    found.add(node.recursive === true ? 'recursive-cte' : 'cte');
  },
  CommonTableExpr(node, found) {
    const query = Object.keys((node.ctequery ?? {}) as Node)[0];
    if (query !== undefined && query !== 'SelectStmt') found.add('writing-cte');
  },
  JoinExpr(node, found) {
    if (node.quals !== undefined && !joinsKeys(node.quals)) found.add('join-off-keys');
  },
  RangeSubselect(node, found) {
    found.add(node.lateral === true ? 'lateral' : 'subquery');
  },
  RangeFunction(node, found) {
    if (node.lateral === true) found.add('lateral');
  },
  SubLink(_, found) {
    found.add('subquery');
  },
  WindowDef: windowed,
  over: windowed,
  GroupingSet(_, found) {
    found.add('grouping-sets');
  },
  InsertStmt(node, found) {
    if (node.onConflictClause !== undefined) found.add('upsert');
  },
  MergeStmt(_, found) {
    found.add('upsert');
  },
  UpdateStmt(node, found) {
    if (node.fromClause !== undefined) found.add('update-from');
  },
  DeleteStmt(node, found) {
    if (node.usingClause !== undefined) found.add('delete-using');
  },
  CopyStmt(_, found) {
    found.add('copy');
  },
  CallStmt(_, found) {
    found.add('stored-function');
  },
  RefreshMatViewStmt(_, found) {
    found.add('materialised-view');
  },
  CreateTableAsStmt(node, found) {
    found.add(node.objtype === 'OBJECT_MATVIEW' ? 'materialised-view' : 'schema-change');
  },
  RangeVar: named,
  relation: named,
  rel: named,
  A_Expr(node, found) {
    if (JSON_OPERATORS.has(nameOf(node.name))) found.add(nameOf(node.name) === '@@' ? 'full-text' : 'json');
  },
  ...Object.fromEntries(
    'CreateStmt AlterTableStmt IndexStmt ViewStmt CreateFunctionStmt DropStmt TruncateStmt CreateTrigStmt'
      .split(' ')
      .map((name) => [name, (_: Node, found: Found) => void found.add('schema-change')]),
  ),
};

function named(node: Node, found: Found): void {
  if (node.relpersistence === 't') found.add('temporary-table');
}

function selected(node: Node, found: Found): void {
  if (node.op !== undefined && node.op !== 'SETOP_NONE') found.add('set-operation');
  if (node.lockingClause !== undefined) found.add('locking');
  if (Array.isArray(node.distinctClause) && Object.keys((node.distinctClause[0] ?? {}) as Node).length > 0) {
    found.add('distinct-on');
  }
  // FROM a, b WHERE …: a join that is not written as one.
  const isJoin = Array.isArray(node.fromClause) && node.fromClause.length > 1;
  if (isJoin && !(node.whereClause !== undefined && joinsKeys(node.whereClause))) found.add('join-off-keys');
}

function called(node: Node, found: Found): void {
  const name = nameOf(node.funcname);
  if (node.over !== undefined) found.add('window');
  if (node.agg_filter !== undefined) found.add('aggregate-filter');
  if (TEXT_SEARCH.has(name)) found.add('full-text');
  else if (JSON_FUNCTION.test(name)) found.add('json');
  else if (DJANGO_KNOWS.has(name)) return;
  else found.add(SERVER_FUNCTION.test(name) ? 'database-function' : 'stored-function');
}

/** Frames other than the usual RANGE UNBOUNDED PRECEDING have further bits set; see FRAMEOPTION in parsenodes.h. */
const FRAMEOPTION_NONDEFAULT = 1;

function windowed(node: Node, found: Found): void {
  found.add('window');
  if (((node.frameOptions as number | undefined) ?? 0) & FRAMEOPTION_NONDEFAULT) found.add('window-frame');
}

/** a.x_id = b.id, also as a part of AND. */
function joinsKeys(quals: unknown): boolean {
  const node = quals as { A_Expr?: Node; BoolExpr?: Node };
  if (node.BoolExpr?.boolop === 'AND_EXPR') return (node.BoolExpr.args as unknown[]).some(joinsKeys);
  if (node.A_Expr === undefined || nameOf(node.A_Expr.name) !== '=') return false;
  const sides = [node.A_Expr.lexpr, node.A_Expr.rexpr].map(columnOf);
  return (
    sides.every((side) => side !== undefined) && sides.some((side) => /(?:^|_)(?:id|pk|uuid)$|_ptr_id$/.test(side!))
  );
}

function columnOf(value: unknown): string | undefined {
  const fields = (value as { ColumnRef?: { fields: unknown[] } } | undefined)?.ColumnRef?.fields;
  return fields === undefined ? undefined : nameOf(fields);
}

/** The last name of a list of String nodes. */
function nameOf(list: unknown): string {
  if (!Array.isArray(list) || list.length === 0) return '';
  const last = list[list.length - 1] as { String?: { sval?: string } };
  return last.String?.sval?.toLowerCase() ?? '';
}
