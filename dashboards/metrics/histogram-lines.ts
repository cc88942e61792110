// Renders histogram series, and keeps the lines of a series until something is added to it.
// Invariant: the lines of a series are cumulative and a consistent snapshot. Not here: counting
// (state/duration-series.ts, state/pool-series.ts).

import type { HistogramFamily, HistogramSeries } from './catalogue/family.js';
import { type Format, labelsText, numberText } from './exposition-format.js';
import type { Exemplar } from './state/duration-series.js';

interface Lines {
  /** Each bucket's line up to its value; the last one is +Inf. */
  readonly bucketStarts: readonly string[];
  readonly sumStart: string;
  readonly countStart: string;
  /** `count` of the series when `text` was written; -1 = never. */
  writtenAt: number;
  text: string;
  openmetricsAt: number;
  openmetrics: string;
}

export class HistogramLines {
  readonly #name: string;
  readonly #bounds: readonly string[];
  readonly #linesOf = new WeakMap<HistogramSeries, Lines>();

  constructor({ name, boundsSeconds }: Pick<HistogramFamily, 'name' | 'boundsSeconds'>) {
    this.#name = name;
    this.#bounds = [...boundsSeconds.map(String), '+Inf'];
  }

  textOf(series: HistogramSeries, format: Format): string {
    let lines = this.#linesOf.get(series);
    if (lines === undefined) {
      lines = this.#startsOf(series);
      this.#linesOf.set(series, lines);
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

  #startsOf(series: HistogramSeries): Lines {
    const labels = labelsText(series.labels);
    return {
      bucketStarts: this.#bounds.map((le) => `${this.#name}_bucket{${labels},le="${le}"} `),
      sumStart: `${this.#name}_sum{${labels}} `,
      countStart: `${this.#name}_count{${labels}} `,
      writtenAt: -1,
      text: '',
      openmetricsAt: -1,
      openmetrics: '',
    };
  }
}

function written(series: HistogramSeries, lines: Lines, withExemplars: boolean): string {
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
