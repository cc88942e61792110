// Finds requests that open a connection of their own, instead of taking one that is open.
// Invariant: the connections of the application are short lived, nearly all of them; commands, and SQL by hand without
// a route (psql, probes), are not looked at.
// It is a habit and stays weak: behind another pooler it may be meant. Not here: telling short connections
// (analyzer/work/pace.ts).

import { routeOf } from '../../../facts/work/routes.js';
import { type Kind, poolsOf } from '../views/kind.js';

const NS_PER_MS = 1e6;
const APPLICATIONS: ReadonlySet<string> = new Set(['django-orm', 'sqlalchemy', 'raw']);

export const CONNECTION_PER_REQUEST: Kind = {
  kind: 'connection-per-request',
  look(view) {
    const { opened, tagSet } = view.unit;
    if (opened.connections === 0) return [];
    const [first] = view.own;
    if (first === undefined || !APPLICATIONS.has(first.source)) return [];
    const { kind, route } = routeOf(tagSet);
    if (kind === 'command' || (route === '' && first.source === 'raw')) return [];
    return [
      {
        kind: 'connection-per-request',
        confidence: 'weak',
        statements: [],
        pools: poolsOf([first]),
        times: opened.connections,
        costNs: opened.ms * NS_PER_MS,
        caller: '',
      },
    ];
  },
  words: (told) => ({
    title: `Every request opens a connection in ${told.pools.join(', ')}`,
    explanation:
      'The connections of this pool are opened for one request each, and closed after it. ' +
      'Each time the server starts a process, and the request waits for the login.',
    nextStep:
      'Keep them: CONN_MAX_AGE or a pool in OPTIONS (Django), a QueuePool in place of NullPool (SQLAlchemy). Behind a pooler of its own it may be meant: accept it then.',
  }),
};
