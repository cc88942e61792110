// The one list of metric families: name, type, help, labels. docs/METRICS.md is made from it.
// Invariant: a family is exported if and only if it stands here, with these labels and no others; no label holds SQL text; `summary` holds names of tables.
// Not here: where values come from (exporter.ts).

export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** One sentence; also the # HELP line. */
  readonly help: string;
  readonly labels: readonly string[];
  /** Base unit, '' for a plain count. */
  readonly unit: '' | 'seconds' | 'bytes';
}

/** Upper bounds in seconds. Proxied statements are often below 1 ms; OpenTelemetry's recommended bounds are among these. */
export const DURATION_BOUNDS_SECONDS = [
  0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10,
] as const;

/** Of transactions: they last longer, for they hold what the application does between its statements. */
export const TRANSACTION_BOUNDS_SECONDS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300,
] as const;

/** Values of the `command` label; any other command is "other". */
export const COMMANDS = [
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'MERGE',
  'COPY',
  'FETCH',
  'DECLARE',
  'CLOSE',
  'CALL',
  'DO',
  'BEGIN',
  'COMMIT',
  'ROLLBACK',
  'SAVEPOINT',
  'RELEASE',
  'SET',
  'RESET',
  'SHOW',
  'DISCARD',
  'DEALLOCATE',
  'PREPARE',
  'EXPLAIN',
  'CREATE',
  'ALTER',
  'DROP',
  'TRUNCATE',
  'LOCK',
  'LISTEN',
  'NOTIFY',
  'VACUUM',
  'ANALYZE',
  'REFRESH',
] as const;

/** What every capped label says beyond its cap. */
export const OTHER = 'other';

