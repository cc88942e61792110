// Families with few series as exposition text, by a prom-client registry of our own per format. The only door to prom-client.
// Invariant: a family is rendered by itself, so that the caller decides when the loop may turn; nothing is kept between two scrapes.
// Not here: histograms, whose many series would stall the loop in one piece (histogram-lines.ts); values (exporter.ts).

import { type Metric, Registry } from 'prom-client';
import type { Family } from './catalogue.js';
import type { Format } from './exposition.js';

export interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

const CONTENT_TYPES = { text: Registry.PROMETHEUS_CONTENT_TYPE, openmetrics: Registry.OPENMETRICS_CONTENT_TYPE };

export class FamilyRegistry {
  readonly #registries: Readonly<Record<Format, Registry>>;

  /** `samplesOf` is asked at each scrape. */
  constructor(families: readonly Family[], samplesOf: (family: Family) => Iterable<Sample>) {
    const registryOf = (format: Format) => {
      const registry = new Registry();
      registry.setContentType(CONTENT_TYPES[format] as never);
      for (const family of families) {
        const name = registeredName(family, format);
        const { help, type } = family;
        const get = async () => ({ name, help, type, aggregator: 'sum', values: [...samplesOf(family)] });
        // A registry asks a metric for nothing but this; prom-client's own classes would keep a second copy of every value.
        registry.registerMetric({ name, help, type, get, reset() {} } as unknown as Metric);
      }
      return registry;
    };
    this.#registries = { text: registryOf('text'), openmetrics: registryOf('openmetrics') };
  }

  /** Header and samples of one family, each line ended. */
  async textOf(family: Family, format: Format): Promise<string> {
    return `${await this.#registries[format].getSingleMetricAsString(registeredName(family, format))}\n`;
  }
}

/** OpenMetrics names a counter without the suffix of its samples; prom-client adds that. */
function registeredName({ name, type }: Family, format: Format): string {
  return format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name;
}
