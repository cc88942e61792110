// Every bound on what a peer controls, in one place, each with its reason.
// Invariant: no queue, table or text in pgwitness grows with traffic beyond a number in this file.
// The relations between them are asserted when this file is loaded. Not here: options of the user (config.ts).

const KIB = 1024;
const MIB = 1024 * KIB;

export const limits = {
  // The relay: what clients and the server send.

  /** PostgreSQL's own MAX_STARTUP_PACKET_LENGTH (libpq/pqcomm.h): the server refuses more, so more need not be held. */
  startupBytesMax: 10_000,
  /** Per startup value sent to the observer: a name that people read is shorter, NAMEDATALEN is 64. */
  startupValueBytesMax: 256,
  /** Start of a statement's text that is kept: longer texts are bulk literals, told apart well before this. */
  textHeadBytesMax: 256 * KIB,
  /** End of a long text that is kept: comment tags stand at the end. */
  textTailBytesMax: 4 * KIB,
  /** Requests of one session without their answer yet; beyond it the session goes adrift rather than grow. */
  outstandingMax: 65_536,
  /** Texts held by one session's outstanding requests. */
  outstandingTextBytesMax: 8 * MIB,
  /** Protocol statement names remembered per session; beyond it executions of the oldest have no text. */
  statementNamesMax: 10_000,
  /** Completions kept of one Query: with their tags they fit into a batch beside its text. */
  completionsMax: 4_096,
  /** Prepared texts of all sessions, each stored once. */
  internedTextBytesMax: 64 * MIB,
  /** Observations that wait for the observer; beyond it they are counted as queue_full. */
  linkQueueBytesMax: 16 * MIB,
  /** A batch is sent when it has this size … */
  batchBytes: 64 * KIB,
  /** … or this age: far below the flush interval, so that it adds nothing to what a reader waits for. */
  batchAgeMs: 20,
  /** Largest batch the observer accepts: one batch may exceed batchBytes by one statement. */
  batchBytesMax: 1 * MIB,
  /** Batches sent but not acknowledged; a batch is acknowledged after the flush that stored it. */
  unacknowledgedBatchesMax: 4_096,
  /** Client connections, unless --max-connections says otherwise: each holds two descriptors. */
  connectionsMax: 10_000,
  /** Client connections of one address. 0 = no cap per address: a sidecar's clients all share one address. */
  connectionsPerAddressMax: 0,
  /** Connections that have not authenticated; they cost memory before Postgres has judged them. */
  connectionsPreAuthMax: 2_000,
  /** Connections beyond that which may only bring a CancelRequest: who is refused must still be able to stop what runs. */
  connectionsCancelReserve: 64,
  /** Descriptors that sessions leave for everything else (listeners, health, the link, certificates), at most half of all. */
  descriptorsReserved: 256,
  /** For the TCP connection to the upstream; libpq's own waits are longer and report less. */
  connectTimeoutMs: 10_000,
  /** A client that closed its half behind its StartupMessage, before the upstream was reached, is given up after this. */
  leftMs: 1_000,
  /** From accept to the first ReadyForQuery, one deadline: authentication_timeout's default. */
  preAuthDeadlineMs: 60_000,
  /** A CancelRequest's connection lives this long at most. */
  cancelTimeoutMs: 10_000,
  /** A silent connection is probed after this: a peer that vanished without a word is noticed within a few minutes. */
  keepAliveAfterMs: 60_000,
  /** TLS records to clients: asynchronous libpq before 2026 hangs on larger ones (psycopg #1107, cockroach #148222). */
  tlsRecordBytes: 8 * KIB,
  /** One message of login held until it is whole, to be looked at: those that matter are far shorter, longer ones pass unseen. */
  loginMessageBytesMax: 4 * KIB,
  /** Certificate, key and CA files: a bundle of all public authorities is a quarter of this. */
  certificateFileBytesMax: 1 * MIB,
  /** The relay's loop is late: no statement should wait this long for pgwitness, and a full loop of short ones stays far below. */
  loopLateMs: 250,
  /** … while it is at work for this share of the time; else it is the machine that is late. */
  loopBusyShare: 0.8,
  /** … in so many seconds in a row: observing is paused. One collection or one huge statement is no reason. */
  loopLateTicks: 3,
  /** Below this it is in time again … */
  loopCalmMs: 100,
  /** … when it was in so many seconds in a row: observing goes on. */
  loopCalmTicks: 5,
  /** A pause of observing lasts at least this … */
  pauseMs: 10_000,
  /** … twice as long each time it comes again within this, and never longer. */
  pauseMsMax: 600_000,
  /** A statement in flight this long is announced once. */
  runningAfterMs: 1_000,
  /** Shutdown: after their last word, connections get this long to take it. */
  closeMs: 1_000,
  /** Loss counters are kept per minute for this long until the observer has them, then summed into the oldest. */
  lossMinutesMax: 1_440,

  /** What one read takes at most; libuv suggests the same to Node. */
  readBufferBytes: 64 * KIB,
  /** Connections that pass bulk without a copy at one time; each has a buffer of its own meanwhile. */
  readBuffersMax: 256,
  /** A read of this length is bulk: Postgres sends a long result in pieces of 8 KiB (PQ_SEND_BUFFER_SIZE, libpq/pqcomm.c). */
  bulkReadBytesMin: 8 * KIB,
  /** Reads of an accepted connection before its handle moves: one that logs in, asks something and leaves has fewer. */
  readsBeforeReuse: 16,
  /** Chunks that wait to be looked at, of all sessions: what a look takes (bench/tracker.mjs) times so many is what the loop is held … */
  waitingChunksMax: 128,
  /** … each of at most this: longer ones are rare, or bulk, which is not to be kept … */
  waitingChunkBytesMax: 2 * KIB,
  /** … for at most this: less than a batch waits anyway. */
  waitingChunkAgeMs: 10,

  // Several relays: what their supervisor waits for.

  /** Connections that were accepted and wait for a relay to take them, each a descriptor: a burst, not an outage. */
  handoverQueueMax: 1_024,
  /** A relay that has not taken a connection after this is passed over: its loop stands still for long beside what a login takes. */
  handoverMs: 250,
  /** Seconds for which a relay may say nothing before it is taken for hung and killed: what a liveness probe of one relay allows. */
  relaySilentTicksMax: 60,

  // The observer: what traffic makes it remember.

  /** Relays connected to one observer, and most that one `run` starts: each costs a queue and some 60 MiB. */
  relaysMax: 64,

  /** Distinct keys whose fingerprint is remembered. */
  fingerprintCacheEntries: 50_000,
  fingerprintCacheBytes: 64 * MIB,
  /** Texts without their literals that are known at sight: what is live within an hour is fewer. Beyond it a text costs its lex again. */
  skeletonCacheEntries: 20_000,
  skeletonCacheBytes: 8 * MIB,
  /** Comments whose tags are remembered, where comments repeat: as many as there are tag sets, at most. */
  commentCacheEntries: 5_000,
  commentCacheBytes: 8 * MIB,
  /** Keys kept per fingerprint. */
  variantsMax: 20,
  /** Rollup rows of one minute, before pool and then fingerprint become "(other)". */
  rollupRowsPerMinuteMax: 20_000,
  /** Minutes that may still receive executions; later ones go to the oldest open minute. */
  minuteClosesAfterMs: 60_000,
  poolsMax: 200,
  tagSetsPerFingerprintMax: 50,
  tagSetsMax: 5_000,
  /** Requests of the application remembered, twice: one that pauses while so many others begin counts again. */
  requestsMax: 4_096,
  /** Distinct statements of one request; a job that runs everything under one id has no time per request to compare. */
  requestStatementsMax: 1_000,
  /** Statements of all requests remembered, twice. */
  requestsStatementsMax: 65_536,
  /** Executions held per session, as counts, until its verdict. */
  settlingStatementsMax: 64,
  settlingMs: 2_000,
  /** Distinct (statement, minute) counts that wait for the verdict of all unsettled sessions. */
  unsettledRowsMax: 100_000,

  // HTTP and metrics.

  /** A request line: fingerprint, filters and a few tags fit many times. */
  urlBytesMax: 4 * KIB,
  headerBytesMax: 16 * KIB,
  httpRequestTimeoutMs: 10_000,
  httpConnectionsMax: 64,
  /** Label value of a metric (unbounded ones take Prometheus down: prometheus-community/postgres_exporter #549). */
  labelBytesMax: 128,
  /** Histogram series (source × pool × command × outcome); each is 19 lines, and rendering them stalls the loop. */
  durationSeriesMax: 200,
  /** Pools with metrics of their own; the rest is "other". */
  metricPoolsMax: 50,
  /** Sources with metrics of their own: the built-in six and those of user rules. */
  metricSourcesMax: 20,
  /** Rows the HTTP API gives at once. */
  apiRowsMax: 20_000,

  // Logs.

  /** Lines of the same message per window; the rest is counted and said in one line. */
  logRepeatsMax: 10,
  logRepeatWindowMs: 10_000,
  /** Lines that stderr has not taken yet; beyond it lines are lost, not memory. */
  logQueueBytesMax: 1 * MIB,
  /** One string in a log line. */
  logValueCharsMax: 2_000,
} as const;

