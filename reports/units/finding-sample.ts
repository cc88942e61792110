// The example of one finding: a unit of work that shows it.
// Invariant: no literal is in it. Not here: choosing it (analyzer/findings/finding-samples.ts), the finding itself
// (reports/findings.ts).

import type { FindingFacts, FindingRole, FindingSample } from '../../facts/finding.js';
import type { SampledStatement } from '../../facts/rollup-row.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';

/** @param id the whole. Undefined = no example is kept. Throws StoreError. */
export function reportFindingSample(reader: StoreReader, id: string): FindingSample | undefined {
  return reader.read((stored) => {
    const sample = stored.sampleOfFinding(id);
    if (sample === undefined) return undefined;
    const pools = stored.poolNames();
    const statements = sample.statements.map((one) => ({ ...one, pool: pools.get(one.pool) ?? one.pool }));
    const texts = stored.textsOf([...new Set(statements.map(({ fingerprint }) => fingerprint))]);
    const queries = new Map(texts.map(({ fingerprint, query }) => [fingerprint, query] as const));
    return { unit: { ...sample, statements }, queries };
  });
}

/** Of several sidecars the newest one. */
export function mergeFindingSamples(samples: ReadonlyArray<FindingSample | undefined>): FindingSample | undefined {
  return samples.filter((sample) => sample !== undefined).sort((a, b) => b.unit.atMs - a.unit.atMs)[0];
}

/** What a statement of the example is in the finding; undefined = it has no part in it. */
export function roleIn(
  { statements }: Pick<FindingFacts, 'statements'>,
  { fingerprint, source }: Pick<SampledStatement, 'fingerprint' | 'source'>,
): FindingRole | undefined {
  return statements.find((one) => one.fingerprint === fingerprint && one.source === source)?.role;
}
