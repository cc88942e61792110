// The relations between bounds: what has to fit into what.
// Invariant: limits.ts has them asserted when it is loaded; a bound that is not there fits nothing.
// Not here: the bounds (limits.ts).

/** Throws Error with the relation that does not hold. */
export function assertRelations(limits: Readonly<Record<string, number>>): void {
  relation(limits.textTailBytesMax < limits.textHeadBytesMax, 'the tail of a text is shorter than its head');
  relation(
    limits.textHeadBytesMax + limits.textTailBytesMax + 64 * 1024 <= limits.batchBytesMax - limits.batchBytes,
    'the longest kept text fits into one batch on top of a nearly full one',
  );
  relation(
    limits.batchBytes + limits.textHeadBytesMax + limits.textTailBytesMax + limits.completionsMax * 80 <=
      limits.batchBytesMax,
    'the longest text with the most completions fits into one batch on top of a nearly full one',
  );
  relation(limits.batchBytesMax * 4 <= limits.linkQueueBytesMax, 'the queue holds several batches');
  relation(
    limits.outstandingTextBytesMax >= limits.textHeadBytesMax + limits.textTailBytesMax,
    'one text of full length can be outstanding',
  );
  relation(limits.internedTextBytesMax > limits.outstandingTextBytesMax, 'one session cannot fill the table of all');
  relation(limits.connectionsPreAuthMax <= limits.connectionsMax, 'unauthenticated connections are connections');
  relation(
    limits.connectionsCancelReserve < limits.connectionsPreAuthMax,
    'the reserve for cancel requests is smaller than the cap it adds to',
  );
  relation(
    limits.waitingChunkBytesMax < limits.bulkReadBytesMin,
    'a chunk that waits is not in a buffer that is used again',
  );
  relation(limits.loopCalmMs < limits.loopLateMs, 'a loop that is late is not in time');
  relation(limits.pauseMs <= limits.pauseMsMax, 'the first pause is the shortest');
  relation(limits.connectTimeoutMs < limits.preAuthDeadlineMs, 'connecting ends before the whole start-up is given up');
  relation(limits.firstByteMs < limits.cancelTimeoutMs, 'a first byte is part of the shortest exchange');
  relation(limits.startupValueBytesMax < limits.startupBytesMax, 'a startup value is part of its packet');
  relation(
    limits.requestStatementsMax < limits.requestsStatementsMax,
    'the statements of one request are part of those of all',
  );
  relation(limits.unitStatementsMax < limits.unitsStatementsMax, 'the statements of one unit are part of those of all');
  relation(limits.requestStatementsMax <= limits.requestStatementRowsMax, 'one request fits into a flush');
  relation(limits.tagSetsPerFingerprintMax <= limits.tagSetsMax, 'tag sets of one fingerprint are part of all');
  relation(limits.metricPoolsMax <= limits.poolsMax, 'metrics have no more pools than the observer');
  relation(
    limits.questionWaitMs < 3 * limits.httpRequestTimeoutMs,
    'a question is refused while its connection is open',
  );
  relation(limits.urlBytesMax < limits.headerBytesMax, 'node:http counts the request line among the headers');
}

function relation(holds: boolean, text: string): void {
  if (!holds) throw new Error(`config/limits.ts is inconsistent: ${text}`);
}
