// All that reports ask, of a file in SQLite.
// Invariant: it is used within the transaction that its rows are read in.
// Not here: the SQL (query-statements.ts and the files beside it, tables/), opening the file (reader.ts).

import type { StoredFacts } from '../../reading/stored-facts.js';
import type { Rows } from '../file/rows.js';
import { findingsIn, sampleOfFinding } from '../tables/findings.js';
import { readFoldState } from '../tables/fold-state.js';
import { gapsIn } from '../tables/gaps.js';
import { lossSums, lostStatementsIn } from '../tables/losses.js';
import { latestMarks, markNamed, marksIn } from '../tables/marks.js';
import { planOf, samplesOf } from '../tables/samples.js';
import { acceptedFindings, storedIdentity } from '../tables/settings.js';
import { unitSamplesIn } from '../tables/unit-samples.js';
import { bypassSamples, instanceRuns } from '../tables/watched.js';
import { poolNames, recordsOf, textsOf, variantsOf, verdictsOf } from './query-catalogue.js';
import {
  fleetPeaks,
  fleetPoints,
  poolPoints,
  poolRecords,
  poolSourceSums,
  poolSums,
  transactionHistograms,
} from './query-pools.js';
import { requestHistograms, requestPartSums, requestStatementSums, requestSums } from './query-requests.js';
import { openSessions } from './query-sessions.js';
import { lastFlushMs, seenNames, storeState } from './query-state.js';
import {
  alsoElsewhere,
  errorSums,
  histogramsOf,
  seriesIds,
  seriesSums,
  sourceExecutions,
  tagSums,
} from './query-statements.js';
import { distinctPoints, distinctStatements, sourcePoints, statementPoints, totalPoints } from './query-timeline.js';
import { rankStatements } from './rank-statements.js';

/** The facts that `rows` read. */
export function sqliteFacts(rows: Rows): StoredFacts {
  return {
    hasLifetimeRows: true,
    foldState: () => readFoldState(rows),
    textsOf: (fingerprints) => textsOf(rows, fingerprints),
    describe: (fingerprints) => ({
      texts: textsOf(rows, fingerprints),
      variants: variantsOf(rows, fingerprints),
      verdicts: verdictsOf(rows, fingerprints),
      poolNames: poolNames(rows),
    }),
    recordsOf: (fingerprints) => recordsOf(rows, fingerprints),
    poolNames: () => poolNames(rows),
    seenNames: () => seenNames(rows),
    ...statements(rows),
    ...pools(rows),
    requestSums: (segments, tags) => requestSums(rows, segments, tags),
    requestStatementSums: (segments, tags) => requestStatementSums(rows, segments, tags),
    requestPartSums: (segments) => requestPartSums(rows, segments),
    requestHistograms: (segments) => requestHistograms(rows, segments),
    unitSamplesIn: (asked) => unitSamplesIn(rows, { ...asked, state: readFoldState(rows) }),
    findingsIn: (window, newestMax) => findingsIn(rows, window, newestMax),
    sampleOfFinding: (id) => sampleOfFinding(rows, id),
    acceptedFindings: () => acceptedFindings(rows),
    samplesOf: (fingerprint) => samplesOf(rows, fingerprint),
    planOf: (fingerprint) => planOf(rows, fingerprint),
    marksIn: (window) => marksIn(rows, window),
    markNamed: (name) => markNamed(rows, name),
    latestMarks: () => latestMarks(rows),
    ...completeness(rows),
  };
}

function statements(rows: Rows) {
  return {
    seriesSums: (segments, filter) => seriesSums(rows, segments, filter),
    tagSums: (segments, filter) => tagSums(rows, segments, filter),
    seriesIds: (statements, filter) =>
      seriesIds(rows, { ...filter, fingerprints: [...new Set(statements.map(({ fingerprint }) => fingerprint))] }),
    alsoElsewhere: (asked) => alsoElsewhere(rows, asked),
    histogramsOf: (table, wanted) => histogramsOf(rows, table, wanted),
    errorSums: (segments, filter) => errorSums(rows, segments, filter),
    sourceExecutions: (segments) => sourceExecutions(rows, segments),
    rankStatements: (segments, question) => rankStatements(rows, segments, question),
    sourcePoints: (timeline) => sourcePoints(rows, timeline),
    distinctPoints: (timeline) => distinctPoints(rows, timeline),
    distinctStatements: (segments) => distinctStatements(rows, segments),
    statementPoints: (timeline, filter) => statementPoints(rows, timeline, filter),
    totalPoints: (timeline, asked) => totalPoints(rows, timeline, asked),
  } satisfies Partial<StoredFacts>;
}

function pools(rows: Rows) {
  return {
    poolRecords: () => poolRecords(rows),
    poolSums: (segments) => poolSums(rows, segments),
    transactionHistograms: (segments) => transactionHistograms(rows, segments),
    poolSourceSums: (segments) => poolSourceSums(rows, segments),
    fleetPeaks: (segments) => fleetPeaks(rows, segments),
    poolPoints: (timeline) => poolPoints(rows, timeline),
    fleetPoints: (timeline) => fleetPoints(rows, timeline),
    openSessions: () => openSessions(rows),
  } satisfies Partial<StoredFacts>;
}

function completeness(rows: Rows) {
  return {
    lossSums: (minutes) => lossSums(rows, minutes),
    lostStatementsIn: (asked) => lostStatementsIn(rows, asked),
    gapsIn: ({ since, until }) => gapsIn(rows, since, until),
    instanceRuns: ({ since, until }) => instanceRuns(rows, since, until),
    bypassSamples: ({ since, until }) => bypassSamples(rows, since, until),
    lastFlushMs: () => lastFlushMs(rows),
    state: () => storeState(rows),
    identities: () => [storedIdentity(rows) ?? []].flat(),
  } satisfies Partial<StoredFacts>;
}
