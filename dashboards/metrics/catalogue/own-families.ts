// Families about pgwitness itself: its processes, pauses, restarts, marks and build.
// Not here: what passes the relays (relay-families.ts).

import { packageVersion } from '../../../config/version.js';
import { type Family, figures, one, type ProcessUse, type Readings, type Sample } from './family.js';

export const OWN_FAMILIES: readonly Family[] = [
  {
    name: 'pgwitness_relays_connected',
    type: 'gauge',
    unit: '',
    labels: [],
    help: 'Relay processes connected to the observer.',
    samples: ({ state }) => one(state.relaysConnected),
  },
  {
    name: 'pgwitness_relay_restarts_total',
    type: 'counter',
    unit: '',
    labels: [],
    help: 'Relay processes (of several, with --relays) that ended unexpectedly and were started again. Their sessions ended with them.',
    samples: ({ state }) => one(state.supervisor?.relayRestartsTotal ?? 0),
  },
  {
    name: 'pgwitness_handover_closed_total',
    type: 'counter',
    unit: '',
    labels: [],
    help: 'Clients closed without a word because no relay (of several, with --relays) took them and too many waited already.',
    samples: ({ state }) => one(state.supervisor?.handoverClosedTotal ?? 0),
  },
  {
    name: 'pgwitness_observer_restarts_total',
    type: 'counter',
    unit: '',
    labels: [],
    help: 'Times the observer process was started again.',
    samples: figures('observer_restarts_total'),
  },
  {
    name: 'pgwitness_event_loop_lag_seconds',
    type: 'gauge',
    unit: 'seconds',
    labels: ['process'],
    help: 'How late the event loop ran: for the relay within its last second (with several relays the worst one), for the observer at worst within its last 15 to 30 seconds.',
    samples: (readings) =>
      byProcess(readings, { observer: (use) => use.loopLagNs(), relay: ({ loopLagNs }) => loopLagNs }).map(inSeconds),
  },
  {
    name: 'pgwitness_observing_paused',
    type: 'gauge',
    unit: '',
    labels: [],
    help: '1 while observing is paused because the event loop of the relay runs late; traffic is still relayed. Otherwise 0.',
    samples: figures('observing_paused'),
  },
  {
    name: 'pgwitness_observing_pauses_total',
    type: 'counter',
    unit: '',
    labels: [],
    help: 'Times observing was paused for that reason.',
    samples: figures('observing_pauses_total'),
  },
  {
    name: 'pgwitness_cpu_seconds_total',
    type: 'counter',
    unit: 'seconds',
    labels: ['process'],
    help: 'CPU time used by relay and observer. Several relays are added up, and their supervisor is separate.',
    samples: (readings) =>
      byProcess(readings, { observer: (use) => use.cpuNs(), relay: ({ cpuNs }) => cpuNs }).map(inSeconds),
  },
  {
    name: 'pgwitness_resident_memory_bytes',
    type: 'gauge',
    unit: 'bytes',
    labels: ['process'],
    help: 'Resident memory of relay and observer. Several relays are added up, and their supervisor is separate.',
    samples: (readings) =>
      byProcess(readings, { observer: (use) => use.residentBytes(), relay: ({ residentBytes }) => residentBytes }),
  },
  {
    name: 'pgwitness_last_mark_timestamp_seconds',
    type: 'gauge',
    unit: 'seconds',
    labels: ['kind'],
    help: 'Unix time of the last mark of each kind (manual, ddl, app-version). 0 while there is none.',
    samples: ({ lastMarks }) => [...lastMarks()].map(([kind, ms]) => ({ value: ms / 1e3, labels: { kind } })),
  },
  {
    name: 'pgwitness_http_refused_total',
    type: 'counter',
    unit: '',
    labels: ['reason'],
    help: 'HTTP requests refused, by reason: malformed, foreign_host, cross_site (a page of another site asked), not_loopback, no_token, wrong_token, too_many_wrong_tokens or busy.',
    samples: ({ state }) =>
      Object.entries(state.http.refused).map(([reason, value]) => ({ value, labels: { reason } })),
  },
  {
    name: 'pgwitness_http_wrong_tokens_total',
    type: 'counter',
    unit: '',
    labels: [],
    help: 'Wrong tokens that HTTP requests sent, needed or not. Each is logged with its address.',
    samples: ({ state }) => one(state.http.wrongTokens),
  },
  {
    name: 'pgwitness_exposition_timestamp_seconds',
    type: 'gauge',
    unit: 'seconds',
    labels: [],
    help: 'Unix time at which these metrics were read; none is older. While the observer is busy, a scrape may get those of the last 10 seconds.',
    samples: ({ begunMs }) => one(begunMs / 1e3),
  },
  {
    name: 'pgwitness_build_info',
    type: 'gauge',
    unit: '',
    labels: ['version', 'node'],
    help: 'Always 1. Gives the versions of pgwitness and of Node.js.',
    samples: () => [{ value: 1, labels: { version: packageVersion(), node: process.versions.node } }],
  },
];

/** What relay and supervisor both tell of their processes. */
interface ReportedUse {
  readonly loopLagNs: number;
  readonly cpuNs: number;
  readonly residentBytes: number;
}

interface ProcessReaders {
  readonly observer: (use: ProcessUse) => number;
  readonly relay: (use: ReportedUse) => number;
}

/** A sample per process that is there; the supervisor is read as a relay is. */
function byProcess({ state, observer, process: name }: Readings, read: ProcessReaders): Sample[] {
  const samples: Sample[] = [{ value: read.observer(observer), labels: { process: name } }];
  const { relay, supervisor } = state;
  if (relay !== undefined) samples.push({ value: read.relay(relay), labels: { process: 'relay' } });
  if (supervisor !== undefined) samples.push({ value: read.relay(supervisor), labels: { process: 'supervisor' } });
  return samples;
}

function inSeconds(sample: Sample): Sample {
  return { ...sample, value: sample.value / 1e9 };
}
