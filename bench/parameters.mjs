// Measures what telling parameters apart costs: hashing bytes, and the literals of texts.
// Prints; asserts nothing.
// Run: npm run build && node bench/parameters.mjs

const dist = process.env.PGWITNESS_DIST ?? new URL('../dist', import.meta.url).pathname;
const { KeyedHash } = /** @type {typeof import('../dist/proxy/stream/parameters.js')} */ (
  await import(`${dist}/proxy/stream/parameters.js`)
);
const { Fingerprinter } = /** @type {typeof import('../dist/analyzer/fingerprint/fingerprint.js')} */ (
  await import(`${dist}/analyzer/fingerprint/fingerprint.js`)
);

const hash = new KeyedHash();
hash.use([1, 2]);
let sum = 0;
for (const size of [4, 16, 64, 256, 1024]) {
  const bytes = Buffer.from(Array.from({ length: size }, (_, i) => (i * 37) & 255));
  const ns = best(200_000, () => {
    hash.begin();
    hash.add(bytes, 0, size);
    sum += hash.hash;
  });
  console.log(`${String(size).padStart(5)} bytes  ${ns.toFixed(1).padStart(7)} ns, ${(ns / size).toFixed(2)} a byte`);
}

const OPTIONS = { backslashEscapes: false, missingBytes: 0 };
const columns = ['id', 'title', 'price', 'stock', 'author_id', 'published'].map((c) => `"shop_book"."${c}"`).join(', ');
/** @type {Record<string, Buffer[]>} */
const SETS = {
  'django select, by skeleton': Array.from({ length: 1000 }, (_, i) =>
    Buffer.from(`SELECT ${columns} FROM "shop_book" WHERE ("author_id" = ${i} AND "title" = 'title ${i}') LIMIT 21`),
  ),
  'list of 100, by skeleton': Array.from({ length: 100 }, (_, i) =>
    Buffer.from(`SELECT a FROM t WHERE id IN (${Array.from({ length: 100 }, (_, n) => n + i).join(', ')})`),
  ),
  "E'', lexed": Array.from({ length: 1000 }, (_, i) =>
    Buffer.from(`SELECT ${columns} FROM "shop_book" WHERE ("author_id" = ${i} AND "title" = E'title ${i}') LIMIT 21`),
  ),
  'bulk insert, 500 rows': Array.from({ length: 10 }, (_, i) =>
    Buffer.from(`INSERT INTO t (a, b, c) VALUES ${`(${i}, 'text ${i}', NULL), `.repeat(499)}(1, 'x', NULL)`),
  ),
};
const options = { analyse: () => undefined, readsTokens: () => false };
const without = await Fingerprinter.load(options);
const keyed = await Fingerprinter.load({ ...options, literalHash: hash });
for (const [name, texts] of Object.entries(SETS)) {
  const rounds = texts[0].length > 5000 ? 20 : 30_000 / texts.length;
  let [off, on] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let part = 0; part < 8; part++) {
    off = Math.min(off, timed(rounds, () => each(texts, without)) / texts.length);
    on = Math.min(on, timed(rounds, () => each(texts, keyed)) / texts.length);
  }
  console.log(
    `${name.padEnd(28)} ${off.toFixed(0).padStart(7)} ns off, ${on.toFixed(0).padStart(7)} on: ${(on - off).toFixed(0)} more`,
  );
}
if (sum === 0) throw new Error('nothing was hashed');

/** @param {readonly Buffer[]} texts @param {typeof keyed} fingerprinter */
function each(texts, fingerprinter) {
  for (const text of texts) fingerprinter.identify(text, OPTIONS);
}

/** Best of eight, in ns. @param {number} turns @param {() => void} work */
function best(turns, work) {
  let least = Number.POSITIVE_INFINITY;
  for (let part = 0; part < 8; part++) least = Math.min(least, timed(turns, work));
  return least;
}

/** @param {number} turns @param {() => void} work */
function timed(turns, work) {
  const began = process.cpuUsage();
  for (let turn = 0; turn < turns; turn++) work();
  const used = process.cpuUsage(began);
  return ((used.user + used.system) * 1000) / turns;
}
