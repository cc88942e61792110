// docs/METRICS.md, made from the catalogue. scripts/metrics-doc.mjs writes it; a test holds the file against it.

import { limits } from '../../config/limits.js';
import { CATALOG, COMMANDS, DURATION_BOUNDS_SECONDS, TRANSACTION_BOUNDS_SECONDS } from './catalogue.js';

const OTEL_NAMES = [
  ['`pgwitness_statement_duration_seconds`', '`db.client.operation.duration`, seen from beside the server'],
  ['`pgwitness_pool_connections{state}`', '`db.client.connection.count{db.client.connection.state}`'],
  ['label `pool`', '`db.client.connection.pool.name`'],
  ['label `summary`', '`db.query.summary`, of the same form'],
  ['`outcome="error"`', '`error.type` is set'],
  ["SQLSTATE in `pgwitness show` and the API's `errors_by_sqlstate`", '`db.response.status_code`'],
] as const;

const inSeconds = (bounds: readonly number[]): string => bounds.map((bound) => `${bound} s`).join(', ');

export function metricsDoc(): string {
  const lines = [
    '# Metrics',
    '',
    'What `/metrics` exports, in Prometheus text format or, where the scraper asks for it, OpenMetrics. This file is made by `node scripts/metrics-doc.mjs` from',
    '`dashboards/metrics/catalogue.ts`: change that, not this.',
    '',
    'No label holds SQL text; `summary` holds the command and the tables. Counters start at 0 when the observer starts; totals over restarts are in the store (`pgwitness top`).',
    '',
    '| Metric | Type | Labels | Meaning |',
    '|---|---|---|---|',
  ];
  for (const { name, type, labels, help } of CATALOG) {
    lines.push(`| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ') || '–'} | ${help} |`);
  }
  lines.push(
    '',
    '## Labels',
    '',
    '| Label | Values |',
    '|---|---|',
    `| \`source\` | django-orm, raw, sqlalchemy, housekeeping, tool, unknown and names from your rules; at most ${limits.metricSourcesMax}, then \`other\` |`,
    `| \`pool\` | pool names as \`pgwitness pools\` shows them; at most ${limits.metricPoolsMax}, then \`other\` |`,
    '| `owner` | who opened the connections of a pool: django, sqlalchemy, the name of a driver or tool, unknown; of the pool `other` it is `other` |',
    `| \`command\` | ${COMMANDS.join(', ')}, \`other\` |`,
    '| `outcome` | ok, error |',
    '| `confidence` | certain, strong, weak, none |',
    '| `process` | relay, observer, and with `--relays` supervisor |',
    '| `fingerprint` | of the `--top-series` statements (30 by default) that take most time, `other` |',
    '',
    'A statement with metrics of its own keeps its place for 15 minutes at least, and loses it only to one that takes more than',
    'twice the time: few series come and go.',
    '',
    `The duration histogram has at most ${limits.durationSeriesMax} series and one more per source and outcome. What goes to \`other\` is`,
    'counted in `pgwitness_series_overflow_total`. Label values lose control characters and are cut at',
    `${limits.labelBytesMax} octets.`,
    '',
    '## Buckets',
    '',
    `Upper bounds of \`pgwitness_statement_duration_seconds\`: ${inSeconds(DURATION_BOUNDS_SECONDS)}.`,
    '',
    `Upper bounds of \`pgwitness_transaction_duration_seconds\`, each within 1 %: ${inSeconds(TRANSACTION_BOUNDS_SECONDS)}. It has at most`,
    `${limits.metricPoolsMax} series and one for the rest.`,
    '',
    'For percentiles within 1 % use `pgwitness top`, which reads finer histograms.',
    '',
    '## Exemplars',
    '',
    'In OpenMetrics each bucket names the last execution in it that had a trace: `# {trace_id="…"}`, from `traceparent` in a comment tag (or',
    '`trace_id`). Prometheus keeps them with `--enable-feature=exemplar-storage`; in Grafana they lead from a slow bucket to its trace.',
    '',
    '## What a scrape costs',
    '',
    'Lines of series that did not change are kept, and rendering yields every 2 ms: the number of series is bounded, and the observer goes on',
    'with its work between two slices of a scrape.',
    '',
    'Scrapes are answered by a thread of their own, of ordinary priority, which waits for no report. It asks for metrics of this moment, and',
    'where the observer is busy it gives the last ones after 25 ms: they are written anew every second while anybody scrapes.',
    '`pgwitness_exposition_timestamp_seconds` says when those were written that a scrape was given. `node bench/scrape.mjs` has a real',
    'Prometheus scrape every second while 100,000 different statements pass.',
    '',
    "## OpenTelemetry's names",
    '',
    "Where OpenTelemetry's semantic conventions have a name for the same thing:",
    '',
    '| here | OpenTelemetry |',
    '|---|---|',
    ...OTEL_NAMES.map(([ours, theirs]) => `| ${ours} | ${theirs} |`),
    '',
    'Its `db.operation.name` and `db.collection.name` are not given: the conventions ask that they not be taken out of the text of a PostgreSQL statement.',
    '',
  );
  return lines.join('\n');
}
