// Answers the API's questions about time: comparisons, trends, pools and sources.
// Invariant: terminal and API compare by the same code (reports/compare).
// Not here: the other paths (api.ts).

import { readCompareQuery } from '../../reports/compare/compare-query.js';
import { type ComparedPlace, compareSides } from '../../reports/compare/comparison.js';
import { comparisonJson } from '../../reports/compare/comparison-json.js';
import { setsJson } from '../../reports/compare/sets-json.js';
import { reportSets, type SetsPlace } from '../../reports/compare/sets-report.js';
import { sidesOf } from '../../reports/compare/sides.js';
import type { MarksPlace } from '../../reports/compare/windows.js';
import { sourcesJson } from '../../reports/forms/timeline-json.js';
import { reportMarks } from '../../reports/marks.js';
import { answerCounts, answerStatements, answerTexts } from '../../reports/questions/answer-statements.js';
import { readTimeRange } from '../../reports/questions/grammar.js';
import type { ParameterContext } from '../../reports/questions/reading.js';
import { reportRequests } from '../../reports/requests.js';
import { reportSamples } from '../../reports/samples.js';
import { reportSources } from '../../reports/sources.js';
import { recordedWindow, reportStatus } from '../../reports/status.js';
import { reportPoolHistory } from '../../reports/trends/pool-history.js';
import { reportTrends } from '../../reports/trends/trends.js';
import { poolHistoryJson, trendsJson } from '../../reports/trends/trends-json.js';
import { readTrendsQuery } from '../../reports/trends/trends-query.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';

const COMPARE_PATH = '/api/v1/compare';

interface Asked {
  readonly reader: StoreReader;
  readonly parameters: URLSearchParams;
  readonly context: ParameterContext;
}

/** The JSON at a path; undefined for one that is not here. Rejects with StoreError, UsageError, RuntimeError. */
export async function overTime(path: string, { reader, parameters, context }: Asked): Promise<object | undefined> {
  switch (path) {
    case COMPARE_PATH:
      return compare({ reader, parameters, context });
    case '/api/v1/pools/history':
      return poolHistoryJson(reportPoolHistory(reader, readTimeRange(parameters, context)));
    case '/api/v1/trends':
      return trendsJson(reportTrends(reader, readTrendsQuery(parameters, context)));
    case '/api/v1/sources':
      return sourcesJson(reportSources(reader, readTimeRange(parameters, context)));
  }
  return undefined;
}

async function compare({ reader, parameters, context }: Asked): Promise<object> {
  const query = readCompareQuery(parameters, context);
  const { limit, all, groupBy, ...asked } = query;
  const place: ComparedPlace & MarksPlace & SetsPlace = {
    name: 'the store',
    marks: async (range) => reportMarks(reader, range),
    statements: async (query) => answerStatements(reader, query),
    counts: async (query) => answerCounts(reader, query),
    texts: (fingerprints) => answerTexts(reader, fingerprints),
    requests: async ({ range, tags, by }) => reportRequests(reader, { ...range, tags, by }),
    recorded: async () => recordedWindow(reportStatus(reader)),
    samples: async (fingerprint) => reportSamples(reader, fingerprint),
  };
  if (query.old !== undefined || query.new !== undefined) return setsJson(await reportSets(place, query, context));
  const sides = await sidesOf(place, asked, context);
  const comparison = await compareSides(place, sides, { all, groupBy, requestsOnly: true, rowsMax: limit });
  return { ...comparisonJson(comparison), rows_all: comparison.rowsAll };
}
