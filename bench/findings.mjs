// Measures what looking for findings costs, per statement, and whether memory stays flat.
// Units of work are made here, so that nothing but the rules is measured. Prints; asserts nothing.
// Run: npm run build && node --expose-gc bench/findings.mjs

const dist = process.env.PGWITNESS_DIST ?? new URL('../dist', import.meta.url).pathname;
const { TRAITS, traitsOf } = /** @type {typeof import('../dist/facts/work/unit.js')} */ (
  await import(`${dist}/facts/work/unit.js`)
);
const { Findings } = /** @type {typeof import('../dist/analyzer/findings/findings.js')} */ (
  await import(`${dist}/analyzer/findings/findings.js`)
);

const T0 = 1_800_000_000_000;
const STATEMENTS = 20;

/**
 * A unit of STATEMENTS statements: a list, then others, in a transaction.
 * @param {number} number @param {Each} each
 * @param {'direct' | 'heuristic'} found
 * @returns {import('../dist/facts/work/unit.js').WorkUnit}
 */
function unitOf(number, each, found) {
  const firstMs = T0 + number * 100;
  const statements = Array.from({ length: STATEMENTS }, (_, n) => {
    const { fingerprint, command = 'SELECT' } = n === 0 ? { fingerprint: 'list' } : each(n);
    return {
      fingerprint,
      session: 'one',
      startMs: firstMs + n,
      endMs: firstMs + n + 0.5,
      serviceNs: 500_000,
      rows: n === 0 ? STATEMENTS - 1 : 1,
      sqlstate: '',
      command,
      batched: false,
      reads: /** @type {'rows' | ''} */ (command === 'SELECT' ? 'rows' : ''),
      housekeeping: '',
      transactionBefore: /** @type {const} */ ('T'),
      transactionAfter: /** @type {'I' | 'T'} */ (n === STATEMENTS - 1 ? 'I' : 'T'),
      parameterHash: number * STATEMENTS + n + 1,
      parameterCount: 1,
      parametersCut: false,
      source: 'django-orm',
      construct: 'queryset',
      pool: 'pool',
      tagSet: '',
    };
  });
  const isDirect = found === 'direct';
  const isRepeated = new Set(statements.map(({ fingerprint }) => fingerprint)).size < statements.length;
  return {
    found,
    traits: statements.reduce((all, one) => all | traitsOf(one), isRepeated ? TRAITS.repeats : 0),
    boundary: isDirect ? 'tags' : 'transaction',
    id: isDirect ? String(number) : '',
    tagSet: isDirect ? `{"route":"/r${number % 50}"}` : '',
    firstMs,
    lastMs: firstMs + STATEMENTS,
    serviceNs: STATEMENTS * 500_000,
    statements,
    first: statements[0],
    kept: STATEMENTS,
    opened: { connections: 0, ms: 0 },
    statementsDropped: 0,
  };
}

/** @typedef {(n: number) => { fingerprint: string, command?: string }} Each */
/** @type {Record<string, [each: Each, found: 'direct' | 'heuristic']>} */
const CASES = {
  'clean, tagged': [(n) => ({ fingerprint: `f${n}`, command: n % 6 === 0 ? 'UPDATE' : 'SELECT' }), 'direct'],
  'clean, untagged': [(n) => ({ fingerprint: `f${n}`, command: n % 6 === 0 ? 'UPDATE' : 'SELECT' }), 'heuristic'],
  'an N+1, tagged': [() => ({ fingerprint: 'item' }), 'direct'],
  'a loop of two, tagged': [(n) => ({ fingerprint: `item${n % 2}`, command: n % 2 ? 'SELECT' : 'INSERT' }), 'direct'],
};
const UNITS = 500;
for (const [name, [each, found]] of Object.entries(CASES)) {
  const units = Array.from({ length: UNITS }, (_, number) => unitOf(number, each, found));
  let best = Number.POSITIVE_INFINITY;
  // The first part takes an example of each finding, as the first requests of an hour do.
  const findings = new Findings();
  for (let part = 0; part < 12; part++) {
    const began = process.cpuUsage();
    for (const [at, unit] of units.entries()) {
      findings.unitEnded(unit);
      if (at % 100 === 99) flush(findings, unit.lastMs);
    }
    const used = process.cpuUsage(began);
    best = Math.min(best, ((used.user + used.system) * 1000) / (UNITS * STATEMENTS));
  }
  console.log(`${name.padEnd(24)} ${best.toFixed(0).padStart(6)} ns per statement`);
}

const findings = new Findings();
/** @type {number[]} */
const heaps = [];
for (let number = 0; number < 500_000; number++) {
  const [each, found] = number % 2 === 0 ? CASES['an N+1, tagged'] : CASES['clean, untagged'];
  const unit = unitOf(number, each, found);
  findings.unitEnded(unit);
  if (number % 20 === 0) flush(findings, unit.lastMs);
  if (number % 100_000 === 99_999) {
    globalThis.gc?.();
    heaps.push(process.memoryUsage().heapUsed / 2 ** 20);
  }
}
console.log(`heap after each 2,000,000 statements: ${heaps.map((mib) => mib.toFixed(1)).join(', ')} MiB`);

/** @param {InstanceType<typeof Findings>} of @param {number} nowMs */
function flush(of, nowMs) {
  of.tick(nowMs);
  of.stored();
}
