// Reads audit.json: every place of the code that touches the database, as clients/python found it.
// Invariant: what was read has the types it claims; what is wrong is said with its path in the file.
// Not here: making the file (clients/python/pgwitness/audit), what ran (join.ts).

import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { RuntimeError } from '../config/values/errors.js';

const nullable = v.nullable(v.string());
const statementSchema = v.object({
  /** As written in the code; a hole reads `{expression}`. null = not known. */
  sql: nullable,
  holes: v.boolean(),
  form: v.picklist(['statement', 'fragment']),
  reverse: v.boolean(),
});
const placeSchema = v.object({
  id: v.string(),
  file: v.string(),
  line: v.number(),
  end_line: v.number(),
  function: v.string(),
  /** First and last line of the function that it is in; null = it is in none. */
  function_lines: v.nullish(v.tuple([v.number(), v.number()])),
  kind: v.picklist(['orm', 'raw', 'sqlalchemy']),
  in_migration: v.boolean(),
  api: v.string(),
  statements: v.array(statementSchema),
  tables: v.array(v.string()),
  database: nullable,
  /** Id of the helper's place that sends it. */
  via: nullable,
  resolved: v.boolean(),
  unresolved: nullable,
  /** Of a model of SQLAlchemy: `file:line` of the Django model of the same table. */
  twin: v.nullish(v.string()),
});
const catalogueSchema = v.object({
  version: v.literal(1, 'this release reads version 1'),
  root: v.string(),
  routes: v.nullable(v.array(v.string())),
  jobs: v.nullable(v.array(v.object({ name: v.string(), schedule: nullable }))),
  commands: v.nullable(v.array(v.string())),
  places: v.array(placeSchema),
});

export type CodePlace = v.InferOutput<typeof placeSchema>;
export type Catalogue = v.InferOutput<typeof catalogueSchema>;

/** What stands in the code beside queries and goes with the library: no statement comes from it by itself. */
const DECLARATIONS: ReadonlySet<string> = new Set(['import', 'model', 'engine', 'sessionmaker']);

/** Throws RuntimeError when the file cannot be read or is no audit.json. */
export function readCatalogue(file: string): Catalogue {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new RuntimeError(`the catalogue cannot be read (${reason})`, { where: file, hint: 'check --code' });
  }
  return parseCatalogue(text, file);
}

/** `where` names the text in errors. Throws RuntimeError. */
export function parseCatalogue(text: string, where: string): Catalogue {
  const hint = 'make it with: python -m pgwitness.audit PATH';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RuntimeError('the catalogue is no JSON', { where, hint });
  }
  const read = v.safeParse(catalogueSchema, value);
  if (read.success) return read.output;
  const [issue] = read.issues;
  throw new RuntimeError(`the catalogue is not as it should be: ${issue.message}`, {
    where: `${where}: ${v.getDotPath(issue) ?? 'the whole'}`,
    hint,
  });
}

/** True for an import, a model, an engine or a session factory. */
function isDeclaration(place: CodePlace): boolean {
  return DECLARATIONS.has(place.api);
}

/** SQLAlchemy's models, with their tables. */
export function modelsOf({ places }: Catalogue): CodePlace[] {
  return places.filter(({ kind, api }) => kind === 'sqlalchemy' && api === 'model');
}

/** Places of migrations. */
export function migrationsOf({ places }: Catalogue): CodePlace[] {
  return places.filter((place) => place.in_migration && !isDeclaration(place));
}

/** Places of queries: no declarations, no migrations, no helper that its callers stand for. */
export function queriesOf(catalogue: Catalogue): CodePlace[] {
  const helpers = new Set(catalogue.places.map(({ via }) => via));
  return catalogue.places.filter(
    (place) =>
      !isDeclaration(place) &&
      !place.in_migration &&
      !(helpers.has(place.id) && place.statements.every(({ holes }) => holes)),
  );
}
