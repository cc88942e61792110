// The tables of the time an observer ran, and of samples of connections past pgwitness.
// Invariant: writing a row twice changes nothing; of one minute the sample with more connections stays.
// Not here: taking samples (observer/bypass-sampler.ts), judging them (reports/check/).

import * as v from 'valibot';
import { UNNAMED } from '../../../facts/fleet/identity.js';
import type { BypassSample, WatchedTime } from '../../../facts/flush.js';
import type { InstanceRuns } from '../../reading/other-rows.js';
import type { Rows } from '../file/rows.js';
import { storedIdentity } from './settings.js';

const UPSERT_TIME = `INSERT INTO watched_time VALUES (?, ?)
  ON CONFLICT (from_min) DO UPDATE SET until_min = max(until_min, excluded.until_min)`;
const TIMES = `SELECT from_min AS fromMinute, until_min AS untilMinute FROM watched_time
  WHERE from_min < ? AND until_min >= ? ORDER BY from_min`;
const WHOLE = 'SELECT min(from_min) AS firstMinute, max(until_min) AS lastMinute FROM watched_time';
const UPSERT_SAMPLE = `INSERT INTO bypass_sample VALUES (?, ?, ?, ?) ON CONFLICT (minute_min) DO UPDATE SET
  clients = iif(ifnull(excluded.connections, 0) >= ifnull(connections, 0), excluded.clients, clients),
  connections = max(ifnull(connections, excluded.connections), ifnull(excluded.connections, connections)),
  reason = iif(connections IS NULL AND excluded.connections IS NULL, excluded.reason, '')`;
const SAMPLES = `SELECT minute_min AS minute, connections, clients, reason FROM bypass_sample
  WHERE minute_min >= ? AND minute_min < ? ORDER BY minute_min`;
const DROP = [
  'DELETE FROM watched_time WHERE until_min < ?',
  'DELETE FROM bypass_sample WHERE minute_min < ?',
] as const;

const clientsSchema = v.array(v.object({ user: v.string(), application_name: v.string(), connections: v.number() }));

export function writeWatchedTime(rows: Rows, { fromMinute, untilMinute }: WatchedTime): void {
  rows.run(UPSERT_TIME, fromMinute, untilMinute);
}

export function writeBypassSample(rows: Rows, { minute, connections, clients, reason }: BypassSample): void {
  const listed = clients.map(({ user, applicationName, connections: each }) => ({
    user,
    application_name: applicationName,
    connections: each,
  }));
  rows.run(UPSERT_SAMPLE, minute, connections, JSON.stringify(listed), reason);
}

/** A data directory is of one instance. None where nothing says that it ran. */
export function instanceRuns(rows: Rows, since: number, until: number): InstanceRuns[] {
  const { firstMinute, lastMinute } = rows.get<{ firstMinute: number | null; lastMinute: number | null }>(WHOLE)!;
  if (firstMinute === null || lastMinute === null) return [];
  const runs = rows.all<WatchedTime>(TIMES, until, since);
  return [{ ...(storedIdentity(rows) ?? UNNAMED), firstMinute, lastMinute, runs }];
}

/** Of the minutes [since, until), in order. */
export function bypassSamples(rows: Rows, since: number, until: number): BypassSample[] {
  type Row = Omit<BypassSample, 'clients'> & { clients: string };
  return rows.all<Row>(SAMPLES, since, until).map((row) => ({
    ...row,
    clients: v
      .parse(clientsSchema, JSON.parse(row.clients))
      .map(({ user, application_name, connections }) => ({ user, applicationName: application_name, connections })),
  }));
}

export function dropWatched(rows: Rows, beforeMinute: number): void {
  for (const sql of DROP) rows.run(sql, beforeMinute);
}
