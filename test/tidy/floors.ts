// The house as a list: every room of the product, by floor, with the file to open first.
// A room imports rooms of lower floors alone.
// Invariant: test/tidy.test.ts checks the sources against this list, and the map in docs/ARCHITECTURE.md too.
// Not here: what a room is for (the map says it).

export interface Room {
  readonly floor: number;
  /** A folder with sources of its own; its sub-folders are rooms of their own. */
  readonly folder: string;
  /** Open this first. */
  readonly first: string;
}

const FLOORS: readonly (readonly string[])[] = [
  [
    'facts/rollup-row.ts',
    'facts/words/short-sql.ts',
    'facts/fleet/identity.ts',
    'config/values/units.ts',
    'config/process/no-inspector.ts',
    'storage/migrations/migrations.ts',
    'storage/clickhouse/schema/migrations.ts',
  ],
  [
    'storage/store.ts',
    'storage/reading/stored-facts.ts',
    'facts/work/unit.ts',
    'config/config.ts',
    'analyzer/sql/sql-lexer.ts',
    'audit/answer.ts',
    'cli/terminal/output.ts',
  ],
  [
    'proxy/wire/message-scanner.ts',
    'proxy/stream/observation.ts',
    'analyzer/attribution/shape/shape.ts',
    'analyzer/attribution/comments/sql-comment.ts',
    'analyzer/fingerprint/fingerprint.ts',
    'analyzer/pools/pools.ts',
    'analyzer/rollup/rollups.ts',
    'analyzer/work/kept/kept-statements.ts',
    'analyzer/findings/views/unit-view.ts',
    'audit/ledger/ledger.ts',
    'storage/clickhouse/connection/client.ts',
    'storage/sqlite/file/data-directory.ts',
  ],
  [
    'proxy/session/session.ts',
    'analyzer/attribution/connection/connection-profile.ts',
    'analyzer/attribution/django/recognise-django.ts',
    'analyzer/attribution/sqlalchemy/recognise-sqlalchemy.ts',
    'analyzer/attribution/others/recognise-housekeeping.ts',
    'analyzer/work/units.ts',
    'analyzer/findings/kinds/kinds.ts',
    'observer/intake/intake.ts',
    'storage/clickhouse/read/questions/view.ts',
    'storage/sqlite/tables/rollup-tables.ts',
    'storage/sqlite/journal/journal.ts',
    'own-queries/own-connection.ts',
    'dashboards/metrics/state/metrics-state.ts',
  ],
  [
    'proxy/link/link.ts',
    'analyzer/findings/findings.ts',
    'analyzer/attribution/rules/rule.ts',
    'storage/clickhouse/read/reader.ts',
    'storage/sqlite/read/reader.ts',
    'storage/sqlite/write/flush-writer.ts',
    'storage/sqlite/outbox/pending.ts',
    'reports/percentiles/first-by-percentile.ts',
    'dashboards/metrics/catalogue/catalogue.ts',
  ],
  [
    'proxy/watch/tap.ts',
    'analyzer/attribution/attribute.ts',
    'analyzer/sessions/sessions.ts',
    'storage/sqlite/upkeep/upkeep.ts',
    'reports/statements.ts',
    'reports/units/unit-json.ts',
    'reports/watched/watched.ts',
    'reports/check/asked/conditions.ts',
    'cli/sql/sql-runner.ts',
  ],
  [
    'proxy/connection/forwarding.ts',
    'analyzer/texts/statement-texts.ts',
    'analyzer/notable/samples.ts',
    'storage/sqlite/sqlite-store.ts',
    'reports/forms/statements-json.ts',
    'reports/questions/grammar.ts',
    'reports/work/activity.ts',
    'reports/groups/groups.ts',
    'reports/check/judge.ts',
    'reports/compare/noise/noise-test.ts',
    'dashboards/metrics/exporter.ts',
  ],
  [
    'proxy/listen/listener.ts',
    'analyzer/pipeline.ts',
    'reports/code/audit-report.ts',
    'reports/compare/comparison.ts',
    'reports/trends/trends.ts',
    'dashboards/web/data/api.ts',
    'cli/files/statement-file.ts',
    'cli/reading/place.ts',
  ],
  [
    'proxy/relay/relay.ts',
    'observer/accounts/losses.ts',
    'observer/shipping/shipping.ts',
    'dashboards/http/server.ts',
    'dashboards/web/parts/parts.tsx',
    'cli/views/top.ts',
    'cli/views/tail/tail.ts',
    'cli/views/check/check.ts',
  ],
  [
    'proxy/supervisor/supervisor.ts',
    'dashboards/threads/http-thread.ts',
    'dashboards/web/charts/plot.tsx',
    'cli/checking/gather.ts',
  ],
  [
    'proxy/main.ts',
    'observer/observer.ts',
    'dashboards/web/frame/navigation.tsx',
    'dashboards/web/views/now/overview-view.tsx',
    'dashboards/web/views/requests/routes-view.tsx',
    'dashboards/web/views/statements/statements-view.tsx',
    'dashboards/web/views/change/compare-view.tsx',
    'dashboards/web/views/code/audit-view.tsx',
    'dashboards/web/views/pools/pools-view.tsx',
  ],
  [
    'cli/tracing/trace.ts',
    'cli/running/relaying.ts',
    'cli/executing/command.ts',
    'cli/mcp/server.ts',
    'dashboards/web/app.tsx',
  ],
  ['cli/commands/top.ts'],
  ['cli/main.ts'],
];

export const ROOMS: readonly Room[] = FLOORS.flatMap((files, floor) =>
  files.map((file) => {
    const at = file.lastIndexOf('/');
    return { floor, folder: file.slice(0, at), first: file.slice(at + 1) };
  }),
);
