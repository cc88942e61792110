// Families about what passes the relays, and how much of it was observed.
// Invariant: values of the relay are absent until it has sent its first status. Not here: counting (proxy/relay,
// ../state).

import { cleanLabel } from '../state/labels.js';
import { type Family, figures, one } from './family.js';

export const RELAY_FAMILIES: readonly Family[] = [
  {
    name: 'pgwitness_not_observed_total',
    type: 'counter',
    unit: '',
    labels: ['reason'],
    help: 'Executions that were relayed but not observed, by reason.',
    samples: ({ state }) =>
      [...state.notObserved].map(([reason, value]) => ({ value, labels: { reason: cleanLabel(reason) } })),
  },
  {
    name: 'pgwitness_opaque_session_seconds_total',
    type: 'counter',
    unit: 'seconds',
    labels: [],
    help: 'Time that opaque sessions were open, in whole minutes of each session. Their executions are not known.',
    samples: ({ state }) => one(60 * state.opaqueSessionMinutes),
  },
  {
    name: 'pgwitness_series_overflow_total',
    type: 'counter',
    unit: '',
    labels: ['label'],
    help: 'Executions counted under "other" because the label had reached its maximum of values.',
    samples: ({ state }) => Object.entries(state.overflow).map(([label, value]) => ({ value, labels: { label } })),
  },
  {
    name: 'pgwitness_sessions',
    type: 'gauge',
    unit: '',
    labels: ['state'],
    help: 'Open client sessions. The state is tracked, adrift (until it can be followed again) or opaque (until it ends).',
    samples: ({ state: { relay } }) => {
      if (relay === undefined) return [];
      const { sessionsOpen, sessionsAdrift: adrift, sessionsOpaque: opaque } = relay;
      const counts = { tracked: Math.max(0, sessionsOpen - adrift - opaque), adrift, opaque };
      return Object.entries(counts).map(([name, value]) => ({ value, labels: { state: name } }));
    },
  },
  {
    name: 'pgwitness_sessions_opened_total',
    type: 'counter',
    unit: '',
    labels: [],
    help: 'Client sessions opened.',
    samples: figures('sessions_opened_total'),
  },
  {
    name: 'pgwitness_sessions_adrift_total',
    type: 'counter',
    unit: '',
    labels: [],
    help: 'Times pgwitness could no longer match replies to requests in a session.',
    samples: figures('sessions_adrift_total'),
  },
  {
    name: 'pgwitness_sessions_opaque_total',
    type: 'counter',
    unit: '',
    labels: [],
    help: 'Sessions in which pgwitness could no longer tell where messages begin.',
    samples: figures('sessions_opaque_total'),
  },
  {
    name: 'pgwitness_connect_errors_total',
    type: 'counter',
    unit: '',
    labels: [],
    help: 'Connections to the upstream that failed.',
    samples: figures('connect_errors_total'),
  },
  {
    name: 'pgwitness_connections_refused_total',
    type: 'counter',
    unit: '',
    labels: ['reason'],
    help: 'Clients refused (SQLSTATE 53300) or closed, by the limit that was reached: max_connections, max_connections_per_address or not_logged_in. Silent connections that gave way to others are among them.',
    samples: figures('connections_refused_total'),
  },
  {
    name: 'pgwitness_forwarded_bytes_total',
    type: 'counter',
    unit: 'bytes',
    labels: ['from'],
    help: 'Bytes forwarded, by the side that sent them: client or server.',
    samples: figures('forwarded_bytes_total'),
  },
  {
    name: 'pgwitness_link_queue_bytes',
    type: 'gauge',
    unit: 'bytes',
    labels: [],
    help: 'Size of the observations that wait in the relay for the observer.',
    samples: figures('link_queue_bytes'),
  },
];
