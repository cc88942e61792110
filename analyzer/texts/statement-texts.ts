// Takes a statement observation apart into executions, each with identity, facts and measures.
//
//   text or text id ► identify ► one statement: one execution
//                               └ several: as many executions as the server answered, the time shared
//                     EXECUTE counts under the prepared body; FETCH and MOVE have the shape of their cursor's query
//
// Invariant: as many executions are passed on as the observation stands for; one, counted as a mismatch, where text and
// completions disagree. Not here: sessions (analyzer/sessions/), verdicts (analyzer/judge.ts).

import type { Measured } from '../../facts/rollup-row.js';
import {
  emptyStatement,
  type StatementObservation,
  type StatementRunning,
  type TextDefined,
} from '../../proxy/stream/observation.js';
import { KeyedHash, type ParameterKey, type ParameterSet, UNKNOWN_PARAMETERS } from '../../proxy/stream/parameters.js';
import type { StatementShape } from '../attribution/shape/shape.js';
import { shapeOf } from '../attribution/statement-shape.js';
import { Fingerprinter } from '../fingerprint/fingerprint.js';
import { splitStatements } from '../fingerprint/split.js';
import { NAMING_COMMANDS, SqlNames } from '../fingerprint/sql-session.js';
import type { Attributable } from '../sessions/observed-session.js';
import { type ReadableText, readableText, USUAL_READING } from './client-text.js';
import { CommentTagsReader } from './comment-tags-cache.js';
import { factsOf, type Identity, type TextFacts } from './facts-of-text.js';
import { type KnownText, KnownTexts } from './known-text.js';
import { measuredOf, shareOf } from './measured-of.js';

/** What is known of the connection that sent the text. */
export interface TextSession {
  readonly facts: { readonly relayId: string };
}

/** One execution, ready to be judged and counted. */
export type ExecutionTaker = (statement: Attributable, identity: Identity, measured: Measured) => void;

type InFlightText = Pick<StatementRunning, 'text' | 'textMissingBytes' | 'textId' | 'reading'>;

/** The part of the user's rules that looks at texts. */
interface SqlRules {
  readonly readsSql: boolean;
  sqlMatches(query: string): readonly string[];
}

export interface TextsOptions {
  readonly dimensionKeys: ReadonlySet<string>;
  readonly rules: SqlRules;
  /** Literals are hashed with it; left out = none are. */
  readonly parameterKey?: ParameterKey;
}

const NO_MATCHES: readonly string[] = [];

/** SQLSTATE of a text or a parameter that is not valid in its encoding. */
const CHARACTER_NOT_IN_REPERTOIRE = '22021';

export class StatementTexts {
  readonly #fingerprinter: Fingerprinter<TextFacts>;
  readonly #hash: KeyedHash;
  readonly #tags: CommentTagsReader;
  /** Prepared texts. */
  readonly known = new KnownTexts();
  #rules: SqlRules;
  /** Matches of the rules in each text, found once. */
  #sqlMatches = new WeakMap<Identity, readonly string[]>();
  readonly #names = new WeakMap<TextSession, SqlNames<TextFacts>>();
  /** Texts whose statements and completions disagree: each is counted as one execution. */
  splitMismatchTotal = 0;

  static async load(options: TextsOptions): Promise<StatementTexts> {
    const hash = new KeyedHash();
    if (options.parameterKey !== undefined) hash.use(options.parameterKey);
    const fingerprinter = await Fingerprinter.load({ analyse: factsOf, readsTokens, literalHash: hash });
    return new StatementTexts(fingerprinter, hash, options);
  }

  private constructor(
    fingerprinter: Fingerprinter<TextFacts>,
    hash: KeyedHash,
    { dimensionKeys, rules }: TextsOptions,
  ) {
    this.#hash = hash;
    this.#fingerprinter = fingerprinter;
    this.#tags = new CommentTagsReader(dimensionKeys);
    this.#rules = rules;
  }

