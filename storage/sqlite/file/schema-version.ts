// The schema version that this release gives a database file: as many as there are migrations.
// Invariant: it rises with each of them (test/storage/migrations.test.ts). Who reads needs the number alone.
// Not here: the steps (migrations/migrations.ts), what a file has (schema.ts).

export const SCHEMA_VERSION = 14;
