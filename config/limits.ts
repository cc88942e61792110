// Lists every bound on what a peer controls, each with its reason.
// Invariant: no queue, table or text in pgwitness grows with traffic beyond a number in this file. The relations
// between the bounds (limit-relations.ts) are asserted when this file is loaded.
// Not here: options of the user (options.ts).

import { assertRelations } from './limit-relations.js';

const KIB = 1024;
const MIB = 1024 * KIB;

export const limits = {
  // The relay: what clients and the server send.

  /** PostgreSQL's MAX_STARTUP_PACKET_LENGTH (libpq/pqcomm.h): the server refuses longer packets. */
  startupBytesMax: 10_000,
  /** Per startup value sent to the observer. Names that people read are shorter; NAMEDATALEN is 64. */
  startupValueBytesMax: 256,
  /** Kept start of a statement's text. Longer texts are bulk literals, and differ long before this. */
  textHeadBytesMax: 256 * KIB,
  /** Kept end of a long text, where comment tags stand. */
  textTailBytesMax: 4 * KIB,
  /**
   * What the unanswered requests of one session take. Beyond it the session goes adrift. In a long pipeline one takes
   * some 20 bytes besides its text, so this holds pgx's batch of 100,000 queries twice.
   */
  outstandingBytesMax: 16 * MIB,
  /** Texts held by one session's outstanding requests. */
  outstandingTextBytesMax: 8 * MIB,
  /** Replies of one session that are held while it is open what a failed COPY FROM STDIN has swallowed (doubt.ts) … */
  doubtBytesMax: 1 * MIB,
  /** … and how many answers to that are followed at one time. A client that needs more sends Syncs without end. */
  doubtPlacesMax: 64,
  /** Prepared statement names remembered per session. Beyond it, executions of the oldest ones have no text. */
  statementNamesMax: 10_000,
  /** Completions kept of one Query. With their tags they fit into a batch beside its text. */
  completionsMax: 4_096,
  /** Prepared texts of all sessions, each stored once. */
  internedTextBytesMax: 64 * MIB,
  /** Observations that wait for the observer. Beyond it, executions are counted as queue_full. */
  linkQueueBytesMax: 16 * MIB,
  /** A batch is sent when it has this size … */
  batchBytes: 64 * KIB,
  /** … or this age, which is far below the flush interval, so a reader waits no longer because of it. */
  batchAgeMs: 20,
  /** Largest batch that the observer accepts. A batch may exceed batchBytes by one statement. */
  batchBytesMax: 1 * MIB,
  /** Batches sent and not acknowledged. A batch is acknowledged after the flush that stored it. */
  unacknowledgedBatchesMax: 4_096,
  /** Client connections, unless --max-connections gives another number. Each holds two descriptors. */
  connectionsMax: 10_000,
  /** Client connections of one address. 0 = no cap per address: a sidecar's clients all share one address. */
  connectionsPerAddressMax: 0,
  /** Connections that have not logged in. They cost memory before Postgres has authenticated them. */
  connectionsPreAuthMax: 2_000,
  /** Further connections that may only send a CancelRequest: refused clients must be able to cancel what runs. */
  connectionsCancelReserve: 64,
  /** Descriptors reserved for everything but connections (listeners, health, the link, files), at most half of all. */
  descriptorsReserved: 256,
  /** For connecting to the upstream. libpq waits longer and reports less. */
  connectTimeoutMs: 10_000,
  /** A client that ended after its StartupMessage while the upstream is being connected is given up after this. */
  leftMs: 1_000,
  /** From accept to the first byte. A client speaks first, at once; only a machine that stalls needs seconds. */
  firstByteMs: 5_000,
  /** One deadline from accept to AuthenticationOk: the default of authentication_timeout. */
  preAuthDeadlineMs: 60_000,
  /** A CancelRequest's connection lives this long at most. */
  cancelTimeoutMs: 10_000,
  /** A silent connection is probed after this, so a peer that vanished is noticed within a few minutes. */
  keepAliveAfterMs: 60_000,
  /** TLS records to clients. Asynchronous libpq before 2026 hangs on larger ones (psycopg #1107, cockroach #148222). */
  tlsRecordBytes: 8 * KIB,
  /** A login message that is held until it is complete. Those that matter are far shorter; longer ones pass unseen. */
  loginMessageBytesMax: 4 * KIB,
  /** Certificate, key and CA files. A bundle of all public authorities is a quarter of this. */
  certificateFileBytesMax: 1 * MIB,
  /** The relay's loop is late with this delay. A loop full of short statements stays far below. */
  loopLateMs: 250,
  /** … while it is busy for this share of the time; else the machine is late, not the loop. */
  loopBusyShare: 0.8,
  /** … in so many seconds in a row: then observing is paused. One garbage collection is not enough. */
  loopLateTicks: 3,
  /** Below this delay the loop is calm … */
  loopCalmMs: 100,
  /** … and after so many calm seconds in a row observing goes on. */
  loopCalmTicks: 5,
  /** A pause of observing lasts at least this … */
  pauseMs: 10_000,
  /** … and twice as long when the next one comes within this time, up to this time. */
  pauseMsMax: 600_000,
  /** An execution that has run this long is announced once. */
  runningAfterMs: 1_000,
  /** At shutdown clients get this long to take the last message. */
  closeMs: 1_000,
  /**
   * Loss counts, one per minute and reason, kept until the observer has them. Beyond it they are added to the oldest.
   */
  lossMinutesMax: 1_440,

  /** Rows of lost executions whose text is known, of one flush. Beyond it they are lost without a text. */
  lostStatementsMax: 1_000,

  /** Largest read. libuv suggests the same to Node. */
  readBufferBytes: 64 * KIB,
  /** Connections that forward bulk without a copy at one time. Each has a buffer of its own meanwhile. */
  readBuffersMax: 256,
  /** A read of this length is bulk: Postgres sends long results in pieces of 8 KiB (PQ_SEND_BUFFER_SIZE, pqcomm.c). */
  bulkReadBytesMin: 8 * KIB,
  /** Reads of an accepted connection before its handle moves. One that logs in, asks once and leaves has fewer. */
  readsBeforeReuse: 16,
  /** Chunks of all sessions that wait to be read. Reading them all holds the loop (bench/tracker.mjs: cost of one) … */
  waitingChunksMax: 128,
  /** … each of at most this length: longer ones are rare, or bulk, which must not be kept … */
  waitingChunkBytesMax: 2 * KIB,
  /** … for at most this time, which is shorter than the wait of a batch. */
  waitingChunkAgeMs: 10,

  // Several relays: the waits of their supervisor.

  /** Accepted connections that wait for a relay, each with a descriptor: enough for a burst, not for an outage. */
  handoverQueueMax: 1_024,
  /** A relay that has not taken a connection after this is passed over. A login takes far less. */
  handoverMs: 250,
  /** Silent seconds after which a relay counts as hung and is killed, as after a liveness probe of one relay. */
  relaySilentTicksMax: 60,

  // The observer: its memory of the traffic.

  /** Relays connected to one observer, or started by one `run`. Each costs a queue and some 60 MiB. */
  relaysMax: 64,
  /** Distinct keys whose fingerprint is remembered. */
  fingerprintCacheEntries: 50_000,
  fingerprintCacheBytes: 64 * MIB,
  /** Remembered texts without their literals; fewer are live within an hour. Beyond it a text is lexed again. */
  skeletonCacheEntries: 50_000,
  skeletonCacheBytes: 8 * MIB,
  /** Comments whose tags are remembered, by their bytes without the ids of requests. Their tags come on top. */
  commentCacheEntries: 5_000,
  commentCacheBytes: 4 * MIB,
  /** Keys kept per fingerprint. */
  variantsMax: 20,
  /** Rollup rows of one minute. Beyond it, pool and then fingerprint become "(other)". */
  rollupRowsPerMinuteMax: 20_000,
  /** A minute takes executions for this long after its end. Later ones go to the oldest open minute. */
  minuteClosesAfterMs: 60_000,
  /** The journal's size from half of which it is written early, and beyond which flushes write their rows at once. */
  journalBytesMax: 64 * MIB,
  /** Rows that are added up in memory at one time: some 20 MiB. The rest of the journal is read after them. */
  journalMergedRowsMax: 60_000,
  poolsMax: 200,
  tagSetsPerFingerprintMax: 50,
  tagSetsMax: 5_000,
  /** Units of work that are open. Beyond it the oldest ends early. A unit ends a second after its last statement. */
  unitsOpenMax: 10_000,
  /** Statements kept of one unit: those whose session settled first. Further ones are in its sums alone. */
  unitStatementsMax: 1_000,
  /** … and of all open units: some 15 MiB. */
  unitsStatementsMax: 100_000,
  /** Ids of requests that ended and are remembered: what goes on under one is the same request, later another. */
  requestsMax: 8_192,
  /** Counted requests that are told to a following process, of the open ones and of those that ended by one flush. */
  countedIdsMax: 2_048,
  /** Distinct statements of one request. A job that runs everything under one id has no comparable time per request. */
  requestStatementsMax: 1_000,
  /** Remembered statements of all requests that ended: some 10 MiB. */
  requestsStatementsMax: 131_072,
  /** Findings that wait for one flush. Further occurrences are counted as dropped. */
  findingsMax: 500,
  /** Work without tags that is compared with transactions of other pools, of the last 40 s. The rest is counted. */
  nestingBurstsMax: 4_096,
  /** Transactions without tags that wait to be compared. Further ones are counted. */
  nestingTransactionsMax: 1_000,
  /** Statements of pools that are compared within an hour, and pairs of them. Further ones are counted. */
  nestingPairsMax: 1_000,
  /** Statements that are compared with their own past: some 10 MiB. Beyond it another waits until one is not seen. */
  statementHistoriesMax: 1_000,
  /** Statements whose plan reads a whole table. Beyond it the oldest is forgotten. */
  seqScansMax: 1_000,
  /** Findings that are known to have an example in the store. Beyond it the oldest gets another one. */
  findingSamplesMax: 2_000,
  /** Sets of dimensions of requests that are told apart within an hour. The rest is "(other)". */
  routesMax: 2_000,
  /** Statements kept of a unit that is an example of its route: the first ones. */
  unitSampleStatementsMax: 100,
  /** Statements of all such units that wait for one flush. Beyond it no further example is kept. */
  unitSamplesStatementsMax: 20_000,
  /** Statements within requests that wait for one flush. Beyond it they are not counted per request. */
  requestStatementRowsMax: 20_000,
  /** Sources and pools of one route's requests within one flush. The rest is the pool "(other)". */
  requestPartsMax: 100,
  /** Groups of connections whose pauses are learnt. Beyond it the oldest is learnt anew. */
  pacesMax: 1_000,
  /** Statements held per session, as counts, until its verdict. */
  settlingStatementsMax: 64,
  settlingMs: 2_000,
  /** Distinct (statement, minute) counts that wait for the verdict of all unsettled sessions. */
  unsettledRowsMax: 100_000,

  // HTTP and metrics.

  /** Characters of a mark's name: one that a person gives. */
  markNameCharsMax: 200,
  /** A request line. Fingerprint, filters and a few tags need a small part of it. */
  urlBytesMax: 4 * KIB,
  headerBytesMax: 16 * KIB,
  httpRequestTimeoutMs: 10_000,
  httpConnectionsMax: 64,
  /** Requests under way on one of them. Clients that send another before the answer to the last are rare. */
  httpRequestsPerConnectionMax: 8,
  /** Different questions that wait for a report. Reports are made one by one; each of this many may take a second. */
  questionsWaitingMax: 32,
  /** A question that has waited this long is refused, before its connection is closed for being silent. */
  questionWaitMs: 20_000,
  /** … and may be asked again after this (Retry-After): some reports have been made by then. */
  questionAgainSeconds: 5,
  /** Wrong tokens of one address that are read in a row: enough for a person. One more is read … */
  wrongTokensMax: 10,
  /** … after each time of this length. Guessing a token of 16 characters this way has no end. */
  wrongTokenMs: 6_000,
  /** An address that showed the right token is read in any case for this long: others may send from there too. */
  tokenTrustedMs: 3_600_000,
  /** Addresses whose tokens are remembered. Beyond it the one that was heard of longest ago begins anew. */
  tokenAddressesMax: 1_024,
  /** Label value of a metric. Unbounded ones take Prometheus down (prometheus-community/postgres_exporter #549). */
  labelBytesMax: 128,
  /** Histogram series (source × pool × command × outcome). Each is 19 lines, and rendering them holds the loop. */
  durationSeriesMax: 200,
  /** Pools with metrics of their own. The rest is "other". */
  metricPoolsMax: 50,
  /** Sources with metrics of their own: the built-in six and those of user rules. */
  metricSourcesMax: 20,
  /** Places of the ledger that have metrics, nine series each. A code base has some hundred queries by hand. */
  metricPlacesMax: 300,
  /** Sessions in an answer of `activity`, longest first. */
  activityMax: 1_000,
  /** Rows the HTTP API gives at once. */
  apiRowsMax: 20_000,

  // Logs.

  /** Lines of the same message per window. The rest is counted, and the next line has the count. */
  logRepeatsMax: 10,
  logRepeatWindowMs: 10_000,
  /** Lines that stderr has not taken yet. Beyond it lines are dropped, so that memory does not grow. */
  logQueueBytesMax: 1 * MIB,
  /** One string in a log line. */
  logValueCharsMax: 2_000,
} as const;

assertRelations(limits);
