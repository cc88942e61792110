// The words for statements of Django itself and of migrations: what they are, and how many.
// Invariant: terminal and page say the same. Not here: telling them apart (audit/framework.ts).

type By = 'construct' | 'table' | 'migration';

interface Row {
  readonly by: By;
  readonly calls: number;
  readonly errors: number;
}

const WORDS: ReadonlyArray<readonly [By, string]> = [
  ['construct', 'schema and introspection'],
  ['table', 'records of migrations, content types and permissions'],
  ['migration', 'migrations of the code'],
];

/** `rows`: at least one. `count` writes a number. */
export function frameworkText(rows: readonly Row[], count: (value: number) => string): string {
  const parts = WORDS.flatMap(([by, words]) => {
    const own = rows.filter((row) => row.by === by).length;
    return own === 0 ? [] : [`${count(own)} ${words}`];
  });
  const executions = rows.reduce((sum, { calls, errors }) => sum + calls + errors, 0);
  const statements = `${count(rows.length)} ${rows.length === 1 ? 'statement' : 'statements'}`;
  return `Django itself and migrations sent ${statements}, ${count(executions)} times: ${parts.join(', ')}`;
}
