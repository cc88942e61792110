// All that reports ask, of a fleet's store on ClickHouse.
// Invariant: one of it answers one report. Not here: the SQL (questions/), connecting (reader.ts).

import { UsageError } from '../../../config/values/errors.js';
import type { StoredFacts } from '../../reading/stored-facts.js';
import { identitySums } from './questions/identity-sums.js';
import {
  bypassSamples,
  gapsIn,
  identities,
  instanceRuns,
  lastFlushMs,
  lossSums,
  lostStatementsIn,
  storeState,
} from './questions/query-completeness.js';
import {
  acceptedFindings,
  findingsIn,
  latestMarks,
  markNamed,
  marksIn,
  planOf,
  sampleOfFinding,
  samplesOf,
} from './questions/query-kept.js';
import {
  fleetPeaks,
  fleetPoints,
  poolInstances,
  poolNames,
  poolPoints,
  poolRecords,
  poolSourceSums,
  poolSums,
  transactionHistograms,
} from './questions/query-pools.js';
import {
  requestHistograms,
  requestPartSums,
  requestStatementSums,
  requestSums,
  unitSamplesIn,
} from './questions/query-requests.js';
import {
  alsoElsewhere,
  errorSums,
  histogramsOf,
  seriesIds,
  seriesSums,
  sourceExecutions,
  tagSums,
} from './questions/query-statements.js';
import { describe, recordsOf, seenNames, textsOf } from './questions/query-texts.js';
import {
  distinctPoints,
  distinctStatements,
  sourcePoints,
  statementPoints,
  totalPoints,
} from './questions/query-timeline.js';
import { rankStatements } from './questions/rank-statements.js';
import type { View } from './questions/view.js';

export function clickhouseFacts(view: View): StoredFacts {
  return {
    hasLifetimeRows: false,
    ahead: (work) => view.ahead(work),
    foldState: () => view.state,
    textsOf: (fingerprints) => textsOf(view, fingerprints),
    describe: (fingerprints) => describe(view, fingerprints),
    recordsOf: (fingerprints) => recordsOf(view, fingerprints),
    poolNames: () => poolNames(view),
    seenNames: () => seenNames(view),
    ...statements(view),
    ...pools(view),
    requestSums: (segments, tags) => requestSums(view, segments, tags),
    requestStatementSums: (segments, tags) => requestStatementSums(view, segments, tags),
    requestPartSums: (segments) => requestPartSums(view, segments),
    requestHistograms: (segments) => requestHistograms(view, segments),
    unitSamplesIn: (asked) => unitSamplesIn(view, asked),
    findingsIn: (window, newestMax) => findingsIn(view, window, newestMax),
    sampleOfFinding: (id) => sampleOfFinding(view, id),
    acceptedFindings: () => acceptedFindings(view),
    samplesOf: (fingerprint) => samplesOf(view, fingerprint),
    planOf: (fingerprint) => planOf(view, fingerprint),
    marksIn: (window) => marksIn(view, window),
    markNamed: (name) => markNamed(view, name),
    latestMarks: () => latestMarks(view),
    ...completeness(view),
  };
}

function statements(view: View) {
  return {
    seriesSums: (segments, filter) => seriesSums(view, segments, filter),
    tagSums: (segments, filter) => tagSums(view, segments, filter),
    seriesIds: (asked, filter) => seriesIds(view, asked, filter),
    alsoElsewhere: (asked) => alsoElsewhere(view, asked),
    histogramsOf: (table, wanted) => histogramsOf(view, table, wanted),
    errorSums: (segments, filter) => errorSums(view, segments, filter),
    sourceExecutions: (segments) => sourceExecutions(view, segments),
    rankStatements: (segments, question) => rankStatements(view, segments, question),
    identitySums: (segments, asked) => identitySums(view, segments, asked),
    sourcePoints: (timeline) => sourcePoints(view, timeline),
    distinctPoints: (timeline) => distinctPoints(view, timeline),
    distinctStatements: (segments) => distinctStatements(view, segments),
    statementPoints: (timeline, filter) => statementPoints(view, timeline, filter),
    totalPoints: (timeline, asked) => totalPoints(view, timeline, asked),
  } satisfies Partial<StoredFacts>;
}

function pools(view: View) {
  return {
    poolRecords: () => poolRecords(view),
    poolSums: (segments) => poolSums(view, segments),
    transactionHistograms: (segments) => transactionHistograms(view, segments),
    poolSourceSums: (segments) => poolSourceSums(view, segments),
    poolInstances: (segments) => poolInstances(view, segments),
    fleetPeaks: (segments) => fleetPeaks(view, segments),
    poolPoints: (timeline) => poolPoints(view, timeline),
    fleetPoints: (timeline) => fleetPoints(view, timeline),
    openSessions: () => {
      throw new UsageError('which sessions are open is known to their sidecar alone', {
        where: '--store',
        hint: 'ask the sidecar itself with --url',
      });
    },
  } satisfies Partial<StoredFacts>;
}

function completeness(view: View) {
  return {
    lossSums: (minutes) => lossSums(view, minutes),
    lostStatementsIn: (asked) => lostStatementsIn(view, asked),
    gapsIn: (minutes) => gapsIn(view, minutes),
    instanceRuns: (minutes) => instanceRuns(view, minutes),
    bypassSamples: (minutes) => bypassSamples(view, minutes),
    lastFlushMs: () => lastFlushMs(view),
    state: () => storeState(view),
    identities: () => identities(view),
  } satisfies Partial<StoredFacts>;
}
