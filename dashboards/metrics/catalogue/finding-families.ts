// Families about findings: how many are open, and how many came since the observer started.
// Invariant: a series per kind and severity from the start, so that a first finding shows as a rise.
// Not here: counting them (../finding-counter.ts), what they are (docs/FINDINGS.md).

import type { Family } from './family.js';

export const FINDING_FAMILIES: readonly Family[] = [
  {
    name: 'pgwitness_findings',
    type: 'gauge',
    unit: '',
    labels: ['kind', 'severity'],
    help: 'Findings that are open and strong, of the 1,000 seen last within a day. Accepted ones are left out.',
    samples: ({ findings }) =>
      findings().map(({ kind, severity, open }) => ({ value: open, labels: { kind, severity } })),
  },
  {
    name: 'pgwitness_findings_new_total',
    type: 'counter',
    unit: '',
    labels: ['kind', 'severity'],
    help: 'Findings first seen since the observer started that were open and strong at a scrape.',
    samples: ({ findings }) =>
      findings().map(({ kind, severity, newTotal }) => ({ value: newTotal, labels: { kind, severity } })),
  },
];
