// Lists the tools that name themselves in application_name.
// Invariant: a closed list of whole names and prefixes. An application that uses such a name is taken for the tool.
// Sources: libpq fallback_application_name of psql, pg_dump and others; the default names of common desktop clients.

const EXACT = new Set([
  ...['psql', 'pg_dump', 'pg_dumpall', 'pg_restore', 'pgbench', 'pg_basebackup', 'pg_isready', 'vacuumdb', 'reindexdb'],
  ...[
    'clusterdb',
    'createdb',
    'dropdb',
    'createuser',
    'dropuser',
    'pg_receivewal',
    'pg_amcheck',
    'pgcli',
    'pg_activity',
  ],
]);

const PREFIXES = [
  'pgAdmin',
  'DBeaver',
  'DataGrip',
  'TablePlus',
  'Navicat',
  'Postico',
  'Beekeeper',
  'postgres_exporter',
  'pgwatch',
  // The connections of our own: reconcile, pools, check-config, plans.
  'pgwitness',
];

/** The tool's name, or '' for an application. */
export function toolOf(applicationName: string): string {
  if (EXACT.has(applicationName)) return applicationName;
  return PREFIXES.find((prefix) => applicationName.startsWith(prefix)) ?? '';
}
