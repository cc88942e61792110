// A data directory, or the store of a fleet, as a place that reports are read from.
// Invariant: a report is imported only when it is asked for: loading all of them takes longer than answering one.
// Not here: the reports (reports/), a running sidecar (remote-place.ts).

import type { StoreReader } from '../../storage/reading/stored-facts.js';
import type { Place } from './readable-place.js';

export function localPlace(name: string, reader: StoreReader): Place {
  return {
    name,
    statements: async (query) =>
      (await import('../../reports/questions/answer-statements.js')).answerStatements(reader, query),
    statement: async (fingerprint, range) => {
      const { reportStatements } = await import('../../reports/statements.js');
      return reportStatements(reader, { ...range, filter: { fingerprint } });
    },
    groups: async ({ range, filter, hidden, groupBy }) => {
      const { answerGroups } = await import('../../reports/groups/identity-groups.js');
      return answerGroups(reader, { ...range, by: groupBy, filter, hidden: new Set(hidden) });
    },
    seen: async () => (await import('../../reports/groups/seen.js')).reportSeen(reader),
    pools: async (range) => (await import('../../reports/pools.js')).reportPools(reader, range),
    routes: async (range) => (await import('../../reports/routes.js')).reportRoutes(reader, range),
    route: async (name, range) =>
      (await import('../../reports/work/route-details.js')).reportRoute(reader, name, range),
    findings: async (range, about) =>
      (await import('../../reports/findings.js')).reportFindings(reader, range, { about }),
    findingSample: async (id) =>
      (await import('../../reports/units/finding-sample.js')).reportFindingSample(reader, id),
    watched: async (range) => (await import('../../reports/watched/watched.js')).reportWatched(reader, range),
    sessions: async () => (await import('../../reports/sessions.js')).reportSessions(reader),
    timeline: async ({ range, ...asked }) =>
      (await import('../../reports/timeline.js')).reportTimeline(reader, { ...range, ...asked }),
    sketches: async ({ range, ...asked }) =>
      (await import('../../reports/sketches.js')).reportSketches(reader, { ...range, ...asked }),
    marks: async (range) => (await import('../../reports/marks.js')).reportMarks(reader, range),
    requests: async ({ range, tags, by }) =>
      (await import('../../reports/requests.js')).reportRequests(reader, { ...range, tags, by }),
    samples: async (fingerprint) => (await import('../../reports/samples.js')).reportSamples(reader, fingerprint),
    recorded: async () => {
      const { recordedWindow, reportStatus } = await import('../../reports/status.js');
      return recordedWindow(reportStatus(reader));
    },
    shipping: async () => [reader.shipping() ?? []].flat(),
    within: (filter) => localPlace(name, reader.within(filter)),
    close: () => reader.close(),
  };
}
