// Says whether a statement is a plain read: rows of tables, no lock, no call that may write.
// Invariant: a function that is not listed may write, lock or wait, so what calls it is no plain read. It runs once per
// text, with its shape. Not here: who wrote the text (the recognisers).

import { type SqlTokens, TokenKind } from '../../sql/tokens.js';
import type { Reads } from './shape.js';
import { hashSet, isText, isWord, W } from './words.js';

/** SELECT … FROM, without FOR UPDATE, INTO, and functions that may do more than compute. */
export function readsOf(tokens: SqlTokens, at: number): Reads {
  if (!isWord(tokens, at, W.select) || tokens.unterminated) return '';
  let depth = 0;
  let reads: Reads = '';
  let hasAll = false;
  for (let i = at + 1; i < tokens.count; i++) {
    const kind = tokens.kind[i];
    if (kind === TokenKind.leftParen) {
      if (isUnknownCall(tokens, i)) return '';
      depth++;
    } else if (kind === TokenKind.rightParen) depth--;
    else if (tokens.hash[i] === W.for && LOCKS.has(tokens.hash[i + 1])) return '';
    else if (depth > 0) continue;
    else if (tokens.hash[i] === W.into) return '';
    else if (tokens.hash[i] === W.from) reads = 'rows';
    else if (reads === '' && isText(tokens, i, '*') && isColumnStart(tokens, i)) hasAll = true;
  }
  return reads !== '' && hasAll ? 'all' : reads;
}

/** FOR UPDATE, FOR NO KEY UPDATE, FOR SHARE, FOR KEY SHARE; not substring(a for 3). */
const LOCKS = hashSet('update no share key');

/** The parenthesis is of a call, and not of a function that is known to change nothing. */
function isUnknownCall({ kind, hash, bytes, start, end }: SqlTokens, paren: number): boolean {
  const name = paren - 1;
  if (kind[name] !== TokenKind.word && kind[name] !== TokenKind.quotedIdentifier) return false;
  if (kind[name - 1] === TokenKind.dot) {
    if (hash[name - 2] !== W.pg_catalog) return true;
  } else {
    // "numeric" of ::numeric(10, 2), columns behind AS t(a, b) and behind a call: no names of functions.
    const before = kind[name - 1];
    if (before === TokenKind.cast || before === TokenKind.rightParen || ALIAS.has(hash[name - 1])) return false;
    if (KEYWORDS.has(hash[name])) return false;
  }
  if (COMPUTING.has(hash[name])) return false;
  // PostGIS.
  return !(end[name] - start[name] > 3 && (bytes[start[name]] | 32) === 115 && isSpatial(bytes, start[name]));
}

function isSpatial(bytes: Uint8Array, start: number): boolean {
  return (bytes[start + 1] | 32) === 116 && bytes[start + 2] === 95;
}

const ALIAS = hashSet('as ordinality');

/** A parenthesis behind them opens no arguments. */
const KEYWORDS = hashSet(`
  all and any array as between by case cross cube distinct else end except exists filter from full group grouping having
  ilike in inner intersect is join lateral left like limit materialized natural not of offset on only or order ordinality
  outer over partition recursive right rollup row rows select sets similar some then to union using values when where
  with within zone
`);

