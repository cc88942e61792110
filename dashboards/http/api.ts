// Answers the JSON API: what the store says, what goes on now, marks to set.
// Invariant: an unknown or wrong parameter is refused with an error that names it.
// Not here: who may ask (guard.ts), the grammar of parameters (reports/questions/grammar.ts), the reports (reports/),
// the thread that this runs on (dashboards/threads/reports-thread.ts).

import { errorLine, RuntimeError, UsageError } from '../../config/values/errors.js';
import type { MarkRow } from '../../facts/flush.js';
import { tailJson } from '../../reports/forms/tail-json.js';
import { narrowed } from '../../reports/groups/seen-identities.js';
import { readMarkQuery, readTailQuery } from '../../reports/questions/grammar.js';
import { takeIdentity } from '../../reports/questions/identity-query.js';
import { Reading } from '../../reports/questions/reading.js';
import { withTexts } from '../../reports/work/activity.js';
import { activityJson } from '../../reports/work/activity-json.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';
import { StoreError } from '../../storage/store-error.js';
import { type Answer, jsonAnswer } from './answer.js';
import { MARKS_PATH } from './guard.js';
import type { LiveReader } from './live-reader.js';
import type { MigrationFiles } from './migration.js';
import { StoreAnswers, type StoreAnswersOptions } from './store-answers.js';

/** Answers the API's requests. */
export interface ApiReader {
  /**
   * `url`: path and query as sent, after SETS where something is to be set; `gone` is aborted when nobody waits for the
   * answer any more. Rejects only because of a defect of pgwitness.
   */
  answer(url: string, gone?: AbortSignal): Promise<Answer>;
}

/** Two that ask for the same with it set the same mark: its moment is a parameter. */
export const SETS = 'POST ';
const TAIL_PATH = '/api/v1/tail';
const ACTIVITY_PATH = '/api/v1/activity';

/** Answered by the main thread, not from the store. */
export function isLive(url: string): boolean {
  return url.startsWith(TAIL_PATH) || url.startsWith(ACTIVITY_PATH);
}

export interface ApiOptions {
  reader: StoreReader;
  /** Default: there are none. */
  files?: MigrationFiles;
  live?: LiveReader;
  setMark?: (mark: MarkRow) => void;
  /** A report met damage in the store. */
  onDamage?: (reason: string) => void;
}

const NO_FILES: MigrationFiles = { ledger: '', code: '' };

export class Api implements ApiReader {
  readonly #reader: StoreReader;
  readonly #options: StoreAnswersOptions;
  readonly #answers: StoreAnswers;
  readonly #live: LiveReader | undefined;
  readonly #setMark: ((mark: MarkRow) => void) | undefined;
  readonly #onDamage: (reason: string) => void;

  constructor({ reader, files = NO_FILES, live, setMark, onDamage = () => {} }: ApiOptions) {
    this.#reader = reader;
    this.#options = { files, observes: live !== undefined };
    this.#answers = new StoreAnswers(reader, this.#options);
    this.#live = live;
    this.#setMark = setMark;
    this.#onDamage = onDamage;
  }

  async answer(url: string): Promise<Answer> {
    const at = url.indexOf('?');
    const path = at < 0 ? url : url.slice(0, at);
    const parameters = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
    try {
      if (path.startsWith(SETS)) return this.#set(path.slice(SETS.length), parameters);
      const reader = narrowed(this.#reader, takeIdentity(parameters), (name) => `parameter "${name}"`);
      if (isLive(path))
        return this.#live === undefined ? NO_OBSERVER : ((await this.#now(path, parameters)) ?? NOT_FOUND);
      const answers = reader === this.#reader ? this.#answers : new StoreAnswers(reader, this.#options);
      return (await answers.answer(path, parameters)) ?? NOT_FOUND;
    } catch (error) {
      if (error instanceof StoreError && error.code === 'corrupt') this.#onDamage(error.message);
      return answerOf(error);
    }
  }

  async #now(path: string, parameters: URLSearchParams): Promise<Answer | undefined> {
    if (this.#live === undefined) return undefined;
    const context = { nowMs: Date.now() };
    if (path === TAIL_PATH) {
      const after = readTailQuery(parameters, context);
      return jsonAnswer(200, tailJson(this.#reader, await this.#live.ask({ of: 'tail', after })));
    }
    if (path !== ACTIVITY_PATH) return undefined;
    // It takes no parameter.
    new Reading(parameters, [], context);
    const { texts, ...activity } = await this.#live.ask({ of: 'activity' });
    return jsonAnswer(200, activityJson(withTexts(activity, { texts, reader: this.#reader })));
  }

  #set(path: string, parameters: URLSearchParams): Answer {
    if (path !== MARKS_PATH) return NOT_FOUND;
    if (this.#setMark === undefined) return NO_MARKS;
    const { name, atMs } = readMarkQuery(parameters, { nowMs: Date.now() });
    this.#setMark({ atMs, kind: 'manual', name, fingerprint: '', source: '' });
    return jsonAnswer(200, { at: new Date(atMs).toISOString(), name });
  }
}

const NO_MARKS = jsonAnswer(404, {
  error: 'no mark is set in the store of a fleet',
  hint: 'set it at a sidecar, with --url or --data: it ships its marks',
});

/** Of what goes on now. */
const NO_OBSERVER = jsonAnswer(404, {
  error: 'a store is served here, without an observer',
  hint: 'what goes on now is known to a running sidecar alone: ask it, with --url or on its page',
});

export const NOT_FOUND = jsonAnswer(404, {
  error: 'there is nothing here',
  hint: 'try /metrics, /api/v1/status, /api/v1/statements, /api/v1/statements/:fingerprint, /api/v1/statements/:fingerprint/history, /api/v1/statements/:fingerprint/samples, /api/v1/groups, /api/v1/compare, /api/v1/filters, /api/v1/pools, /api/v1/pools/history, /api/v1/trends, /api/v1/sources, /api/v1/routes, /api/v1/findings, /api/v1/requests, /api/v1/watched, /api/v1/sessions, /api/v1/marks, /api/v1/progress, /api/v1/audit, /api/v1/activity, /api/v1/tail or the page at /',
});

function answerOf(error: unknown): Answer {
  if (error instanceof UsageError) return jsonAnswer(400, { error: errorLine(error), hint: error.hint });
  if (error instanceof RuntimeError) return jsonAnswer(404, { error: errorLine(error), hint: error.hint });
  if (error instanceof StoreError)
    return jsonAnswer(503, { error: `the store cannot be used (${error.code})`, hint: error.hint });
  throw error;
}
