// Declares every figure of a relay's status once: its name, how several relays add up, its metric.
//
// Invariant: the order is that of the bytes in the stream (writer.ts, reader.ts). A change to the list or to its order
// raises SCHEMA_VERSION (observation.ts).
// A new figure needs four places besides its source: a row here, its value in relay/ticks.ts, its family in
// dashboards/metrics/catalogue, and docs/METRICS.md, which is generated.
// Not here: measuring the figures (relay/ticks.ts), rendering the metrics (dashboards/metrics).

export interface StatusFigure {
  /**
   * How the figures of several relays become one.
   * 'counter': only grows; added up, and kept when its relay ends. 'amount': what there is now; added up.
   * 'maximum': the latest moment, the worst lag, or what each relay says of the one observer; the largest counts.
   */
  readonly merge: 'counter' | 'amount' | 'maximum';
  /** The metric family it is exported as, without the prefix, and its labels there. */
  readonly metric?: { readonly family: string; readonly labels?: Readonly<Record<string, string>> };
}

export const RELAY_STATUS = {
  atMs: { merge: 'maximum' },
  sessionsOpen: { merge: 'amount', metric: { family: 'sessions' } },
  sessionsTotal: { merge: 'counter', metric: { family: 'sessions_opened_total' } },
  connectErrorsTotal: { merge: 'counter', metric: { family: 'connect_errors_total' } },
  // Refused clients, by the bound that was reached.
  refusedConnectionsTotal: { merge: 'counter', metric: refused('max_connections') },
  refusedPerAddressTotal: { merge: 'counter', metric: refused('max_connections_per_address') },
  refusedNotLoggedInTotal: { merge: 'counter', metric: refused('not_logged_in') },
  clientBytesTotal: { merge: 'counter', metric: { family: 'forwarded_bytes_total', labels: { from: 'client' } } },
  serverBytesTotal: { merge: 'counter', metric: { family: 'forwarded_bytes_total', labels: { from: 'server' } } },
  sessionsAdrift: { merge: 'amount', metric: { family: 'sessions', labels: { state: 'adrift' } } },
  sessionsOpaque: { merge: 'amount', metric: { family: 'sessions', labels: { state: 'opaque' } } },
  adriftTotal: { merge: 'counter', metric: { family: 'sessions_adrift_total' } },
  opaqueTotal: { merge: 'counter', metric: { family: 'sessions_opaque_total' } },
  unmatchedReadyTotal: { merge: 'counter' },
  skippedTotal: { merge: 'counter' },
  functionCallsTotal: { merge: 'counter' },
  // Each relay counts the restarts of the one observer.
  observerRestartsTotal: { merge: 'maximum', metric: { family: 'observer_restarts_total' } },
  queueBytes: { merge: 'amount', metric: { family: 'link_queue_bytes' } },
  loopLagNs: { merge: 'maximum', metric: { family: 'event_loop_lag_seconds', labels: { process: 'relay' } } },
  // 1 while observing is paused because the event loop was late.
  observingPaused: { merge: 'maximum', metric: { family: 'observing_paused' } },
  observingPausesTotal: { merge: 'counter', metric: { family: 'observing_pauses_total' } },
  cpuNs: { merge: 'counter', metric: { family: 'cpu_seconds_total', labels: { process: 'relay' } } },
  residentBytes: { merge: 'amount', metric: { family: 'resident_memory_bytes', labels: { process: 'relay' } } },
} as const satisfies Record<string, StatusFigure>;

function refused<const Reason extends string>(reason: Reason) {
  return { family: 'connections_refused_total', labels: { reason } } as const;
}

export type StatusField = keyof typeof RELAY_STATUS;
/** The figures of one relay, or of several together. */
export type RelayFigures = { [Field in StatusField]: number };

/** Figures that are exported as metrics. */
export type ExportedField = {
  [Field in StatusField]: (typeof RELAY_STATUS)[Field] extends { metric: unknown } ? Field : never;
}[StatusField];

/** In the order in which they are written, each as f64. */
export const RELAY_STATUS_FIELDS = Object.keys(RELAY_STATUS) as StatusField[];

export const EXPORTED_FIELDS = RELAY_STATUS_FIELDS.filter(
  (field): field is ExportedField => 'metric' in RELAY_STATUS[field],
);

/** The relay's own health, sent once a second. Counters are cumulative within one relay process. */
export interface RelayStatus extends RelayFigures {
  kind: 'relay-status';
}

/** The counters of relays, by field. A field that is missing counts as 0. */
export type RelayCounts = Readonly<Partial<Record<StatusField, number>>>;

/** Adds up the counters of several relays. Other figures are left out: they end with their relay. */
export function sumOfCounts(parts: Iterable<RelayCounts>): RelayCounts {
  const sum: Partial<Record<StatusField, number>> = {};
  for (const part of parts) {
    for (const field of RELAY_STATUS_FIELDS) {
      const value = part[field];
      if (value !== undefined && RELAY_STATUS[field].merge === 'counter') sum[field] = (sum[field] ?? 0) + value;
    }
  }
  return sum;
}

/** All relays as one. `ended`: counters of relays that ended before. undefined without any status. */
export function sumOfStatuses(statuses: Iterable<RelayFigures>, ended: RelayCounts): RelayStatus | undefined {
  let sum: RelayStatus | undefined;
  for (const status of statuses) {
    sum ??= startOf(ended);
    for (const field of RELAY_STATUS_FIELDS) {
      const value = status[field] ?? 0;
      sum[field] = RELAY_STATUS[field].merge === 'maximum' ? Math.max(sum[field], value) : sum[field] + value;
    }
  }
  return sum;
}

function startOf(ended: RelayCounts): RelayStatus {
  const status = { kind: 'relay-status' } as RelayStatus;
  for (const field of RELAY_STATUS_FIELDS) status[field] = ended[field] ?? 0;
  return status;
}
