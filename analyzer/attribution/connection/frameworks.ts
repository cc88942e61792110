// Says in plain words what was seen of another framework.
// Invariant: a name is given only where the sign is that framework's alone.
// Not here: seeing it (others/recognise-framework.ts).

import type { Framework } from '../shape/shape.js';

const SAW: Readonly<Record<Framework, string>> = {
  '': '',
  peewee: 'tables named "t1", "t2", or savepoints named "s<32 hex digits>", as peewee names them',
  pony: 'quoted table names with quoted aliases on lines of their own, as Pony writes them',
  tortoise: 'quoted names compared without blanks, as Tortoise ORM writes them',
  piccolo: 'SELECT ALL, or INSERT with DEFAULT for the key, as Piccolo writes them',
  sqlobject: 'each side of a comparison in parentheses, as SQLObject writes them',
  other: 'generated SQL that quotes every name, in a form that neither Django nor SQLAlchemy writes',
  driver: 'prepared statements with names that no Python driver gives',
};

export function frameworkSaw(framework: Framework): string {
  return SAW[framework];
}
