// The SQL by which a flush adds to a statement's verdict, a pool and a relay.
// Invariant: what is stored is kept or grows; a row that is there is never replaced by less. Not here: values
// (flush-writer.ts), rollups (../tables/rollup-tables.ts).

import { plusSql } from '../tables/saturating.js';

export const UPSERT_STATEMENT_SOURCE = `INSERT INTO statement_source
  (fingerprint, source, construct, confidence, first_seen_ms, last_seen_ms, calls, errors, evidence)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (fingerprint, source, construct) DO UPDATE SET
    confidence = excluded.confidence, evidence = excluded.evidence,
    first_seen_ms = min(first_seen_ms, excluded.first_seen_ms), last_seen_ms = max(last_seen_ms, excluded.last_seen_ms),
    calls = ${plusSql('calls', 'excluded.calls')}, errors = ${plusSql('errors', 'excluded.errors')}`;

export const UPSERT_POOL = `INSERT INTO pool (pool_id, name, owner, user, database, application_name, options, client_network,
    client_address, server_version, driver, habits, evidence, first_seen_ms, last_seen_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (pool_id) DO UPDATE SET
    name = excluded.name, owner = excluded.owner, user = excluded.user, database = excluded.database,
    application_name = excluded.application_name, options = excluded.options, client_network = excluded.client_network,
    client_address = excluded.client_address, server_version = excluded.server_version, driver = excluded.driver,
    habits = excluded.habits, evidence = excluded.evidence,
    first_seen_ms = min(first_seen_ms, excluded.first_seen_ms), last_seen_ms = max(last_seen_ms, excluded.last_seen_ms)`;

/** Counts may come before the pool is described, and '(other)' is never described. */
export const UPSERT_POOL_COUNTS = `INSERT INTO pool (pool_id, name, owner, user, database, application_name, options, client_network,
    client_address, server_version, driver, habits, evidence, first_seen_ms, last_seen_ms, opened, closed)
  VALUES (?, ?, '', '', '', '', '', '', '', '', '', '[]', '[]', ?, ?, ?, ?)
  ON CONFLICT (pool_id) DO UPDATE SET
    opened = ${plusSql('opened', 'excluded.opened')}, closed = ${plusSql('closed', 'excluded.closed')}`;

export const UPSERT_RELAY = `INSERT INTO relay_progress VALUES (?, ?, ?, ?)
  ON CONFLICT (relay_id) DO UPDATE SET last_sequence = max(last_sequence, excluded.last_sequence),
    updated_ms = excluded.updated_ms, ended = excluded.ended`;

export const UPSERT_SESSION = `INSERT INTO open_session VALUES (?, ?, ?)
  ON CONFLICT (relay_id, session_id) DO UPDATE SET state = excluded.state`;
