// Remembers which startup packets are SQLAlchemy's.
// An Engine shows itself on its first connection only; its later connections just begin.
// An Engine that outlives this process shows itself to nobody again, so the stored pools teach it too (learn).
// Invariant: bounded. Startup parameters are kept only as a key in memory, and only of connections that were strongly
// SQLAlchemy's.
// Not here: when a connection asks (connection-profile.ts).

const REMEMBERED_MAX = 1000;

export class Siblings {
  readonly #sqlalchemy = new Set<string>();

  /** A connection with this startup packet was shown to be SQLAlchemy's. The oldest is forgotten beyond the bound. */
  learn(startupKey: string): void {
    if (this.#sqlalchemy.has(startupKey)) return;
    if (this.#sqlalchemy.size >= REMEMBERED_MAX) {
      for (const oldest of this.#sqlalchemy) {
        this.#sqlalchemy.delete(oldest);
        break;
      }
    }
    this.#sqlalchemy.add(startupKey);
  }

  isSqlalchemy(startupKey: string): boolean {
    return this.#sqlalchemy.has(startupKey);
  }
}

/** The parameters that tell applications and drivers apart, wherever they stand in the packet. */
const TELLING = ['user', 'database', 'application_name', 'options', 'client_encoding'] as const;

export function startupKeyOf(startup: ReadonlyArray<readonly [name: string, value: string]>): string {
  const given = new Map(startup);
  if (!given.has('database')) given.set('database', given.get('user') ?? '');
  return TELLING.map((name) => given.get(name) ?? '').join('\0');
}
