// The distribution of a statement's durations: bars on a logarithmic scale, and a table.
// Invariant: the bars' heights are shares of the tallest. Not here: the buckets (reports/timeline.ts).

import type { TimelineJson } from '../../../reports/forms/timeline-json.js';
import { count, duration, share } from '../data/format.js';
import { NumbersTable } from './parts.js';

export function Distribution({ bars }: { bars: TimelineJson['distribution'] }) {
  const whole = bars.reduce((sum, { count: n }) => sum + n, 0);
  const tallest = Math.max(1, ...bars.map(({ count: n }) => n));
  return (
    <section aria-labelledby="distribution">
      <h2 id="distribution">How are the durations distributed?</h2>
      {whole === 0 ? (
        <p>Every execution was pipelined with others, so none has its own duration.</p>
      ) : (
        <>
          <div
            class="distribution"
            role="img"
            aria-label={`Durations from ${duration(bars[0].from_ms)} to ${duration(bars.at(-1)!.to_ms)}`}
          >
            {bars.map(({ from_ms, to_ms, count: n }) => (
              <div key={from_ms} title={`${duration(from_ms)} – ${duration(to_ms)}: ${count(n)}`}>
                {/* A single slow execution must be visible. */}
                <div class="bar" style={{ height: n === 0 ? '0' : `max(2px, ${(100 * n) / tallest}%)` }} />
              </div>
            ))}
          </div>
          <p class="ends">
            <span>{duration(bars[0].from_ms)}</span>
            <span>{duration(Math.sqrt(bars[0].from_ms * bars.at(-1)!.to_ms))}</span>
            <span>{duration(bars.at(-1)!.to_ms)}</span>
          </p>
          <details>
            <summary>The numbers</summary>
            <NumbersTable
              caption="Distribution of durations"
              head={['Over', 'Up to', 'Executions', 'Share']}
              rows={bars.map(({ from_ms, to_ms, count: n }) => [
                duration(from_ms),
                duration(to_ms),
                count(n),
                share(n, whole),
              ])}
            />
          </details>
        </>
      )}
    </section>
  );
}
