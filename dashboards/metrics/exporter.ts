// Renders the metrics as text for Prometheus.
// Invariant: every family of the catalogue is rendered, and no other; a scrape changes no counter and holds the event
// loop for SLICE_MS at a time.
// Not here: counting (state/metrics-state.ts), which values a family has (catalogue/), how a line is written
// (exposition-format.ts), serving (dashboards/http).

import { setImmediate as nextTurn } from 'node:timers/promises';
import { CATALOGUE } from './catalogue/catalogue.js';
import type { Family, HistogramFamily, Readings, SampledFamily } from './catalogue/family.js';
import { SERVED } from './catalogue/served.js';
import { type Format, headerOf, trailerOf } from './exposition-format.js';
import { noFindings } from './finding-counter.js';
import { HistogramLines } from './histogram-lines.js';
import { ObserverProcess } from './observer-process.js';
import { FamilyRegistry } from './sampled-lines.js';
import type { MetricsState } from './state/metrics-state.js';

export interface ExporterOptions {
  /** Summary of a statement from the store, '' while it is not known. Asked at each scrape until it is known. */
  readonly summaryOf?: Readings['summaryOf'];
  /** When a mark of each kind was set last, Unix ms. */
  readonly lastMarks?: Readings['lastMarks'];
  /** Findings by kind and severity. */
  readonly findings?: Readings['findings'];
  /** Without an observer: what the store says, with the families of `serve` (catalogue/served.ts). */
  readonly stored?: Readings['stored'];
}

/** Rendering yields to other work after this long. */
const SLICE_MS = 2;

export class MetricsExporter {
  readonly #observer = new ObserverProcess();
  readonly #catalogue: readonly Family[];
  readonly #readings: Omit<Readings, 'begunMs'>;
  readonly #histograms: ReadonlyMap<HistogramFamily, HistogramLines>;
  readonly #families: FamilyRegistry;

  constructor(state: MetricsState, options: ExporterOptions = {}) {
    const { summaryOf = () => '', lastMarks = () => new Map([['manual', 0]]), findings = noFindings } = options;
    const { stored = () => undefined } = options;
    const process = options.stored === undefined ? 'observer' : 'serve';
    this.#catalogue = options.stored === undefined ? CATALOGUE : SERVED;
    this.#readings = { state, observer: this.#observer, process, summaryOf, lastMarks, findings, stored };
    const histograms = this.#catalogue.filter((family): family is HistogramFamily => family.type === 'histogram');
    this.#histograms = new Map(histograms.map((family) => [family, new HistogramLines(family)]));
    const sampled = this.#catalogue.filter((family): family is SampledFamily => family.type !== 'histogram');
    this.#families = new FamilyRegistry(sampled);
  }

  /**
   * Each family and each histogram series is a consistent snapshot; the page is not, because rendering yields in
   * between.
   */
  async render(format: Format = 'text'): Promise<string> {
    let text = '';
    let sliceEnds = performance.now() + SLICE_MS;
    for await (const part of this.#parts(format)) {
      text += part;
      if (performance.now() < sliceEnds) continue;
      await nextTurn();
      sliceEnds = performance.now() + SLICE_MS;
    }
    return text + trailerOf(format);
  }

  close(): void {
    this.#observer.close();
  }

  async *#parts(format: Format): AsyncGenerator<string> {
    const readings: Readings = { ...this.#readings, begunMs: Date.now() };
    for (const family of this.#catalogue) {
      if (family.type !== 'histogram') {
        yield await this.#families.textOf(family, { format, readings });
        continue;
      }
      yield headerOf(family, format);
      const lines = this.#histograms.get(family)!;
      // Copied: series that are added while rendering yields are in the next scrape.
      for (const series of [...family.series(readings)]) yield lines.textOf(series, format);
    }
  }
}
