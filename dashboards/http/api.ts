// Answers the paths of the JSON API.
// Invariant: an unknown or wrong parameter is refused with an error that names it.
// Not here: who may ask (guard.ts), the grammar of parameters (reports/questions/grammar.ts), the reports (reports/),
// the thread that this runs on (dashboards/threads/reports-thread.ts).

import { limits } from '../../config/limits.js';
import { errorLine, RuntimeError, UsageError } from '../../config/values/errors.js';
import type { MarkRow } from '../../facts/flush.js';
import { type FindingsReport, reportFindings } from '../../reports/findings.js';
import { findingDetailsJson, findingsJson } from '../../reports/forms/findings-json.js';
import { marksJson } from '../../reports/forms/marks-json.js';
import { poolsJson } from '../../reports/forms/pools-json.js';
import { requestsJson } from '../../reports/forms/requests-json.js';
import { routeDetailsJson } from '../../reports/forms/route-details-json.js';
import { routesJson } from '../../reports/forms/routes-json.js';
import { samplesJson } from '../../reports/forms/samples-json.js';
import { briefStatements, statementDetailsJson } from '../../reports/forms/statement-json.js';
import { encodeStatementsReport } from '../../reports/forms/statements-codec.js';
import { statementsJson } from '../../reports/forms/statements-json.js';
import { statusJson } from '../../reports/forms/status-json.js';
import { tailJson } from '../../reports/forms/tail-json.js';
import { encodeTimeline } from '../../reports/forms/timeline-codec.js';
import { timelineJson } from '../../reports/forms/timeline-json.js';
import { reportGroups } from '../../reports/groups/groups.js';
import { encodeGroups } from '../../reports/groups/groups-codec.js';
import { groupsJson } from '../../reports/groups/groups-json.js';
import { reportSeen } from '../../reports/groups/seen.js';
import { markMoment, reportMarks } from '../../reports/marks.js';
import { reportPools } from '../../reports/pools.js';
import { answerStatements } from '../../reports/questions/answer-statements.js';
import {
  readFindingsQuery,
  readMarkQuery,
  readRequestsQuery,
  readRoutesQuery,
  readStatementQuery,
  readStatementsQuery,
  readTailQuery,
  readTimelineQuery,
  readTimeRange,
} from '../../reports/questions/grammar.js';
import { readGroupsQuery } from '../../reports/questions/groups-query.js';
import { type ParameterContext, Reading } from '../../reports/questions/reading.js';
import { reportRequests } from '../../reports/requests.js';
import { reportRoutes } from '../../reports/routes.js';
import { reportSamples } from '../../reports/samples.js';
import { reportSessions } from '../../reports/sessions.js';
import { reportStatements } from '../../reports/statements.js';
import { reportStatus } from '../../reports/status.js';
import { reportTimeline } from '../../reports/timeline.js';
import { reportFindingSample } from '../../reports/units/finding-sample.js';
import { reportWatched } from '../../reports/watched/watched.js';
import { watchedJson } from '../../reports/watched/watched-json.js';
import { withTexts } from '../../reports/work/activity.js';
import { activityJson } from '../../reports/work/activity-json.js';
import { reportRoute } from '../../reports/work/route-details.js';
import { sessionsJson } from '../../reports/work/sessions-json.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';
import { StoreError } from '../../storage/store-error.js';
import { type Answer, jsonAnswer } from './answer.js';
import { MARKS_PATH } from './guard.js';
import type { LiveReader } from './live-reader.js';
import { MigrationAnswers, type MigrationFiles } from './migration.js';
import { overTime } from './over-time.js';

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
const STATEMENT_PATH = /^\/api\/v1\/statements\/([0-9a-z]{16})(?:\/(history|samples))?$/;

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
  readonly #migration: MigrationAnswers;
  readonly #live: LiveReader | undefined;
  readonly #setMark: ((mark: MarkRow) => void) | undefined;
  readonly #onDamage: (reason: string) => void;

  constructor({ reader, files = NO_FILES, live, setMark, onDamage = () => {} }: ApiOptions) {
    this.#reader = reader;
    this.#migration = new MigrationAnswers(reader, files);
    this.#live = live;
    this.#setMark = setMark;
    this.#onDamage = onDamage;
  }

  async answer(url: string): Promise<Answer> {
    const at = url.indexOf('?');
    const path = at < 0 ? url : url.slice(0, at);
    const parameters = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
    try {
      if (isLive(path))
        return this.#live === undefined ? NO_OBSERVER : ((await this.#now(path, parameters)) ?? NOT_FOUND);
      if (path.startsWith(SETS)) return this.#set(path.slice(SETS.length), parameters);
      const found = this.#report(path, parameters);
      if (found !== undefined) return found;
      const context = this.#context();
      const json =
        (await this.#migration.answer(path, { parameters, context })) ??
        (await overTime(path, { reader: this.#reader, parameters, context }));
      return json === undefined ? NOT_FOUND : jsonAnswer(200, json);
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
    if (path !== MARKS_PATH || this.#setMark === undefined) return NOT_FOUND;
    const { name, atMs } = readMarkQuery(parameters, { nowMs: Date.now() });
    this.#setMark({ atMs, kind: 'manual', name, fingerprint: '', source: '' });
    return jsonAnswer(200, { at: new Date(atMs).toISOString(), name });
  }

  #context(): ParameterContext {
    return { nowMs: Date.now(), markAt: (name) => markMoment(this.#reader, name) };
  }

  #routes({ range, route }: ReturnType<typeof readRoutesQuery>): Answer {
    if (route === undefined) return jsonAnswer(200, routesJson(reportRoutes(this.#reader, range)));
    return jsonAnswer(200, routeDetailsJson(reportRoute(this.#reader, route, range)));
  }

  #finding({ findings }: FindingsReport, id: string): unknown {
    const finding = findings.find((one) => one.id === id);
    return finding === undefined ? null : findingDetailsJson(finding, reportFindingSample(this.#reader, id));
  }

  #report(path: string, parameters: URLSearchParams): Answer | undefined {
    const context = this.#context();
    switch (path) {
      case '/api/v1/statements': {
        const asked = readStatementsQuery(parameters, context);
        // A report that is merged with others must be complete.
        const limit =
          asked.form === 'mergeable' ? asked.limit : Math.min(asked.limit || limits.apiRowsMax, limits.apiRowsMax);
        const query = { ...asked, limit };
        const report = answerStatements(this.#reader, query);
        if (query.form === 'mergeable') return jsonAnswer(200, encodeStatementsReport(report));
        const json = statementsJson(report, query);
        return jsonAnswer(200, query.form === 'brief' ? briefStatements(json) : json);
      }
      case '/api/v1/groups': {
        const { range, filter, hidden, groupBy: by, ...asked } = readGroupsQuery(parameters, context);
        const report = reportGroups(this.#reader, { ...range, by, filter, hidden: new Set(hidden) });
        const isMergeable = asked.form === 'mergeable';
        return jsonAnswer(200, isMergeable ? encodeGroups(report) : groupsJson(report, { ...asked, by }));
      }
      case '/api/v1/filters':
        return jsonAnswer(200, reportSeen(this.#reader));
      case MARKS_PATH:
        return jsonAnswer(200, marksJson(reportMarks(this.#reader, readTimeRange(parameters, context))));
      case '/api/v1/pools':
        return jsonAnswer(200, poolsJson(reportPools(this.#reader, readTimeRange(parameters, context))));
      case '/api/v1/findings': {
        const { range, all, id } = readFindingsQuery(parameters, context);
        const report = reportFindings(this.#reader, range);
        return jsonAnswer(200, id === undefined ? findingsJson(report, { all }) : this.#finding(report, id));
      }
      case '/api/v1/routes':
        return this.#routes(readRoutesQuery(parameters, context));
      case '/api/v1/requests': {
        const { range, tags, by } = readRequestsQuery(parameters, context);
        return jsonAnswer(200, requestsJson(reportRequests(this.#reader, { ...range, tags, by })));
      }
      case '/api/v1/watched':
        return jsonAnswer(200, watchedJson(reportWatched(this.#reader, readTimeRange(parameters, context))));
      case '/api/v1/sessions':
        return jsonAnswer(200, sessionsJson(reportSessions(this.#reader)));
      case '/api/v1/status':
        return jsonAnswer(200, {
          ...statusJson(reportStatus(this.#reader, readTimeRange(parameters, context))),
          observes: this.#live !== undefined,
        });
    }
    const named = STATEMENT_PATH.exec(path);
    if (named === null) return undefined;
    const [, fingerprint, part] = named;
    if (part === 'history') {
      const { range, form, ...filter } = readTimelineQuery(parameters, context);
      const timeline = reportTimeline(this.#reader, { ...range, fingerprint, ...filter });
      return jsonAnswer(200, form === 'mergeable' ? encodeTimeline(timeline) : timelineJson(timeline));
    }
    if (part === 'samples') return jsonAnswer(200, samplesJson(fingerprint, reportSamples(this.#reader, fingerprint)));
    const { range, form } = readStatementQuery(parameters, context);
    const report = reportStatements(this.#reader, { ...range, filter: { fingerprint } });
    if (form === 'mergeable') return jsonAnswer(200, encodeStatementsReport(report));
    if (report.statements.length > 0) return jsonAnswer(200, statementDetailsJson(report));
    return jsonAnswer(404, { error: `no statement ${fingerprint} in this window`, hint: 'see /api/v1/statements' });
  }
}

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
