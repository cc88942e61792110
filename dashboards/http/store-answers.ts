// Answers the API's paths from one store, or from a part of it: of one service, for instance.
// Invariant: an unknown or wrong parameter is refused with an error that names it.
// Not here: what is not in the store, and errors as answers (api.ts), the grammar of parameters
// (reports/questions/grammar.ts), the reports (reports/).

import { limits } from '../../config/limits.js';
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
import { encodeTimeline } from '../../reports/forms/timeline-codec.js';
import { timelineJson } from '../../reports/forms/timeline-json.js';
import { encodeGroups } from '../../reports/groups/groups-codec.js';
import { groupsJson } from '../../reports/groups/groups-json.js';
import { answerGroups } from '../../reports/groups/identity-groups.js';
import { reportSeen } from '../../reports/groups/seen.js';
import { markMoment, reportMarks } from '../../reports/marks.js';
import { reportPools } from '../../reports/pools.js';
import { answerStatements } from '../../reports/questions/answer-statements.js';
import {
  readFindingsQuery,
  readRequestsQuery,
  readRoutesQuery,
  readStatementQuery,
  readStatementsQuery,
  readTimelineQuery,
  readTimeRange,
} from '../../reports/questions/grammar.js';
import { readGroupsQuery } from '../../reports/questions/groups-query.js';
import type { ParameterContext } from '../../reports/questions/reading.js';
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
import { reportRoute } from '../../reports/work/route-details.js';
import { sessionsJson } from '../../reports/work/sessions-json.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';
import { type Answer, jsonAnswer } from './answer.js';
import { MARKS_PATH } from './guard.js';
import { MigrationAnswers, type MigrationFiles } from './migration.js';
import { overTime } from './over-time.js';

const STATEMENT_PATH = /^\/api\/v1\/statements\/([0-9a-z]{16})(?:\/(history|samples))?$/;

export interface StoreAnswersOptions {
  readonly files: MigrationFiles;
  readonly observes: boolean;
}

export class StoreAnswers {
  readonly #reader: StoreReader;
  readonly #migration: MigrationAnswers;
  readonly #observes: boolean;

  constructor(reader: StoreReader, { files, observes }: StoreAnswersOptions) {
    this.#reader = reader;
    this.#migration = new MigrationAnswers(reader, files);
    this.#observes = observes;
  }

  /** Undefined for a path that is not here. Rejects with StoreError, UsageError or RuntimeError. */
  async answer(path: string, parameters: URLSearchParams): Promise<Answer | undefined> {
    const found = this.#report(path, parameters);
    if (found !== undefined) return found;
    const context = this.#context();
    const json =
      (await this.#migration.answer(path, { parameters, context })) ??
      (await overTime(path, { reader: this.#reader, parameters, context }));
    return json === undefined ? undefined : jsonAnswer(200, json);
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
        return jsonAnswer(200, query.form === 'brief' ? briefStatements(report, query) : statementsJson(report, query));
      }
      case '/api/v1/groups': {
        const { range, filter, hidden, groupBy: by, ...asked } = readGroupsQuery(parameters, context);
        const report = answerGroups(this.#reader, { ...range, by, filter, hidden: new Set(hidden) });
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
          observes: this.#observes,
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
