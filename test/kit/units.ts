// The units of work of a recording, and the share of requests that they are right of.
// Invariant: a request is right when all its statements, and no others, are one unit.
// Not here: who sends them, and what they log.

import { UserRules } from '../../analyzer/attribution/rules/rule-user.js';
import { Pipeline } from '../../analyzer/pipeline.js';
import { limits } from '../../config/limits.js';
import { DIMENSION_KEYS } from '../../config/values/tag-keys.js';
import { readHello, readRecording } from '../../observer/recording.js';
import { FrameKind } from '../../proxy/stream/frames.js';
import type { Observation } from '../../proxy/stream/observation.js';
import { BatchReader } from '../../proxy/stream/reader.js';

export interface SentStatement {
  readonly pid: number;
  readonly ms: number;
  /** It carries no tags. */
  readonly isCopy: boolean;
}

/** Statements without housekeeping, by unit. */
export async function unitsIn(recording: string): Promise<SentStatement[][]> {
  const units: SentStatement[][] = [];
  const pids = new Map<string, number>();
  const pipeline = await Pipeline.load({
    limits,
    dimensionKeys: new Set(DIMENSION_KEYS),
    rules: new UserRules([]),
    networkOf: () => '',
    counted: { recordStatement() {} },
  });
  const { findings } = pipeline.counting;
  const findIn = findings.unitEnded.bind(findings);
  findings.unitEnded = (unit) => {
    const own = unit.statements.filter(({ source }) => source !== 'housekeeping');
    const sent = own.map(({ session, startMs, command }) => ({
      pid: pids.get(session) ?? 0,
      ms: startMs,
      isCopy: command.startsWith('COPY'),
    }));
    units.push(sent);
    findIn(unit);
  };
  const batches = new BatchReader();
  let relayId = '';
  let nowMs = 0;
  let flushedMs = 0;
  const observe = (observation: Observation) => {
    if (observation.kind === 'session-ready') pids.set(`${relayId}.${observation.sessionId}`, observation.backendPid);
    if (observation.kind === 'statement') nowMs = Math.max(nowMs, observation.completedAtMs);
    pipeline.observe(relayId, observation);
    if (nowMs - flushedMs < 1_000) return;
    flushedMs = nowMs;
    pipeline.tick(nowMs);
  };
  await readRecording(recording, (kind, body) => {
    if (kind === FrameKind.hello) relayId = readHello(body, recording).relayId;
    else if (kind === FrameKind.batch) {
      batches.begin(body);
      batches.read(body, observe);
    }
  });
  for (const session of [...pipeline.sessions.all()]) pipeline.close(session, nowMs);
  pipeline.counting.endAll();
  return units;
}

/** `requestOf`: the request that sent a statement; undefined = none, as at the start of a program. */
export function shareRight(
  units: ReadonlyArray<readonly SentStatement[]>,
  requestOf: (statement: SentStatement) => string | undefined,
) {
  const unitsOfRequest = new Map<string, Set<number>>();
  const withCopy = new Set<string>();
  const unitsOfPart = new Map<string, Set<number>>();
  const requestsOfUnit = units.map((statements, index) => {
    const requests = new Set<string | undefined>();
    for (const statement of statements) {
      const request = requestOf(statement);
      requests.add(request);
      if (request === undefined) continue;
      if (statement.isCopy) withCopy.add(request);
      for (const [map, key] of [
        [unitsOfRequest, request],
        [unitsOfPart, `${request} ${statement.pid}`],
      ] as const)
        map.set(key, (map.get(key) ?? new Set()).add(index));
    }
    return requests;
  });
  const isRight = (of: Set<number>) => of.size === 1 && requestsOfUnit[[...of][0]].size === 1;
  const wrong = [...unitsOfRequest].filter(([, of]) => !isRight(of)).map(([request]) => request);
  return {
    withCopy: withCopy.size,
    wrongWithCopy: wrong.filter((request) => withCopy.has(request)).length,
    requests: unitsOfRequest.size,
    right: [...unitsOfRequest.values()].filter(isRight).length,
    parts: unitsOfPart.size,
    rightParts: [...unitsOfPart.values()].filter(isRight).length,
  };
}
