// The slowest executions of a statement that are stored, and its generic plan.
// Invariant: what is not there is not a heading either; no literal is in a sample. Not here: how samples are chosen
// (analyzer/notable/samples.ts).

import type { SamplesJson } from '../../../../reports/forms/samples-json.js';
import { useReport } from '../../data/api.js';
import { count, duration, moment, second } from '../../data/format.js';
import { Table } from '../../parts/tables.js';

interface SamplesProps {
  readonly fingerprint: string;
  readonly source: string;
  readonly live: boolean;
  readonly version: number;
}

export function Samples({ fingerprint, source, live, version }: SamplesProps) {
  const { data } = useReport<SamplesJson>(`/api/v1/statements/${fingerprint}/samples`, { live, version });
  if (data === undefined) return null;
  const samples = data.slow_samples.filter((sample) => sample.source === source);
  const { plan } = data;
  return (
    <>
      {samples.length > 0 && (
        <section aria-labelledby="samples">
          <h2 id="samples">Which were the slowest executions?</h2>
          <SamplesTable samples={samples} />
        </section>
      )}
      {plan !== null && (
        <section aria-labelledby="plan">
          <h2 id="plan">How would the server execute it?</h2>
          <p class="note">
            The generic plan, for any values, from server {plan.server_version} at {moment(plan.at)}.
          </p>
          {plan.text === null ? (
            <p>None: {plan.problem}</p>
          ) : (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
            <section class="scroll-x" tabIndex={0} aria-label="Plan: text">
              <pre class="plan">{plan.text}</pre>
            </section>
          )}
        </section>
      )}
    </>
  );
}

type Sample = SamplesJson['slow_samples'][number];

/** Columns that are shown if a sample has a value for them; '' = no value. */
const WHERE_KNOWN: ReadonlyArray<readonly [string, (sample: Sample) => string]> = [
  ['Failed', ({ sqlstate }) => sqlstate ?? ''],
  ['In transaction', ({ transaction_position: place }) => (place === null ? '' : `statement ${place}`)],
  ['Tags', (sample) => tagsText(sample.tags)],
  ['Trace', (sample) => sample.trace_id ?? ''],
  ['Request', (sample) => sample.request_id ?? ''],
];

function SamplesTable({ samples }: { samples: readonly Sample[] }) {
  const known = WHERE_KNOWN.filter(([, cell]) => samples.some((sample) => cell(sample) !== ''));
  return (
    <Table
      caption="Slowest executions"
      rows={samples}
      columns={[
        { title: 'At', cell: (sample: Sample) => second(sample.at) },
        { title: 'Took', cell: (sample) => duration(sample.service_ms) },
        { title: 'Rows', cell: (sample) => (sample.sqlstate === null ? count(sample.rows) : '–') },
        ...known.map(([title, cell]) => ({ title, cell, words: true })),
      ]}
    />
  );
}

function tagsText(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}
