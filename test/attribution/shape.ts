// Builds what tests of attribution need: a shape, a connection with statements, a verdict.
// Not here: expectations.

import { attribute } from '../../analyzer/attribution/attribute.js';
import { type CommentTags, readComments } from '../../analyzer/attribution/comments/sql-comment.js';
import { ConnectionProfile } from '../../analyzer/attribution/connection/connection-profile.js';
import type { Siblings } from '../../analyzer/attribution/connection/siblings.js';
import type { StatementShape } from '../../analyzer/attribution/shape/shape.js';
import { shapeOf } from '../../analyzer/attribution/statement-shape.js';
import { lex } from '../../analyzer/sql/sql-lexer.js';
import { SqlTokens } from '../../analyzer/sql/tokens.js';
import type { Verdict } from '../../facts/verdict.js';

export function tokensOf(sql: string): SqlTokens {
  const tokens = new SqlTokens();
  lex(Buffer.from(sql), tokens);
  return tokens;
}

export function shape(sql: string): StatementShape {
  return shapeOf(tokensOf(sql));
}

export function tags(sql: string): CommentTags {
  return readComments(tokensOf(sql));
}

export interface Sent {
  protocol?: 'simple' | 'extended';
  statementName?: string;
  transactionBefore?: '' | 'I' | 'T' | 'E';
  failed?: boolean;
}

/** A connection under observation, as the pipeline drives one. */
export class Connection {
  readonly profile: ConnectionProfile;

  constructor(startup: Record<string, string> = { user: 'app', database: 'app' }, siblings?: Siblings) {
    this.profile = new ConnectionProfile(Object.entries(startup), siblings);
  }

  send(sql: string, { failed = false, ...sent }: Sent = {}): Verdict {
    const statement = shape(sql);
    const comment = tags(sql);
    const context = { protocol: 'simple', statementName: '', transactionBefore: '', ...sent } as const;
    this.profile.observe(statement, context, comment.proof);
    const verdict = attribute(statement, { profile: this.profile, tags: comment });
    this.profile.finish(statement, failed);
    return verdict;
  }

  /** Statements whose verdicts do not matter. */
  run(...texts: string[]): this {
    for (const sql of texts) this.send(sql);
    return this;
  }
}

export const DJANGO_STARTUP = { user: 'app', database: 'app', client_encoding: 'UTF8' };

export function djangoConnection(): Connection {
  return new Connection(DJANGO_STARTUP).run("SELECT set_config('TimeZone', 'UTC', false)");
}

/** The first connection of an Engine on psycopg2. */
export function sqlalchemyConnection(): Connection {
  return new Connection().run(
    'BEGIN',
    'select pg_catalog.version()',
    'select current_schema()',
    'show transaction isolation level',
    'show standard_conforming_strings',
    'ROLLBACK',
  );
}
