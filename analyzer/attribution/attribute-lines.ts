// Attributes statements given as JSON lines: the pure core of `pgwitness attribute`.
// Invariant: one output per input line, in the order of the input; a bad line becomes an error with its number and hurts no other.
// A session settles as on the wire, by its profile, after 64 statements or at the end of the input; there is no clock here.
// Not here: reading files, fingerprints (a callback, so that this folder does not know that one).

import { lex } from '../sql/sql-lexer.js';
import { SqlTokens } from '../sql/tokens.js';
import { attribute, isFinal } from './attribute.js';
import { ConnectionProfile } from './connection-profile.js';
import { cursorNameAt } from './recognise-names.js';
import type { UserRules, UserSubject } from './rule-user.js';
import { isSettled } from './settling.js';
import { Siblings } from './siblings.js';
import { type CommentTags, readComments } from './sql-comment.js';
import { type StatementShape, shapeOf } from './statement-shape.js';
import type { Verdict } from './verdict.js';
import { isWord, W } from './words.js';

export interface AttributeLine {
  session: string | number;
  startup?: Readonly<Record<string, string>>;
  protocol?: 'simple' | 'extended';
  statement_name?: string;
  sql: string;
}

export interface LineOptions {
  /** Fingerprint of a text, added to each line. */
  fingerprint?: (sql: string) => string;
  rules?: UserRules;
}

export interface LineError {
  /** From 1. */
  line: number;
  message: string;
}

/** An input object with source, construct, confidence, evidence and fingerprint added, or why the line was not understood. */
export type LineResult = { output: Record<string, unknown> } | { error: LineError };

/** One line waiting for its session to settle. */
interface Waiting {
  index: number;
  shape: StatementShape;
  tags: CommentTags;
  inTransaction: boolean;
}

const CURSORS_MAX = 1000;

interface Session {
  profile: ConnectionProfile;
  startup: Readonly<Record<string, string>>;
  /** Shapes of declared statements by cursor name. */
  cursors: Map<string, StatementShape>;
  waiting: Waiting[];
  settled: boolean;
}

/** What lines share. */
interface Input {
  sessions: Map<string, Session>;
  siblings: Siblings;
}

/**
 * @param lines the text of each input line; empty ones are skipped without output.
 * @returns results in input order.
 */
export function attributeLines(lines: Iterable<string>, options: LineOptions = {}): LineResult[] {
  const tokens = new SqlTokens();
  const input: Input = { sessions: new Map(), siblings: new Siblings() };
  const results: LineResult[] = [];
  let number = 0;
  for (const text of lines) {
    number++;
    if (text.trim() === '') continue;
    const index = results.length;
    const line = parseLine(text);
    if (typeof line === 'string') {
      results.push({ error: { line: number, message: line } });
      continue;
    }
    const session = sessionOf(line, input);
    lex(Buffer.from(line.sql, 'utf8'), tokens);
    const shape = shapeIn(session, tokens);
    const tags = readComments(tokens);
    const { profile } = session;
    profile.observe(shape, contextOf(line), tags.proof);
    const { inTransaction } = profile;
    profile.finish(shape);
    const fingerprint = options.fingerprint?.(line.sql);
    const output: Record<string, unknown> = fingerprint === undefined ? { ...line } : { ...line, fingerprint };
    results.push({ output });
    const decided = options.rules?.decide(userSubject(session, { tags, fingerprint })).verdict;
    if (decided !== undefined) {
      write(results, index, decided);
      continue;
    }
    session.waiting.push({ index, shape, tags, inTransaction });
    if (isSettled(profile.standing, { statements: profile.statements, firstAtMs: 0, nowMs: 0 })) session.settled = true;
    if (session.settled) settle(session, results);
    else settleFinal(session, results);
  }
  for (const session of input.sessions.values()) settle(session, results);
  return results;
}

function sessionOf(line: AttributeLine, { sessions, siblings }: Input): Session {
  const id = `${typeof line.session}:${line.session}`;
  let session = sessions.get(id);
  if (session === undefined) {
    const startup = line.startup ?? {};
    session = {
      profile: new ConnectionProfile(Object.entries(startup), siblings),
      startup,
      cursors: new Map(),
      waiting: [],
      settled: false,
    };
    sessions.set(id, session);
  }
  return session;
}

/** FETCH and MOVE are as the statement their cursor was declared for. */
function shapeIn(session: Session, tokens: SqlTokens): StatementShape {
  const shape = shapeOf(tokens);
  const at = cursorNameAt(tokens);
  if (at < 0 || at >= tokens.count) return shape;
  const name = tokens.text(at);
  if (isWord(tokens, 0, W.fetch) || isWord(tokens, 0, W.move)) return session.cursors.get(name) ?? shape;
  if (!isWord(tokens, 0, W.declare)) return shape;
  if (session.cursors.size < CURSORS_MAX) session.cursors.set(name, shape);
  return shape;
}

function contextOf(line: AttributeLine): {
  protocol: 'simple' | 'extended';
  statementName: string;
  transactionBefore: '';
} {
  return { protocol: line.protocol ?? 'simple', statementName: line.statement_name ?? '', transactionBefore: '' };
}

function userSubject(
  session: Session,
  { tags, fingerprint }: { tags: CommentTags; fingerprint: string | undefined },
): UserSubject {
  const { startup } = session;
  return {
    applicationName: startup.application_name ?? '',
    user: startup.user ?? '',
    database: startup.database ?? startup.user ?? '',
    tags: tags.pairs,
    fingerprint: fingerprint ?? '',
  };
}

/** The verdict of the moment for all that waits. */
function settle(session: Session, results: LineResult[]): void {
  for (const waiting of session.waiting) write(results, waiting.index, verdictOn(session, waiting));
  session.waiting = [];
}

/** Certain verdicts do not wait. */
function settleFinal(session: Session, results: LineResult[]): void {
  const last = session.waiting.at(-1)!;
  const verdict = verdictOn(session, last);
  if (!isFinal(verdict)) return;
  write(results, last.index, verdict);
  session.waiting.pop();
}

function verdictOn(session: Session, { shape, tags, inTransaction }: Waiting): Verdict {
  return attribute(shape, { profile: session.profile, tags, inTransaction });
}

function write(results: LineResult[], index: number, verdict: Verdict): void {
  const result = results[index];
  if (!('output' in result)) return;
  const { source, construct, confidence, evidence } = verdict;
  Object.assign(result.output, { source, construct, confidence, evidence });
}

/** The line's object, or what is wrong with it and what to do. */
function parseLine(text: string): AttributeLine | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `not JSON (${(error as Error).message}): write one object per line`;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'not an object: write {"session": …, "sql": "…"}';
  const line = value as Record<string, unknown>;
  if (typeof line.sql !== 'string') return 'no "sql": give the statement as a string';
  if (typeof line.session !== 'string' && typeof line.session !== 'number')
    return 'no "session": give the connection a name or number';
  if (line.protocol !== undefined && line.protocol !== 'simple' && line.protocol !== 'extended') {
    return '"protocol" must be "simple" or "extended"';
  }
  if (line.statement_name !== undefined && line.statement_name !== null && typeof line.statement_name !== 'string') {
    return '"statement_name" must be a string';
  }
  if (line.startup !== undefined && !isStartup(line.startup)) return '"startup" must be an object of strings';
  return line as unknown as AttributeLine;
}

function isStartup(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((each) => typeof each === 'string')
  );
}
