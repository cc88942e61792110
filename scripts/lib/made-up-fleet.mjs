// Made-up rows of a fleet, generated inside ClickHouse by each shard for itself.
// Shape: services of five sidecars each; statements are Zipf-distributed, as are their times; most statements belong to
// one service, some to all. Of a statement every day has a row, 60 % of hours, 15 % of minutes.
// Invariant: the same arguments make the same rows, on the shard where a Distributed table would put them; the levels
// are those of the retention (minutes 7 days). Not here: engines (clickhouse.mjs), measuring (../../bench/fleet.mjs).

const DAY_MIN = 1440;
const HOUR_MIN = 60;
/** Of minutes. */
const MINUTES_KEPT_DAYS = 7;
const SHARED_SERIES = 50;

/**
 * @typedef {object} Block
 * @property {number} sidecarsFrom
 * @property {number} sidecarsTo
 * @property {number} series statements of a sidecar
 *
 * @typedef {object} Levels
 * @property {number} days
 * @property {number} nowMin minutes since the Unix epoch
 */

const NAMES = `concat('service-', leftPad(toString(intDiv(sidecar, 5)), 2, '0')) AS service, 'staging' AS environment,
  concat(service, '-', toString(sidecar % 5)) AS instance, toUInt64(cityHash64(instance)) AS store`;
const SOURCE = `multiIf(series % 20 < 12, 'django-orm', series % 20 < 17, 'raw', series % 20 < 19, 'sqlalchemy', 'housekeeping')`;
const CONSTRUCT = `multiIf(source = 'django-orm', 'queryset', source = 'raw', 'cursor', source = 'sqlalchemy', 'core', '')`;

/**
 * The series of a block that lie on shard `n` of `shards`, as a table for the statements below.
 * @param {Block} block @param {{ n: number, shards: number }} shard
 */
export function seriesSql({ sidecarsFrom, sidecarsTo, series: count }, { n, shards }) {
  return `CREATE OR REPLACE TABLE made_up_series ENGINE = MergeTree ORDER BY (service, fingerprint) AS
SELECT * FROM (SELECT ${sidecarsFrom} + intDiv(number, ${count}) AS sidecar, number % ${count} AS series, ${NAMES},
  lower(hex(cityHash64(if(series % ${count} < ${Math.min(SHARED_SERIES, count)}, '', service), series))) AS fingerprint,
  ${SOURCE} AS source, ${CONSTRUCT} AS construct, concat('pool-', service) AS pool_id,
  500 + cityHash64(fingerprint, 1) % 350 AS at FROM numbers(${(sidecarsTo - sidecarsFrom) * count}))
WHERE cityHash64(fingerprint) % ${shards} = ${n}`;
}

/**
 * Statements that fill one shard with the rows of its series: some million rows each.
 * @param {Levels} levels
 * @returns {string[]}
 */
export function rollupSql({ days, nowMin }) {
  const today = Math.floor(nowMin / DAY_MIN) * DAY_MIN;
  const thisHour = Math.floor(nowMin / HOUR_MIN) * HOUR_MIN;
  const first = today - days * DAY_MIN;
  const filled = [];
  // A day whose hours are all folded; hours that are over; minutes that are kept.
  filled.push(levelSql({ span: 86_400, from: first, to: today, percent: 100, calls: 5_000 }));
  for (let from = first; from < thisHour; from += 10 * DAY_MIN) {
    const to = Math.min(thisHour, from + 10 * DAY_MIN);
    filled.push(levelSql({ span: 3_600, from, to, percent: 60, calls: 350 }));
  }
  const minutes = (/** @type {number} */ from, /** @type {number} */ to) =>
    filled.push(levelSql({ span: 60, from, to, percent: 15, calls: 25 }));
  for (let from = Math.max(first, today - (MINUTES_KEPT_DAYS - 1) * DAY_MIN); from < thisHour; from += DAY_MIN) {
    minutes(from, Math.min(thisHour, from + DAY_MIN));
  }
  // As they come in, and lie before they are merged: the newest in the smallest part.
  for (let from = thisHour; from < nowMin; ) {
    const to = from + Math.ceil((nowMin - from) / 2);
    minutes(from, to);
    from = to;
  }
  return filled;
}

/**
 * `calls`: of the most frequent statement in a bucket.
 * @param {{ span: number, from: number, to: number, percent: number, calls: number }} level
 */