const ALL = {
  statement_duration_seconds: {
    type: 'histogram',
    unit: 'seconds',
    labels: ['source', 'pool', 'command', 'outcome'],
    help: 'Service time of statements: from forwarded to answered. Pipelined ones that share a flush point are left out.',
  },
  statements_total: {
    type: 'counter',
    unit: '',
    labels: ['source', 'confidence'],
    help: 'Executions observed, answered by success or error, by who sent them and how sure that is.',
  },
  statement_seconds_total: {
    type: 'counter',
    unit: 'seconds',
    labels: ['source'],
    help: 'Service time of all executions observed, pipelined ones included.',
  },
  attribution_revisions_total: {
    type: 'counter',
    unit: '',
    labels: [],
    help: 'Times a connection that was surely of one owner was found to be of another; what was counted before stays.',
  },
  top_statement_executions_total: {
    type: 'counter',
    unit: '',
    labels: ['source', 'fingerprint'],
    help: 'Executions of the raw and sqlalchemy statements that take most time; the rest is fingerprint "other".',
  },
  top_statement_errors_total: {
    type: 'counter',
    unit: '',
    labels: ['source', 'fingerprint'],
    help: 'Executions of the same statements that were answered by an error.',
  },
  top_statement_seconds_total: {
    type: 'counter',
    unit: 'seconds',
    labels: ['source', 'fingerprint'],
    help: 'Service time of the same statements.',
  },
  statement_info: {
    type: 'gauge',
    unit: '',
    labels: ['source', 'fingerprint', 'summary'],
    help: 'Always 1; what each fingerprint with metrics of its own is about: command and tables.',
  },
  pool_connections: {
    type: 'gauge',
    unit: '',
    labels: ['pool', 'state'],
    help: 'Open connections by pool; state is active, idle or idle_in_transaction.',
  },
  pool_connection_seconds_total: {
    type: 'counter',
    unit: 'seconds',
    labels: ['owner', 'pool', 'state'],
    help: 'Time of open connections by what they did in it; state is active (a statement ran), idle or idle_in_transaction.',
  },
  idle_in_transaction_longest_seconds: {
    type: 'gauge',
    unit: 'seconds',
    labels: ['pool'],
    help: 'How long the connection that now waits longest inside a transaction has sent nothing; 0 while none waits.',
  },
  transaction_duration_seconds: {
    type: 'histogram',
    unit: 'seconds',
    labels: ['owner', 'pool'],
    help: 'Transactions that ended, by commit or rollback, from BEGIN to their end. A statement outside of BEGIN is none.',
  },
  transaction_statements_total: {
    type: 'counter',
    unit: '',
    labels: ['owner', 'pool'],
    help: 'Statements of these transactions, without BEGIN, COMMIT and ROLLBACK.',
  },
  not_observed_total: {
    type: 'counter',
    unit: '',
    labels: ['reason'],
    help: 'Executions that passed without being observed, by reason.',
  },
  opaque_session_seconds_total: {
    type: 'counter',
    unit: 'seconds',
    labels: [],
    help: 'Time in which sessions were open whose framing was lost, in whole minutes of each; what they executed is not known.',
  },
  series_overflow_total: {
    type: 'counter',
    unit: '',
    labels: ['label'],
    help: 'Executions counted under "other" because a label had reached its cap.',
  },
  sessions: {
    type: 'gauge',
    unit: '',
    labels: ['state'],
    help: 'Open client sessions; state is tracked, adrift (until it resynchronises) or opaque (for good).',
  },
  sessions_opened_total: { type: 'counter', unit: '', labels: [], help: 'Client sessions opened.' },
  sessions_adrift_total: { type: 'counter', unit: '', labels: [], help: 'Times a session lost track of its replies.' },
  sessions_opaque_total: { type: 'counter', unit: '', labels: [], help: 'Sessions whose framing was lost.' },
  connect_errors_total: { type: 'counter', unit: '', labels: [], help: 'Connections to the upstream that failed.' },
  connections_refused_total: {
    type: 'counter',
    unit: '',
    labels: ['reason'],
    help: 'Clients refused with 53300 or closed, by the bound that was reached: max_connections, max_connections_per_source, not_logged_in.',
  },
  forwarded_bytes_total: {
    type: 'counter',
    unit: 'bytes',
    labels: ['from'],
    help: 'Octets forwarded, by who sent them: client or server.',
  },
  link_queue_bytes: {
    type: 'gauge',
    unit: 'bytes',
    labels: [],
    help: 'Observations that wait in the relay for the observer.',
  },
  relays_connected: {
    type: 'gauge',
    unit: '',
    labels: [],
    help: 'Relay processes that are connected to the observer.',
  },
  relay_restarts_total: {
    type: 'counter',
    unit: '',
    labels: [],
    help: 'Times one of several relay processes (--relays) ended by itself and was started again; its sessions ended with it.',
  },
  observer_restarts_total: {
    type: 'counter',
    unit: '',
    labels: [],
    help: 'Times the observer process was started again.',
  },
  event_loop_lag_seconds: {
    type: 'gauge',
    unit: 'seconds',
    labels: ['process'],
    help: 'How late the event loop ran: of the relay in its last second (of several the worst), of the observer the worst of its last 15 to 30 seconds.',
  },
  observing_paused: {
    type: 'gauge',
    unit: '',
    labels: [],
    help: 'Whether observing is paused (1) because the event loop of the relay was late; traffic goes on.',
  },
  observing_pauses_total: { type: 'counter', unit: '', labels: [], help: 'Times observing was paused for that.' },
  cpu_seconds_total: {
    type: 'counter',
    unit: 'seconds',
    labels: ['process'],
    help: 'CPU time used by relay and observer; of several relays together, with that of their supervisor apart.',
  },
  resident_memory_bytes: {
    type: 'gauge',
    unit: 'bytes',
    labels: ['process'],
    help: 'Resident memory of relay and observer; of several relays together, with that of their supervisor apart.',
  },
  last_mark_timestamp_seconds: {
    type: 'gauge',
    unit: 'seconds',
    labels: ['kind'],
    help: 'When a mark was set last, by kind (manual, ddl, app-version), in Unix time; 0 while there is none.',
  },
  exposition_timestamp_seconds: {
    type: 'gauge',
    unit: 'seconds',
    labels: [],
    help: 'When these metrics were written, in Unix time: while the observer is busy a scrape is given the last ones it wrote.',
  },
  build_info: { type: 'gauge', unit: '', labels: ['version', 'node'], help: 'Always 1; says which build runs.' },
} as const satisfies Record<string, Omit<Family, 'name'>>;

export type FamilyName = keyof typeof ALL;

/** In the order in which they are exported. */
export const CATALOG: ReadonlyArray<Family & { readonly key: FamilyName }> = (Object.keys(ALL) as FamilyName[]).map(
  (key) => ({ key, name: `pgwitness_${key}`, ...ALL[key] }),
);
