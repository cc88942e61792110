// Attributes statements given as JSON lines: the core of `pgwitness attribute`.
// Invariant: one output per input line, in input order. A bad line becomes an error with its number and does not
// affect other lines.
// A session settles as on the wire: by its profile, after 64 statements, or at the end of the input. There is no clock
// here.
// Not here: reading files; splitting texts (texts/line-reader.ts, so that this folder does not depend on fingerprints).

import type { Verdict } from '../../facts/verdict.js';
import { attribute } from './attribute.js';
import type { CommentTags } from './comments/sql-comment.js';
import { ConnectionProfile } from './connection/connection-profile.js';
import { Siblings } from './connection/siblings.js';
import { isSettled } from './is-settled.js';
import type { UserRules, UserSubject } from './rules/rule-user.js';
import type { StatementShape } from './shape/shape.js';

export interface AttributeLine {
  session: string | number;
  startup?: Readonly<Record<string, string>>;
  client_address?: string;
  protocol?: 'simple' | 'extended';
  statement_name?: string;
  sql: string;
}

/** What the names that a session gave to statements and cursors hang on. */
export interface LineSession {
  readonly facts: { readonly relayId: string };
}

/** One statement of a text; EXECUTE, FETCH and MOVE as the statement they are for. */
export interface LineStatement {
  readonly fingerprint: string;
  readonly shape: StatementShape;
  readonly tags: CommentTags;
  readonly sqlMatches: readonly string[];
  /** Normalised text. */
  readonly query: string;
  readonly summary: string;
}

/** Takes a text apart: at least one statement. */
export type LineReader = (session: LineSession, sql: string) => readonly LineStatement[];

export interface LineOptions {
  read: LineReader;
  rules?: UserRules;
  /** The configured network an address falls into. */
  networkOf?: (clientAddress: string) => string;
}

export interface LineError {
  /** From 1. */
  line: number;
  message: string;
}

/**
 * An input object with source, construct, confidence, evidence and fingerprint added, or why the line was not
 * understood.
 * A line of several statements gets those of its first statement that is not housekeeping, and `statements` lists all.
 */
export type LineResult = { output: Record<string, unknown> } | { error: LineError };

/** A statement of a line and what became of it. */
interface Judged {
  readonly statement: LineStatement;
  /** Undefined until its session settles. */
  verdict: Verdict | undefined;
}

type JudgedLine = { readonly line: AttributeLine; readonly judged: readonly Judged[] };

interface Session {
  profile: ConnectionProfile;
  line: AttributeLine;
  names: LineSession;
  waiting: Judged[];
  settled: boolean;
}

/** What lines share. */
interface Input {
  sessions: Map<string, Session>;
  siblings: Siblings;
  options: LineOptions;
}

/**
 * @param lines the text of each input line; empty ones are skipped without output.
 * @returns results in input order.
 */
export function attributeLines(lines: Iterable<string>, options: LineOptions): LineResult[] {
  return judgeLines(lines, options).map((one) => ('error' in one ? one : { output: outputOf(one.line, one.judged) }));
}

/** The same as types: the statements of each line, all with a verdict. */
export function judgeLines(
  lines: Iterable<string>,
  options: LineOptions,
): ReadonlyArray<JudgedLine | { error: LineError }> {
  const input: Input = { sessions: new Map(), siblings: new Siblings(), options };
  const read: Array<JudgedLine | { error: LineError }> = [];
  let number = 0;
  for (const text of lines) {
    number++;
    if (text.trim() === '') continue;
    const line = parseLine(text);
    if (typeof line === 'string') read.push({ error: { line: number, message: line } });
    else read.push({ line, judged: judge(line, input) });
  }
  for (const session of input.sessions.values()) settle(session, options);
  return read;
}

/** Its statements, each with its verdict or waiting until its session settles. */
function judge(line: AttributeLine, input: Input): readonly Judged[] {
  const session = sessionOf(line, input);
  const { profile } = session;
  return input.options.read(session.names, line.sql).map((statement) => {
    const judged: Judged = { statement, verdict: undefined };
    // The server runs nothing of an empty text, so on the wire it is no statement of the session.
    if (statement.shape.housekeeping === 'empty') {
      judged.verdict = verdictOn(session, { statement, options: input.options });
      return judged;
    }
    profile.observe(statement.shape, contextOf(line), statement.tags.proof);
    session.waiting.push(judged);
    if (isSettled(profile.standing, { statements: profile.statements, firstAtMs: 0, nowMs: 0 })) session.settled = true;
    if (session.settled) settle(session, input.options);
    profile.finish(statement.shape);
    return judged;
  });
}

function sessionOf(line: AttributeLine, { sessions, siblings }: Input): Session {
  const id = `${typeof line.session}:${line.session}`;
  let session = sessions.get(id);
  if (session === undefined) {
    session = {
      profile: new ConnectionProfile(Object.entries(line.startup ?? {}), siblings),
      line,
      names: { facts: { relayId: '' } },
      waiting: [],
      settled: false,
    };
    sessions.set(id, session);
  }
  return session;
}

function contextOf(line: AttributeLine): {
  protocol: 'simple' | 'extended';
  statementName: string;
  transactionBefore: '';
} {
  return { protocol: line.protocol ?? 'simple', statementName: line.statement_name ?? '', transactionBefore: '' };
}

function subjectOf(
  { line, profile }: Session,
  { statement, options }: { statement: LineStatement; options: LineOptions },
): UserSubject {
  const { startup = {}, client_address: clientAddress = '' } = line;
  return {
    applicationName: startup.application_name ?? '',
    user: startup.user ?? '',
    database: startup.database ?? startup.user ?? '',
    tags: statement.tags.pairs,
    fingerprint: statement.fingerprint,
    clientAddress,
    clientNetwork: options.networkOf?.(clientAddress) ?? '',
    driver: profile.driver,
    sqlMatches: statement.sqlMatches,
  };
}

/** The verdict of the moment for all that waits. */
function settle(session: Session, options: LineOptions): void {
  for (const judged of session.waiting) judged.verdict = verdictOn(session, { statement: judged.statement, options });
  session.waiting = [];
}

function verdictOn(session: Session, judged: { statement: LineStatement; options: LineOptions }): Verdict {
  const { shape, tags } = judged.statement;
  const decided = judged.options.rules?.decide(subjectOf(session, judged)).verdict;
  return decided ?? attribute(shape, { profile: session.profile, tags });
}

function outputOf(line: AttributeLine, judged: readonly Judged[]): Record<string, unknown> {
  const all = judged.map(({ statement, verdict }) => {
    const { source, construct, confidence, evidence } = verdict as Verdict;
    return { source, construct, confidence, evidence, fingerprint: statement.fingerprint };
  });
  const main = all.find(({ source }) => source !== 'housekeeping') ?? all[0];
  return all.length === 1 ? { ...line, ...main } : { ...line, ...main, statements: all };
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
  if (line.client_address !== undefined && typeof line.client_address !== 'string')
    return '"client_address" must be a string';
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