  /** Takes other rules of the user, and matches the prepared texts again. */
  useRules(rules: SqlRules): void {
    this.#rules = rules;
    this.#sqlMatches = new WeakMap();
    for (const text of this.known.all())
      text.statement = { ...text.statement, sqlMatches: this.#matchesOf(text.identity) };
  }

  define(relayId: string, defined: Omit<TextDefined, 'kind'>): void {
    const { text: bytes, textMissingBytes: missingBytes, reading } = defined;
    // The server may yet refuse the text, and its error is told by an id that others use as well.
    const isRefused = reading.clientEncoding === 'UTF8';
    const identity = this.#identify(readableText({ bytes, missingBytes, reading, isRefused }));
    const literals = { ...this.#fingerprinter.literals };
    this.known.define(relayId, defined.textId, { identity, literals, statement: this.#attributable(identity) });
  }

  /** The text of a request in flight, as a whole: how far the server is with several statements is not known. */
  inFlight(relayId: string, running: InFlightText): Pick<KnownText, 'identity' | 'statement'> {
    const { text: bytes, textMissingBytes: missingBytes, reading, textId } = running;
    if (bytes === null) return this.known.of(relayId, textId);
    const identity = this.#identify(readableText({ bytes, missingBytes, reading, isRefused: false }));
    return { identity, statement: this.#attributable(identity) };
  }

  /** Passes on each of the `executions` of an observation. */
  each(
    session: TextSession,
    observed: { observation: StatementObservation; executions: number },
    take: ExecutionTaker,
  ): void {
    const { observation, executions } = observed;
    if (observation.text === null) {
      const known = this.known.of(session.facts.relayId, observation.textId);
      take(known.statement, known.identity, this.#measured(observation, known));
      return;
    }
    const text = readableText({
      bytes: observation.text,
      missingBytes: observation.textMissingBytes,
      reading: observation.reading,
      isRefused: observation.sqlstate === CHARACTER_NOT_IN_REPERTOIRE,
    });
    const identity = this.#identify(text);
    if (executions > 1 || identity.statementCount > 1)
      this.#several(session, { observation, executions, text, identity }, take);
    else
      this.#named(
        session,
        { text, identity, measured: this.#measured(observation, { identity, literals: this.#fingerprinter.literals }) },
        take,
      );
  }

  /** Passes on each statement of a text that was never run, as if the server had run it without an error. */
  eachIn(session: TextSession, kept: { text: Uint8Array; missingBytes: number }, take: ExecutionTaker): void {
    const { text: bytes, missingBytes } = kept;
    const { statementCount } = this.#identify(
      readableText({ bytes, missingBytes, reading: USUAL_READING, isRefused: false }),
    );
    const isWhole = missingBytes === 0 && statementCount > 1;
    const executions = isWhole ? statementCount : 1;
    const completions = Array.from({ length: executions }, () => ({ command: '', rows: 0 }));
    const observation = { ...UNMEASURED, text: bytes, textMissingBytes: missingBytes, completions };
    this.each(session, { observation, executions }, take);
  }

  /** k completions and an error are k calls and one error; the server skipped the statements after it. */
  #several(
    session: TextSession,
    request: { observation: StatementObservation; executions: number; text: ReadableText; identity: Identity },
    take: ExecutionTaker,
  ): void {
    const { observation, executions, text } = request;
    const parts = splitStatements(this.#fingerprinter.tokens);
    const fits = observation.sqlstate !== '' ? executions <= parts.length : executions === parts.length;
    if (!fits || observation.textMissingBytes > 0) {
      this.splitMismatchTotal++;
      const { identity } = request;
      const measured = this.#measured(observation, { identity, literals: UNKNOWN_PARAMETERS });
      take(this.#attributable(identity), identity, measured);
      return;
    }
    const completions = observation.completions.filter((completion) => completion.command !== '');
    for (let i = 0; i < executions; i++) {
      const part = {
        ...text,
        bytes: text.bytes.subarray(parts[i].start, parts[i].end),
        endsInDoubt: text.endsInDoubt && i === parts.length - 1,
      };
      const identity = this.#identify(part);
      const { literals } = this.#fingerprinter;
      const run = { executions, index: i, completion: completions[i], identity, literals };
      const measured = shareOf(observation, run, this.#hash);
      this.#named(session, { text: part, identity, measured }, take);
    }
  }

  /** Passes on one statement; EXECUTE, FETCH and MOVE with their owner. Comes right after `text` was identified. */
  #named(
    session: TextSession,
    execution: { text: ReadableText; identity: Identity; measured: Measured },
    take: ExecutionTaker,
  ): void {
    const { identity, measured } = execution;
    const statement = this.#attributable(identity);
    const owner = NAMING_COMMANDS.has(identity.command) ? this.#owner(session, execution) : undefined;
    if (owner === undefined) take(statement, identity, measured);
    else if (identity.command === 'EXECUTE') {
      const sqlMatches = this.#matchesOf(owner);
      take({ ...statement, fingerprint: owner.fingerprint, shape: owner.facts.shape, sqlMatches }, owner, measured);
    } else take({ ...statement, shape: owner.facts.shape }, identity, measured);
  }

  #owner(session: TextSession, execution: { text: ReadableText; measured: Measured }): Identity | undefined {
    let names = this.#names.get(session);
    if (names === undefined) {
      names = new SqlNames();
      this.#names.set(session, names);
    }
    if (execution.measured.sqlstate !== '') return names.ownerOf(this.#fingerprinter.tokens);
    return names.follow(execution.text.bytes, this.#fingerprinter, execution.text);
  }

  #measured(
    observation: StatementObservation,
    text: { identity: Identity; literals: Readonly<ParameterSet> },
  ): Measured {
    return measuredOf(observation, text, this.#hash);
  }

  #identify(text: ReadableText): Identity {
    return this.#fingerprinter.identify(text.bytes, text);
  }

  /** What attribution needs of the text. Reads the fingerprinter's tokens, so it must follow right after identify. */
  #attributable(identity: Identity): Attributable {
    const { fingerprint, facts } = identity;
    const { tokens } = this.#fingerprinter;
    const shape: StatementShape = facts.shape.readsFolded ? shapeOf(tokens) : facts.shape;
    const { tags, tagSet, unitTagSet } = this.#tags.read(tokens);
    return { fingerprint, shape, tags, tagSet, unitTagSet, sqlMatches: this.#matchesOf(identity) };
  }

  #matchesOf(identity: Identity): readonly string[] {
    if (!this.#rules.readsSql) return NO_MATCHES;
    let found = this.#sqlMatches.get(identity);
    if (found === undefined) {
      found = this.#rules.sqlMatches(identity.query);
      this.#sqlMatches.set(identity, found);
    }
    return found;
  }
}

/** Tokens are needed to split statements, to follow names in SQL, and for shapes that depend on folded literals. */
function readsTokens({ facts, command, statementCount }: Identity): boolean {
  return facts.shape.readsFolded || statementCount > 1 || NAMING_COMMANDS.has(command);
}

const UNMEASURED: StatementObservation = Object.freeze(emptyStatement());
