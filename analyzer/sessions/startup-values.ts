// Startup parameters as they may be kept: names, and the values of settings that tell pools apart.
// A parameter of an extension or of the application's own (`-c app.token=…`) may hold anything, a secret as well.
// Invariant: a value is kept only if its parameter is listed here; any other is `?`. Equal parameters stay equal.
// Not here: what tells pools apart (facts/pool.ts). Source of the syntax: pg_split_opts and process_postgres_switches,
// src/backend/tcop/postgres.c.

type Parameter = readonly [name: string, value: string];

const HIDDEN = '?';

/** Parameters of the protocol itself. */
const OF_PROTOCOL: ReadonlySet<string> = new Set(['user', 'database', 'replication', 'application_name']);

/** Settings of the server whose values are no data, in lower case. */
const SETTINGS: ReadonlySet<string> = new Set(
  (
    'search_path statement_timeout lock_timeout idle_in_transaction_session_timeout idle_session_timeout ' +
    'transaction_timeout default_transaction_isolation default_transaction_read_only default_transaction_deferrable ' +
    'timezone datestyle intervalstyle client_encoding client_min_messages standard_conforming_strings ' +
    'backslash_quote bytea_output extra_float_digits work_mem maintenance_work_mem temp_buffers hash_mem_multiplier ' +
    'jit plan_cache_mode random_page_cost effective_cache_size max_parallel_workers_per_gather synchronous_commit ' +
    'role session_replication_role geqo from_collapse_limit join_collapse_limit row_security xmloption ' +
    'tcp_keepalives_idle tcp_keepalives_interval tcp_keepalives_count tcp_user_timeout application_name log_statement ' +
    'log_min_duration_statement track_activities track_io_timing default_table_access_method default_tablespace ' +
    'lc_messages lc_monetary lc_numeric lc_time gin_fuzzy_search_limit cursor_tuple_fraction'
  ).split(' '),
);

export function keptStartup(startup: readonly Parameter[]): Parameter[] {
  return startup.map(([name, value]) => {
    if (name === 'options') return [name, keptOptions(value)];
    return [name, OF_PROTOCOL.has(name) || isSetting(name) ? value : HIDDEN];
  });
}

/** Words between white space; a backslash takes the next character as it is. */
const WORD = /(?:\\[\s\S]|[^\s\\])+/g;
/** -c name=value, -cname=value, --name=value, and name=value as hosted servers take it. */
const SETTING = /^(-c|--)?([\w.-]+)(=)/;
/** -e, -fs: switches without a value. */
const SWITCH = /^-[A-Za-z]{1,2}$/;

/** The command line that the parameter `options` is, with what is not listed hidden. */
function keptOptions(options: string): string {
  return options.replace(WORD, (word) => {
    const setting = SETTING.exec(word);
    if (setting !== null) return isSetting(setting[2].replaceAll('-', '_')) ? word : `${setting[0]}${HIDDEN}`;
    return SWITCH.test(word) ? word : HIDDEN;
  });
}

function isSetting(name: string): boolean {
  const lower = name.toLowerCase();
  return SETTINGS.has(lower) || lower.startsWith('enable_');
}
