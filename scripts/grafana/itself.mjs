// "pgwitness / pgwitness itself": is it there, does it see everything, what does it cost.
// Not here: the form (panels.mjs).

import { CHOSEN, dashboard, lines, number } from './panels.mjs';

const RATE = '[$__rate_interval]';

export const itself = dashboard({
  uid: 'pgwitness-itself',
  title: 'pgwitness / pgwitness itself',
  description: 'Loss, sessions that cannot be followed, and what relay and observer cost.',
  panels: [
    number({
      title: 'How many sidecars answer?',
      description: 'Observers that Prometheus could scrape last.',
      unit: 'short',
      queries: [{ expr: `count(pgwitness_build_info{${CHOSEN}})` }],
    }),
    number({
      title: 'How much was not observed?',
      description: 'Executions in the time shown that were relayed and not counted.',
      unit: 'short',
      thresholds: [
        [null, 'green'],
        [1, 'red'],
      ],
      queries: [{ expr: `sum(increase(pgwitness_not_observed_total{${CHOSEN}}[$__range]))`, instant: true }],
    }),
    number({
      title: 'How many sessions cannot be followed?',
      description: 'Sessions that are now adrift (until they can be followed again) or opaque (until they end).',
      unit: 'short',
      thresholds: [
        [null, 'green'],
        [1, 'red'],
      ],
      queries: [{ expr: `sum(pgwitness_sessions{${CHOSEN}, state=~"adrift|opaque"})` }],
    }),
    number({
      title: 'How often did the observer restart?',
      description: 'In the time shown. Traffic is not affected.',
      unit: 'short',
      thresholds: [
        [null, 'green'],
        [1, 'yellow'],
        [5, 'red'],
      ],
      queries: [{ expr: `sum(increase(pgwitness_observer_restarts_total{${CHOSEN}}[$__range]))`, instant: true }],
    }),
    lines({
      title: 'What is not observed, and why?',
      description: 'Executions per second that passed without being counted, by reason.',
      unit: 'ops',
      stacking: 'normal',
      queries: [
        { expr: `sum by (reason) (rate(pgwitness_not_observed_total{${CHOSEN}}${RATE}))`, legend: '{{reason}}' },
      ],
    }),
    lines({
      title: 'Does the store take what is counted?',
      description:
        'Executions that are counted and wait to be stored, and flushes per second that the store refused, by why.',
      unit: 'short',
      queries: [
        { expr: `sum(pgwitness_unstored_executions{${CHOSEN}})`, legend: 'waiting' },
        { expr: `sum by (code) (rate(pgwitness_flush_failures_total{${CHOSEN}}${RATE}))`, legend: 'refused: {{code}}' },
        { expr: `max(pgwitness_store_failing{${CHOSEN}})`, legend: 'failing' },
      ],
    }),
    lines({
      title: 'Can every session be followed?',
      description: 'Open sessions by state.',
      unit: 'short',
      stacking: 'normal',
      queries: [{ expr: `sum by (state) (pgwitness_sessions{${CHOSEN}})`, legend: '{{state}}' }],
    }),
    lines({
      title: 'How often are sessions lost?',
      description: 'Sessions that became adrift or opaque, per second, and the time that opaque sessions were open.',
      unit: 'ops',
      queries: [
        { expr: `sum(rate(pgwitness_sessions_adrift_total{${CHOSEN}}${RATE}))`, legend: 'adrift' },
        { expr: `sum(rate(pgwitness_sessions_opaque_total{${CHOSEN}}${RATE}))`, legend: 'opaque' },
        { expr: `sum(rate(pgwitness_opaque_session_seconds_total{${CHOSEN}}${RATE}))`, legend: 'opaque sessions open' },
      ],
    }),
    lines({
      title: 'Was observing paused, did a relay end?',
      description:
        'A relay that runs late pauses observing; traffic goes on. If one of several relays (--relays) ends, its sessions end too.',
      unit: 'short',
      queries: [
        { expr: `max by (instance) (pgwitness_observing_paused{${CHOSEN}})`, legend: 'observing paused {{instance}}' },
        {
          expr: `sum by (instance) (increase(pgwitness_relay_restarts_total{${CHOSEN}}${RATE}))`,
          legend: 'relays started again {{instance}}',
        },
      ],
    }),
    lines({
      title: 'How late do the event loops run?',
      description: 'A late relay delays traffic. A late observer delays only its reports.',
      unit: 's',
      queries: [
        {
          expr: `max by (instance, process) (pgwitness_event_loop_lag_seconds{${CHOSEN}})`,
          legend: '{{process}} {{instance}}',
        },
      ],
    }),
    lines({
      title: 'How old are the metrics of a scrape?',
      description:
        'While the observer is busy, a scrape gets its last metrics, at most ten seconds old. More is a difference of the clocks.',
      unit: 's',
      queries: [
        {
          expr: `max by (instance) (timestamp(pgwitness_exposition_timestamp_seconds{${CHOSEN}}) - pgwitness_exposition_timestamp_seconds{${CHOSEN}})`,
          legend: '{{instance}}',
        },
      ],
    }),
    lines({
      title: 'How much CPU does it take?',
      description: "Of one CPU. The observer's share is bounded by --observer-cpu-share.",
      unit: 'percentunit',
      queries: [
        {
          expr: `sum by (instance, process) (rate(pgwitness_cpu_seconds_total{${CHOSEN}}${RATE}))`,
          legend: '{{process}} {{instance}}',
        },
      ],
    }),
    lines({
      title: 'How much memory does it take?',
      description: 'Resident memory of relay and observer.',
      unit: 'bytes',
      queries: [
        {
          expr: `sum by (instance, process) (pgwitness_resident_memory_bytes{${CHOSEN}})`,
          legend: '{{process}} {{instance}}',
        },
      ],
    }),
    lines({
      title: 'How much passes through?',
      description: 'Bytes per second by who sent them.',
      unit: 'Bps',
      queries: [
        {
          expr: `sum by (from) (rate(pgwitness_forwarded_bytes_total{${CHOSEN}}${RATE}))`,
          legend: 'from the {{from}}',
        },
      ],
    }),
    lines({
      title: 'Does the observer keep up?',
      description: 'Observations that wait in the relay. At 16 MiB, new ones are dropped and counted as not observed.',
      unit: 'bytes',
      queries: [{ expr: `max by (instance) (pgwitness_link_queue_bytes{${CHOSEN}})`, legend: '{{instance}}' }],
    }),
    lines({
      title: 'Can the server be reached?',
      description: 'Client sessions opened and connections to the upstream that failed, per second.',
      unit: 'ops',
      queries: [
        { expr: `sum(rate(pgwitness_sessions_opened_total{${CHOSEN}}${RATE}))`, legend: 'sessions opened' },
        { expr: `sum(rate(pgwitness_connect_errors_total{${CHOSEN}}${RATE}))`, legend: 'upstream connections failed' },
      ],
    }),
    lines({
      title: 'Which label is full?',
      description: 'Executions per second counted under "other", because the label had reached its maximum of values.',
      unit: 'ops',
      queries: [
        { expr: `sum by (label) (rate(pgwitness_series_overflow_total{${CHOSEN}}${RATE}))`, legend: '{{label}}' },
      ],
    }),
  ],
});
