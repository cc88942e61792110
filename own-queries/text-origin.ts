// Tells which texts of pg_stat_statements no client sent through pgwitness by their form.
// Invariant: a text that an application writes is not claimed. Not here: bodies of functions (function-bodies.ts), the
// rules that use the origin (server-rules.ts).
// Sources: PostgreSQL src/backend/utils/adt/ri_triggers.c (the texts of foreign-key checks).

export const ORIGINS = ['foreign-key-check', 'function-body', 'own-query', 'catalogue-look-up'] as const;
export type Origin = (typeof ORIGINS)[number];

/** At the end of every text that pgwitness sends on a connection of its own. */
export const OWN_MARK = '/* pgwitness */';

export interface ServerText {
  /** As the server keeps it. */
  readonly raw: string;
  /** Normalised. */
  readonly query: string;
  readonly command: string;
  /** "SELECT pg_class pg_namespace". */
  readonly summary: string;
}

/** Undefined for a text that an application may have sent. */
export function originOf({ raw, query, command, summary }: ServerText): Origin | undefined {
  if (raw.includes(OWN_MARK)) return 'own-query';
  if (isForeignKeyCheck(query)) return 'foreign-key-check';
  if (command === 'SELECT' && readsCataloguesAlone(summary)) return 'catalogue-look-up';
  return undefined;
}

/** The server quotes every name, and writes its operators with their schema: OPERATOR(pg_catalog.=). */
function isForeignKeyCheck(query: string): boolean {
  if (!query.includes('OPERATOR(pg_catalog.')) return false;
  return (
    /^SELECT \? FROM .* FOR KEY SHARE OF x\b/.test(query) ||
    /^(?:DELETE FROM|UPDATE) (?:ONLY )?"[^"]+"\."[^"]+" (?:SET .* )?WHERE [?$]/.test(query) ||
    /^SELECT fk\..* FROM (?:ONLY )?"[^"]+"\."[^"]+" fk LEFT OUTER JOIN /.test(query)
  );
}

function readsCataloguesAlone(summary: string): boolean {
  const targets = summary.split(' ').filter((word) => word !== 'SELECT');
  return targets.length > 0 && targets.every((name) => /^(?:(?:pg_catalog|information_schema)\.|pg_)/.test(name));
}