function levelSql({ span, from, to, percent, calls }) {
  const step = span / 60;
  const spread = span === 60 ? 6 : span === 3_600 ? 24 : 60;
  return `INSERT INTO rollup_local SELECT service, environment, instance, store, ${span} AS span_s, bucket_min,
  fingerprint, source, construct, pool_id, 0 AS calls_certain, n AS calls_strong, 0 AS calls_weak, 0 AS calls_none,
  0 AS batched_calls, if(rnd % 200 = 0, 1, 0) AS errors, n * (rnd % 30) AS rows, 0 AS requests, n * 180 AS request_bytes,
  n * 900 AS response_bytes, toUInt64(n * pow(1.02, at + width / 2)) AS service_total_ns,
  toUInt64(pow(1.02, at)) AS service_min_ns, toUInt64(pow(1.02, at + width)) AS service_max_ns, 0 AS first_row_count,
  0 AS first_row_total_ns, n * 20000 AS client_stall_total_ns, n * 5000 AS wait_total_ns,
  mapFromArrays(arrayMap(i -> toUInt16(at + i), range(width)),
    arrayMap(i -> toUInt64(if(i = 0, n - (width - 1) * intDiv(n, width), intDiv(n, width))), range(width))) AS histogram,
  bucket_min * 60000 AS version
FROM (SELECT *, cityHash64(store, series, bucket_min) AS rnd,
  toUInt64(1 + intDiv(${calls}, 1 + series) + rnd % 3) AS n, toUInt64(least(n, ${spread})) AS width
  FROM (SELECT *, arrayJoin(arrayFilter(b -> cityHash64(b, store, series) % 100 < ${percent}, range(${from}, ${to}, ${step}))) AS bucket_min
    FROM made_up_series))`;
}

/**
 * What reports ask beside the rows, made from them; sent to one node.
 * @param {Block} block @param {Levels} levels
 */
export function besideSql({ sidecarsFrom, sidecarsTo }, { days, nowMin }) {
  const today = Math.floor(nowMin / DAY_MIN) * DAY_MIN;
  const thisHour = Math.floor(nowMin / HOUR_MIN) * HOUR_MIN;
  const first = today - days * DAY_MIN;
  const minutesFrom = Math.max(first, today - (MINUTES_KEPT_DAYS - 1) * DAY_MIN);
  const instances = `SELECT number AS sidecar, ${NAMES} FROM numbers(${sidecarsFrom}, ${sidecarsTo - sidecarsFrom})`;
  const statements = [
    `INSERT INTO source_rollup SELECT service, environment, instance, store, span_s, bucket_min, source,
  sum(calls_strong), sum(errors), sum(rows), sum(service_total_ns), max(version) FROM rollup
  WHERE instance IN (SELECT instance FROM (${instances}))
  GROUP BY service, environment, instance, store, span_s, bucket_min, source`,
    `INSERT INTO statement SELECT fingerprint, concat('SELECT t.id, t.name FROM table_', toString(any(series)), ' AS t WHERE t.id = $1'),
  concat('SELECT table_', toString(any(series))), 'SELECT', fingerprint, 'pg_query', 0, ${nowMin * 60_000}
  FROM cluster('fleet', currentDatabase(), made_up_series) GROUP BY fingerprint`,
    `INSERT INTO statement_source SELECT DISTINCT service, environment, instance, store, fingerprint, source, construct, 'strong',
  ${first * 60_000}, ${nowMin * 60_000}, 1000, 0, '[]', ${nowMin * 60_000} FROM cluster('fleet', currentDatabase(), made_up_series)`,
    `INSERT INTO pool (service, environment, instance, store, pool_id, name, owner, habits, evidence, version) SELECT service, environment, instance, store,
  concat('pool-', service), concat('django:app@', service), 'django', '[]', '[]', ${nowMin * 60_000} FROM (${instances})`,
    `INSERT INTO watched_time (service, environment, instance, store, from_min, until_min, version) SELECT service, environment,
  instance, store, ${first}, ${nowMin}, ${nowMin * 60_000} FROM (${instances})`,
    `INSERT INTO instance_state (service, environment, instance, store, pgwitness_version, minutes_folded_to_min,
  hours_folded_to_min, minutes_kept_from_min, hours_kept_from_min, days_kept_from_min, first_min, last_min, shipped_ms, version)
  SELECT service, environment, instance, store, 'made up', ${thisHour}, ${today}, ${minutesFrom}, ${first}, ${first}, ${first},
  ${nowMin - 1}, ${nowMin * 60_000}, ${nowMin * 60_000} FROM (${instances})`,
  ];
  // Elsewhere it would arrive when this has long ended.
  return statements.map((sql) => `${sql} SETTINGS distributed_foreground_insert = 1`);
}
