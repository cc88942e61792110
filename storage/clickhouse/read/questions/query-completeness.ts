// Statements for ClickHouse: losses, gaps, watched time, and what the store says of itself.
// Invariant: runs are told of each instance by itself. Not here: judging them (reports/watched/).

import * as v from 'valibot';
import type { Identity } from '../../../../facts/fleet/identity.js';
import type { BypassSample, GapReason, GapRow } from '../../../../facts/flush.js';
import type { MinuteRange } from '../../../reading/levels.js';
import type { InstanceRuns, LossSum, LostStatement, StoreState } from '../../../reading/other-rows.js';
import { FLEET_SCHEMA_VERSION } from '../../schema/migrations.js';
import { totalSql } from './sql.js';
import { OF_FEW_ROWS, type View } from './view.js';

/** Columns are UInt32. */
const MINUTE_MAX = 2 ** 32 - 1;

function minutesSql({ since, until }: MinuteRange): string {
  return `minute_min >= ${since} AND minute_min < ${Math.min(until, MINUTE_MAX)}`;
}

export function lossSums(view: View, minutes: MinuteRange): LossSum[] {
  return view.rows<LossSum>(
    `SELECT reason, ${totalSql('l.count')} AS count FROM loss AS l FINAL
     WHERE ${view.whose} AND ${minutesSql(minutes)} GROUP BY reason ORDER BY reason ${OF_FEW_ROWS}`,
  );
}

/** As storage/sqlite/tables/losses.ts, for each sidecar by itself. */
export function lostStatementsIn(
  view: View,
  { partly, ...minutes }: MinuteRange & { partly: number | undefined },
): LostStatement[] {
  const each = 'service, environment, instance, store, minute_min, reason';
  const place = `${view.whose} AND ${minutesSql(minutes)}`;
  const known = `SELECT ${each} FROM (
      SELECT ${each}, sum(k.count) AS texts FROM lost_statement AS k FINAL WHERE ${place} GROUP BY ${each}
    ) AS k GLOBAL LEFT JOIN (
      SELECT ${each}, sum(l.count) AS lost FROM loss AS l FINAL WHERE ${place} GROUP BY ${each}
    ) AS l USING (${each}) WHERE texts <= lost`;
  return view
    .rows<Omit<LostStatement, 'mayPrecede'> & { mayPrecede: number }>(
      `SELECT reason, fingerprint, source, construct, pool_id AS pool, any(s.query) AS query, any(s.summary) AS summary,
         ${totalSql('s.count')} AS count, s.minute_min = ${partly ?? -1} AS mayPrecede
       FROM lost_statement AS s FINAL WHERE ${place} AND (${each}) GLOBAL IN (${known})
       GROUP BY reason, fingerprint, source, construct, pool_id, mayPrecede
       ORDER BY source, fingerprint, reason, construct, pool, mayPrecede`,
    )
    .map(({ mayPrecede, ...lost }) => ({ ...lost, mayPrecede: mayPrecede === 1 }));
}

export function gapsIn(view: View, { since, until }: MinuteRange): GapRow[] {
  return view
    .rows<{ fromMinute: number; untilMinute: number; reason: GapReason; executions: number | null }>(
      `SELECT from_min AS fromMinute, until_min AS untilMinute, reason, executions FROM gap FINAL
       WHERE ${view.whose} AND from_min < ${Math.min(until, MINUTE_MAX)} AND until_min >= ${since}
       ORDER BY from_min, until_min, reason ${OF_FEW_ROWS}`,
    )
    .map(({ executions, ...gap }) => ({ ...gap, executions: executions ?? undefined }));
}

export function instanceRuns(view: View, { since, until }: MinuteRange): InstanceRuns[] {
  const touches = `from_min < ${Math.min(until, MINUTE_MAX)} AND until_min >= ${since}`;
  return view
    .rows<Omit<InstanceRuns, 'runs'> & { runs: Array<[from: number, until: number]> }>(
      `SELECT service, environment, instance, min(from_min) AS firstMinute, max(until_min) AS lastMinute,
         arraySort(groupArrayIf((from_min, until_min), ${touches})) AS runs
       FROM watched_time FINAL WHERE ${view.whose} GROUP BY service, environment, instance
       ORDER BY service, environment, instance`,
    )
    .map(({ runs, ...instance }) => ({
      ...instance,
      runs: runs.map(([fromMinute, untilMinute]) => ({ fromMinute, untilMinute })),
    }));
}

const clientsSchema = v.array(v.object({ user: v.string(), application_name: v.string(), connections: v.number() }));

export function bypassSamples(view: View, minutes: MinuteRange): BypassSample[] {
  return view
    .rows<Omit<BypassSample, 'clients'> & { clients: string }>(
      `SELECT minute_min AS minute, connections, clients, reason FROM bypass_sample FINAL
       WHERE ${view.whose} AND ${minutesSql(minutes)} ORDER BY minute_min`,
    )
    .map((row) => ({
      ...row,
      clients: v
        .parse(clientsSchema, JSON.parse(row.clients))
        .map(({ application_name, ...client }) => ({ ...client, applicationName: application_name })),
    }));
}

export function lastFlushMs(view: View): number | null {
  const [{ ms }] = view.rows<{ ms: number }>(
    `SELECT max(updated_ms) AS ms FROM relay_progress FINAL WHERE ${view.whose}`,
  );
  return ms === 0 ? null : ms;
}

export function storeState(view: View): StoreState {
  const [relays, statements, pools, counters] = view.all(
    `SELECT relay_id AS relayId, last_sequence AS lastSequence, updated_ms AS updatedMs FROM relay_progress FINAL
     WHERE ${view.whose} ORDER BY updated_ms DESC LIMIT 1000`,
    `SELECT count() AS known FROM statement FINAL`,
    `SELECT uniqExact(pool_id) AS known FROM pool WHERE ${view.whose}`,
    `SELECT name, ${totalSql('c.value')} AS value FROM counter AS c FINAL WHERE ${view.whose} GROUP BY name ORDER BY name`,
  ) as [StoreState['relays'], Array<{ known: number }>, Array<{ known: number }>, StoreState['counters']];
  return {
    relays,
    // Only their sidecars know.
    sessionsOpen: 0,
    statementsKnown: statements[0].known,
    poolsKnown: pools[0].known,
    counters,
    schemaVersion: FLEET_SCHEMA_VERSION,
  };
}

export function identities(view: View): Identity[] {
  return view.rows<Identity>(
    `SELECT DISTINCT service, environment, instance FROM instance_state FINAL WHERE ${view.whose}
     ORDER BY service, environment, instance`,
  );
}