/** Functions and types of the server that compute and do nothing else. */
const COMPUTING = hashSet(`
  abs acos acosd acosh age any_value array_agg array_append array_cat array_dims array_fill array_length array_lower
  array_ndims array_position array_positions array_prepend array_remove array_replace array_sample array_shuffle
  array_to_json array_to_string array_to_tsvector array_upper ascii asin asind asinh atan atan2 atan2d atand atanh avg
  bernoulli bigint bit bit_and bit_count bit_length bit_or bit_xor bool bool_and bool_or boolean bpchar broadcast btrim
  bytea cardinality cast cbrt ceil ceiling char char_length character character_length chr clock_timestamp coalesce
  col_description collation concat concat_ws convert convert_from convert_to corr cos cosd cosh cot cotd count
  covar_pop covar_samp cume_dist current_database current_date current_role current_schema current_schemas
  current_setting current_time current_timestamp current_user daterange date date_add date_bin date_part
  date_subtract date_trunc datemultirange decimal decode degrees dense_rank digest div double encode enum_first enum_last
  enum_range erf erfc every exp extract factorial family first_value float float4 float8 floor format format_type
  gamma gcd gen_random_uuid generate_series generate_subscripts get_bit get_byte greatest grouping has_column_privilege
  has_schema_privilege has_table_privilege hashtext hashtextextended host initcap int int2 int4 int4multirange int4range
  int8 int8multirange int8range integer interval isempty isfinite json json_agg json_agg_strict json_array
  json_array_elements json_array_elements_text json_array_length json_arrayagg json_build_array json_build_object
  json_each json_each_text json_exists json_extract_path json_extract_path_text json_object json_object_agg
  json_object_keys json_objectagg json_populate_record json_populate_recordset json_query json_scalar json_serialize
  json_strip_nulls json_table json_to_record json_to_recordset json_typeof json_value jsonb jsonb_agg jsonb_agg_strict
  jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each
  jsonb_each_text jsonb_exists jsonb_exists_all jsonb_exists_any jsonb_extract_path jsonb_extract_path_text jsonb_insert
  jsonb_object jsonb_object_agg jsonb_object_keys jsonb_path_exists jsonb_path_match jsonb_path_query
  jsonb_path_query_array jsonb_path_query_first jsonb_populate_record jsonb_populate_recordset jsonb_pretty jsonb_set
  jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof justify_days justify_hours
  justify_interval lag last_value lcm lead least length levenshtein lgamma ln localtime localtimestamp log log10
  lower lower_inc lower_inf lpad ltrim make_date make_interval make_time make_timestamp make_timestamptz masklen max md5
  min min_scale mod mode multirange netmask network normalize now nth_value ntile nullif num_nonnulls num_nulls numeric
  numnode numrange nummultirange obj_description overlay parse_ident percent_rank percentile_cont
  percentile_disc pg_column_size pg_get_constraintdef pg_get_expr pg_get_indexdef pg_get_serial_sequence pg_get_userbyid
  pg_get_viewdef pg_relation_size pg_size_pretty pg_table_is_visible pg_table_size pg_total_relation_size pg_typeof
  phraseto_tsquery pi plainto_tsquery position pow power precision querytree quote_ident quote_literal quote_nullable
  radians random range_agg range_intersect_agg range_merge rank real regclass regexp_count regexp_instr regexp_like
  regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr regr_avgx regr_avgy
  regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy repeat replace reverse round row_number
  row_to_json rpad rtrim scale sha224 sha256 sha384 sha512 shobj_description show_trgm sign similarity sin sind sinh
  smallint split_part sqrt starts_with statement_timestamp stddev stddev_pop stddev_samp strict_word_similarity
  string_agg string_to_array string_to_table strip strpos substr substring sum system tan tand tanh text time timeofday
  timestamp timestamptz timetz timezone to_ascii to_bin to_char to_date to_hex to_json to_jsonb to_number to_oct to_regclass
  to_timestamp to_tsquery to_tsvector transaction_timestamp translate treat trim trim_array trim_scale trunc
  ts_delete ts_filter ts_headline ts_rank ts_rank_cd ts_rewrite tsmultirange tsquery_phrase tsrange tstzmultirange tstzrange
  tsvector_to_array unaccent unistr unnest upper upper_inc upper_inf user uuid uuid_generate_v4 uuidv4 uuidv7 var_pop
  var_samp varbit varchar variance varying version websearch_to_tsquery width_bucket word_similarity xmlagg xmlattributes
  xmlcomment xmlconcat xmlelement xmlexists xmlforest xmlparse xmlpi xmlroot xmlserialize xmltable xpath xpath_exists
`);

const BEFORE_COLUMN: ReadonlySet<number> = new Set([W.select, W.distinct, W.all]);

/** `*` alone or behind a table's name, not a multiplication. */
function isColumnStart(tokens: SqlTokens, at: number): boolean {
  const before = tokens.kind[at - 1];
  return before === TokenKind.comma || before === TokenKind.dot || BEFORE_COLUMN.has(tokens.hash[at - 1]);
}
