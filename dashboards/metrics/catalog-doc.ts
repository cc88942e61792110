// docs/METRICS.md, made from the catalogue. scripts/metrics-doc.mjs writes it; a test holds the file against it.

import { limits } from '../../config/limits.js';
import { CATALOG, COMMANDS, DURATION_BOUNDS_SECONDS } from './catalog.js';

export function metricsDoc(): string {
  const lines = [
    '# Metrics',
    '',
    'What `/metrics` exports, in Prometheus text format. This file is made by `node scripts/metrics-doc.mjs` from',
    '`dashboards/metrics/catalog.ts`: change that, not this.',
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
    `| \`command\` | ${COMMANDS.join(', ')}, \`other\` |`,
    '| `outcome` | ok, error |',
    '| `confidence` | certain, strong, weak, none |',
    '| `process` | relay, observer |',
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
    `Upper bounds of \`pgwitness_statement_duration_seconds\`: ${DURATION_BOUNDS_SECONDS.map((bound) => `${bound} s`).join(', ')}.`,
    'For percentiles within 1 % use `pgwitness top`, which reads finer histograms.',
    '',
  );
  return lines.join('\n');
}