function relation(holds: boolean, text: string): void {
  if (!holds) throw new Error(`config/limits.ts is inconsistent: ${text}`);
}

relation(limits.textTailBytesMax < limits.textHeadBytesMax, 'the tail of a text is shorter than its head');
relation(
  limits.textHeadBytesMax + limits.textTailBytesMax + 64 * KIB <= limits.batchBytesMax - limits.batchBytes,
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
  'a reserve is smaller than what it is kept from',
);
relation(
  limits.waitingChunkBytesMax < limits.bulkReadBytesMin,
  'a chunk that waits is not in a buffer that is used again',
);
relation(limits.loopCalmMs < limits.loopLateMs, 'a loop that is late is not in time');
relation(limits.pauseMs <= limits.pauseMsMax, 'the first pause is the shortest');
relation(limits.connectTimeoutMs < limits.preAuthDeadlineMs, 'connecting ends before the whole start-up is given up');
relation(limits.startupValueBytesMax < limits.startupBytesMax, 'a startup value is part of its packet');
relation(
  limits.requestStatementsMax < limits.requestsStatementsMax,
  'the statements of one request are part of those of all',
);
relation(limits.tagSetsPerFingerprintMax <= limits.tagSetsMax, 'tag sets of one fingerprint are part of all');
relation(limits.metricPoolsMax <= limits.poolsMax, 'metrics know no pool that the observer does not');
relation(limits.urlBytesMax < limits.headerBytesMax, 'node:http counts the request line among the headers');
