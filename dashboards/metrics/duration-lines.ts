// One duration series as lines, kept as long as nothing was added to it: a scrape writes anew only what changed.
// Invariant: the lines of a series are cumulative and of one moment. Not here: counting (duration-series.ts).

import { DURATION_BOUNDS_SECONDS } from './catalog.js';
import type { DurationSeries, Exemplar } from './duration-series.js';
import { type Format, labelsText, numberText } from './exposition.js';

const NAME = 'pgwitness_statement_duration_seconds';

interface Lines {
  /** Everything of a bucket's line before its value; the last one is +Inf. */
  readonly bucketStarts: readonly string[];
  readonly sumStart: string;
  readonly countStart: string;
  /** `count` of the series when `text` was written; -1 = never. */
  writtenAt: number;
  text: string;
  openmetricsAt: number;
  openmetrics: string;
}

export class DurationLines {
  readonly #of = new WeakMap<DurationSeries, Lines>();

  textOf(series: DurationSeries, format: Format): string {
    let lines = this.#of.get(series);
    if (lines === undefined) {
      lines = startsOf(series);
      this.#of.set(series, lines);
    }
    if (format === 'text') {
      if (lines.writtenAt !== series.count) {
        lines.text = written(series, lines, false);
        lines.writtenAt = series.count;
      }
      return lines.text;
    }
    if (lines.openmetricsAt !== series.count) {
      lines.openmetrics = written(series, lines, true);
      lines.openmetricsAt = series.count;
    }
    return lines.openmetrics;
  }
}

function startsOf(series: DurationSeries): Lines {
  const { source, pool, command, outcome } = series.labels;
  const labels = labelsText({ source, pool, command, outcome });
  return {
    bucketStarts: [...DURATION_BOUNDS_SECONDS.map(String), '+Inf'].map((le) => `${NAME}_bucket{${labels},le="${le}"} `),
    sumStart: `${NAME}_sum{${labels}} `,
    countStart: `${NAME}_count{${labels}} `,
    writtenAt: -1,
    text: '',
    openmetricsAt: -1,
    openmetrics: '',
  };
}

function written(series: DurationSeries, lines: Lines, withExemplars: boolean): string {
  let text = '';
  let cumulative = 0;
  for (let index = 0; index < lines.bucketStarts.length; index++) {
    cumulative += series.counts[index];
    text += lines.bucketStarts[index] + cumulative;
    const exemplar = withExemplars ? series.exemplars?.[index] : undefined;
    text += exemplar === undefined ? '\n' : exemplarText(exemplar);
  }
  return `${text}${lines.sumStart}${numberText(series.sumNs / 1e9)}\n${lines.countStart}${series.count}\n`;
}

function exemplarText({ traceId, serviceNs, atMs }: Exemplar): string {
  return ` # {trace_id="${traceId}"} ${numberText(serviceNs / 1e9)} ${numberText(atMs / 1e3)}\n`;
}
