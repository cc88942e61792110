// Tells statements of Django itself and of migrations from those that a place should explain.
// Invariant: a line of the code that is no migration keeps a statement out; without a line, Django's own tables are
// Django's. Not here: what places send (join.ts), what these lead to (inferred.ts).

import type { StatementFacts } from '../facts/answers.js';
import { mainTableOf } from '../facts/words/short-sql.js';
import { callerOf } from './callers.js';
import type { CodePlace } from './catalogue.js';

export interface OfFramework {
  readonly facts: StatementFacts;
  /**
   * construct: the schema editor, introspection, or Django's own SQL wrote it. table: it keeps Django's own records.
   * migration: a line, or a text, of a migration of the code.
   */
  readonly by: 'construct' | 'table' | 'migration';
}

interface Known {
  /** Places of migrations. */
  readonly migrations: readonly CodePlace[];
  readonly fingerprintsOf: (place: CodePlace) => readonly string[];
}

const CONSTRUCTS: ReadonlySet<string> = new Set(['migration', 'introspection', 'internal']);
/** Django alone writes it; the code has no model of it. */
const RECORDER = 'django_migrations';
/** Written after each migrate. An application may use their models too: then a line of it is the caller. */
const RECORDS: ReadonlySet<string> = new Set(['django_content_type', 'auth_permission']);

/** What says of a statement that it is of Django or of a migration; undefined = nothing does. */
export function frameworkReader({ migrations, fingerprintsOf }: Known) {
  const texts = new Set(migrations.filter(({ kind }) => kind === 'raw').flatMap(fingerprintsOf));
  return (facts: StatementFacts): OfFramework | undefined => {
    const by = evidenceOf(facts, texts);
    return by === undefined ? undefined : { facts, by };
  };
}

function evidenceOf(facts: StatementFacts, texts: ReadonlySet<string>): OfFramework['by'] | undefined {
  const files = [...(facts.tags.get('caller') ?? [])].map((name) => callerOf(name)?.file ?? name);
  const ofCode = files.filter((file) => !isEntry(file));
  if (ofCode.some((file) => !isMigration(file))) return undefined;
  if (ofCode.length > 0) return 'migration';
  if (facts.source === 'raw') return texts.has(facts.fingerprint) ? 'migration' : undefined;
  if (facts.source !== 'django-orm') return undefined;
  if (facts.byConstruct.size > 0 && [...facts.byConstruct.keys()].every((name) => CONSTRUCTS.has(name)))
    return 'construct';
  const table = mainTableOf(facts.query);
  if (table === RECORDER) return 'table';
  // Without tags a read may be the application's.
  return RECORDS.has(table) && (files.length > 0 || !/^\s*select\b/i.test(facts.query)) ? 'table' : undefined;
}

/** Django's commands start there: the outermost line of the application, not one that queries. */
function isEntry(file: string): boolean {
  return file === 'manage.py' || file.endsWith('/manage.py');
}

function isMigration(file: string): boolean {
  return file.split('/').slice(0, -1).includes('migrations');
}
