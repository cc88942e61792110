// Renders families with few series, with one prom-client registry per format.
// Only this file imports prom-client.
// Invariant: families are rendered one by one, so that the caller can yield in between; nothing is kept between two
// scrapes.
// Not here: histograms, whose many series would hold the event loop in one piece (histogram-lines.ts); values
// (catalogue/).

import { type Metric, Registry } from 'prom-client';
import type { Readings, SampledFamily } from './catalogue/family.js';
import type { Format } from './exposition-format.js';

const CONTENT_TYPES = { text: Registry.PROMETHEUS_CONTENT_TYPE, openmetrics: Registry.OPENMETRICS_CONTENT_TYPE };

export class FamilyRegistry {
  readonly #registries: Readonly<Record<Format, Registry>>;
  /** Of the family that is being rendered. */
  #readings: Readings | undefined;

  constructor(families: readonly SampledFamily[]) {
    const registryOf = (format: Format) => {
      const registry = new Registry();
      registry.setContentType(CONTENT_TYPES[format] as never);
      for (const family of families) {
        const name = registeredName(family, format);
        const { help, type, samples } = family;
        const get = async () => ({ name, help, type, aggregator: 'sum', values: [...samples(this.#readings!)] });
        // A registry asks a metric for nothing else; prom-client's own classes would keep a second copy of every value.
        registry.registerMetric({ name, help, type, get, reset() {} } as unknown as Metric);
      }
      return registry;
    };
    this.#registries = { text: registryOf('text'), openmetrics: registryOf('openmetrics') };
  }

  /** Header and samples of one family, each line ended. */
  async textOf(family: SampledFamily, { format, readings }: { format: Format; readings: Readings }): Promise<string> {
    // The registry reads before it waits for anything, so that two renderings may be under way at once.
    this.#readings = readings;
    return `${await this.#registries[format].getSingleMetricAsString(registeredName(family, format))}\n`;
  }
}

/** OpenMetrics names a counter without the suffix of its samples, which prom-client adds. */
function registeredName({ name, type }: SampledFamily, format: Format): string {
  return format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name;
}
