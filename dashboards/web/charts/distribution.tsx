// The distribution of a statement's durations: bars on a logarithmic axis, and a table.
// Invariant: the bars' heights are shares of the tallest. Not here: the buckets (reports/timeline.ts).

import type { TimelineJson } from '../../../reports/forms/timeline-json.js';
import { count, duration, share } from '../data/format.js';
import { NumbersTable } from '../parts/tables.js';

type Bars = TimelineJson['distribution'];

export function Distribution({ bars }: { bars: Bars }) {
  const whole = bars.reduce((sum, { count: n }) => sum + n, 0);
  const tallest = Math.max(1, ...bars.map(({ count: n }) => n));
  return (
    <section aria-labelledby="distribution">
      <h2 id="distribution">How are the durations distributed?</h2>
      {whole === 0 ? (
        <p>Every execution was pipelined with others, so none has its own duration.</p>
      ) : (
        <>
          <p class="note">
            {count(whole)} executions; a bar is a stretch of durations, each 1.27 times as long as the one before. The
            tallest has {count(tallest)}.
          </p>
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
          <div class="decades" aria-hidden="true">
            {decadesOf(bars).map(({ ms, at }) => (
              <span key={ms} style={{ left: `${100 * at}%` }}>
                {duration(ms)}
              </span>
            ))}
          </div>
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

/** Round durations within the bars, and where they are, 0 to 1; both ends where there is no round one. */
function decadesOf(bars: Bars): Array<{ ms: number; at: number }> {
  const [low, high] = [Math.log10(Math.max(bars[0].from_ms, 1e-4)), Math.log10(bars.at(-1)!.to_ms)];
  const length = Math.max(high - low, 1e-9);
  const parts = length < 1.5 ? [1, 2, 5] : [1];
  const found: Array<{ ms: number; at: number }> = [];
  for (let power = Math.floor(low); power <= Math.ceil(high); power++) {
    for (const part of parts) {
      const ms = part * 10 ** power;
      const at = (Math.log10(ms) - low) / length;
      if (at >= 0 && at <= 1) found.push({ ms, at });
    }
  }
  if (found.length > 0) return found;
  return [
    { ms: bars[0].from_ms, at: 0 },
    { ms: bars.at(-1)!.to_ms, at: 1 },
  ];
}
