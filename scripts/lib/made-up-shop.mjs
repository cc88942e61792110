// A store as two hours of a shop's traffic would have left it.
// One route became worse with a deployment.
// For the page's screenshots and tests: routes, jobs, findings, marks, samples, pools, a loss.
// Invariant: the same arguments make the same rows; everything goes through the store's own flush.
// Not here: real traffic (lib/shop).

import { MADE_UP } from './made-up-execution.mjs';
import { MadeUpRequests } from './made-up-requests.mjs';
import { fingerprintOf } from './made-up-statement.mjs';
import { xorshift } from './xorshift.mjs';

/**
 * @typedef {import('../../dist/facts/flush.js').Flush} Flush
 * @typedef {{ source: 'django-orm' | 'raw' | 'sqlalchemy' | 'housekeeping', construct: string, query: string,
 *   summary: string, ms: number, rows: number, caller: string, pool: string }} Statement
 * @typedef {{ kind: 'route' | 'job', route: string, each: number, runs: Array<[name: string, times: number]>,
 *   since?: number, until?: number }} Route
 */

/** Minutes of traffic, and how many of them are after the deployment. */
export const MINUTES = 120;
export const AFTER_DEPLOY = 40;
export const DEPLOY = 'deploy 42';
/** The route that the deployment made worse, and where its repeated statement is sent. */
export const WORSE = { route: 'orders/', caller: 'shop/orders.py:88' };

/** @type {Readonly<Record<string, Omit<Statement, 'pool'>>>} */
const STATEMENTS = {
  orders: orm(
    'SELECT "shop_order"."id", "shop_order"."customer_id", "shop_order"."placed_at" FROM "shop_order" WHERE "shop_order"."customer_id" = ? ORDER BY "shop_order"."placed_at" DESC LIMIT ?',
    'SELECT shop_order',
    2.4,
    20,
    'shop/orders.py:71',
  ),
  lines: orm(
    'SELECT "shop_orderline"."id", "shop_orderline"."order_id", "shop_orderline"."product_id", "shop_orderline"."quantity" FROM "shop_orderline" WHERE "shop_orderline"."order_id" = ?',
    'SELECT shop_orderline',
    1.1,
    3,
    WORSE.caller,
  ),
  linesOfAll: orm(
    'SELECT "shop_orderline"."id", "shop_orderline"."order_id", "shop_orderline"."product_id", "shop_orderline"."quantity" FROM "shop_orderline" WHERE "shop_orderline"."order_id" IN (?)',
    'SELECT shop_orderline',
    3.2,
    61,
    'shop/orders.py:75',
  ),
  products: orm(
    'SELECT "shop_product"."id", "shop_product"."name", "shop_product"."price" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") WHERE "shop_category"."slug" = ?',
    'SELECT shop_product shop_category',
    4.6,
    24,
    'shop/catalogue.py:19',
  ),
  user: orm(
    'SELECT "auth_user"."id", "auth_user"."username", "auth_user"."email" FROM "auth_user" WHERE "auth_user"."id" = ? LIMIT ?',
    'SELECT auth_user',
    0.6,
    1,
    'shop/middleware.py:12',
  ),
  stock: alchemy(
    'SELECT stock.sku, stock.on_hand, stock.reserved FROM stock WHERE stock.sku = ?',
    'SELECT stock',
    0.9,
    1,
    'ported/stock.py:33',
  ),
  stockUpdate: alchemy(
    'UPDATE stock SET reserved = ? WHERE stock.sku = ?',
    'UPDATE stock',
    1.4,
    1,
    'ported/stock.py:41',
  ),
  report: raw(
    'SELECT p.name, sum(l.quantity) AS sold FROM shop_orderline l JOIN shop_product p ON p.id = l.product_id JOIN shop_order o ON o.id = l.order_id WHERE o.placed_at > ? GROUP BY p.name ORDER BY sold DESC',
    'SELECT shop_orderline shop_product shop_order',
    320,
    40,
    'shop/reports.py:41',
  ),
  topSellers: orm(
    'SELECT "shop_product"."name", SUM("shop_orderline"."quantity") AS "sold" FROM "shop_orderline" INNER JOIN "shop_product" ON ("shop_orderline"."product_id" = "shop_product"."id") GROUP BY "shop_product"."name" ORDER BY "sold" DESC LIMIT ?',
    'SELECT shop_orderline shop_product',
    96,
    10,
    'shop/reports.py:18',
  ),
  search: raw(
    "SELECT id, name FROM shop_product WHERE to_tsvector('simple', name) @@ plainto_tsquery('simple', ?) LIMIT ?",
    'SELECT shop_product',
    18,
    12,
    'shop/search.py:27',
  ),
  recount: raw(
    'UPDATE shop_category c SET products = (SELECT count(*) FROM shop_product p WHERE p.category_id = c.id)',
    'UPDATE shop_category shop_product',
    140,
    12,
    'shop/tasks.py:9',
  ),
  newOrder: orm(
    'INSERT INTO "shop_order" ("customer_id", "placed_at", "state") VALUES (?, ?, ?) RETURNING "shop_order"."id"',
    'INSERT shop_order',
    1.2,
    1,
    'shop/orders.py:120',
  ),
  newLine: orm(
    'INSERT INTO "shop_orderline" ("order_id", "product_id", "quantity") VALUES (?, ?, ?)',
    'INSERT shop_orderline',
    0.9,
    1,
    'shop/orders.py:124',
  ),
  begin: { source: 'housekeeping', construct: '', query: 'BEGIN', summary: 'BEGIN', ms: 0.1, rows: 0, caller: '' },
  warehouse: alchemy(
    'SELECT warehouse.id, warehouse.name FROM warehouse WHERE warehouse.id = ?',
    'SELECT warehouse',
    0.7,
    1,
    '',
  ),
};

/** @type {readonly Route[]} */
const ROUTES = [
  {
    kind: 'route',
    route: WORSE.route,
    each: 6,
    until: -AFTER_DEPLOY,
    runs: [
      ['begin', 1],
      ['user', 1],
      ['orders', 1],
      ['linesOfAll', 1],
    ],
  },
  {
    kind: 'route',
    route: WORSE.route,
    each: 6,
    since: -AFTER_DEPLOY,
    runs: [
      ['begin', 1],
      ['user', 1],
      ['orders', 1],
      ['lines', 20],
    ],
  },
  {
    kind: 'route',
    route: 'products/<slug:category>/',
    each: 9,
    runs: [
      ['user', 1],
      ['products', 1],
    ],
  },
  {
    kind: 'route',
    route: 'search/',
    each: 5,
    runs: [
      ['user', 1],
      ['search', 1],
    ],
  },
  {
    kind: 'route',
    route: 'reports/slow-movers/',
    each: 1,
    runs: [
      ['user', 1],
      ['report', 1],
    ],
  },
  {
    kind: 'route',
    route: 'reports/top-sellers/',
    each: 1,
    since: -AFTER_DEPLOY,
    runs: [
      ['user', 1],
      ['topSellers', 1],
    ],
  },
  {
    kind: 'route',
    route: 'orders/new/',
    each: 2,
    runs: [
      ['begin', 1],
      ['user', 1],
      ['newOrder', 1],
      ['newLine', 4],
    ],
  },
  {
    kind: 'route',
    route: 'ported/stock/',
    each: 4,
    runs: [
      ['stock', 6],
      ['stockUpdate', 1],
      ['warehouse', 1],
    ],
  },
  { kind: 'job', route: 'shop.tasks.recount', each: 1, runs: [['recount', 1]] },
];

/** @type {Readonly<Record<string, string>>} */
const POOLS = { django: 'django:shop@shop', sqlalchemy: 'sqlalchemy:shop@shop' };

/** @param {string} query @param {string} summary @param {number} ms @param {number} rows @param {string} caller */
function orm(query, summary, ms, rows, caller) {
  return { source: /** @type {const} */ ('django-orm'), construct: 'queryset', query, summary, ms, rows, caller };
}

/** @param {string} query @param {string} summary @param {number} ms @param {number} rows @param {string} caller */
function raw(query, summary, ms, rows, caller) {
  return { source: /** @type {const} */ ('raw'), construct: 'cursor', query, summary, ms, rows, caller };
}

/** @param {string} query @param {string} summary @param {number} ms @param {number} rows @param {string} caller */
function alchemy(query, summary, ms, rows, caller) {
  return { source: /** @type {const} */ ('sqlalchemy'), construct: 'core', query, summary, ms, rows, caller };
}

const NAMES = Object.keys(STATEMENTS);

/** Fingerprint of a statement by its name here. @param {string} name */
export function shopFingerprint(name) {
  return fingerprintOf(NAMES.indexOf(name));
}

/**
 * Needs dist/.
 * @param {string} dataDir
 * @param {{ nowMs?: number, statements?: number, routes?: number }} [size] more statements and routes, in one minute
 */
export async function writeShop(dataDir, { nowMs = Date.now(), statements = 0, routes = 0 } = {}) {
  const [{ openSqliteStore }, { emptyFlush }, { RollupRow }, { LogHistogram }] = await Promise.all([
    import('../../dist/storage/sqlite/sqlite-store.js'),
    import('../../dist/facts/flush.js'),
    import('../../dist/facts/rollup-row.js'),
    import('../../dist/facts/histogram.js'),
  ]);
  const store = openSqliteStore({ dataDir });
  const now = Math.floor(nowMs / 60_000);
  const random = xorshift();
  const all = allStatements(statements);
  const first = now - MINUTES;
  store.flush({ ...emptyFlush(first * 60_000), ...fixedParts({ all, first, now }) });
  for (let minute = first; minute < now; minute++) {
    const counts = new MinuteCounts({ minute, RollupRow, LogHistogram, random, all });
    for (const route of routesAt(minute - now)) counts.add(route);
    if (minute === now - 10) counts.addMany(statements, routes);
    store.flush({
      ...emptyFlush((minute + 1) * 60_000),
      ...counts.parts(),
      ...poolParts(minute, random, LogHistogram),
    });
  }
  store.writeOutAll();
  store.maintain(nowMs);
  store.close();
}

/** @param {number} at minutes from now, negative */
function routesAt(at) {
  return ROUTES.filter(({ since = -MINUTES, until = 0 }) => at >= since && at < until);
}

/** @typedef {Statement & { fingerprint: string }} NamedStatement */

/** @param {number} more @returns {Map<string, NamedStatement>} */
function allStatements(more) {
  /** @type {Map<string, NamedStatement>} */
  const all = new Map();
  for (const [n, name] of NAMES.entries()) {
    const one = STATEMENTS[name];
    const pool = one.source === 'sqlalchemy' ? 'sqlalchemy' : 'django';
    all.set(name, { ...one, fingerprint: fingerprintOf(n), pool });
  }
  for (let n = 0; n < more; n++) {
    const query = `SELECT t.id, t.name, t.total FROM table_${n} AS t WHERE t.id = ?`;
    const one = orm(query, `SELECT table_${n}`, 1 + (n % 50), 3, `app/views_${n % 500}.py:${n % 90}`);
    all.set(`more-${n}`, { ...one, fingerprint: fingerprintOf(1_000 + n), pool: 'django' });
  }
  return all;
}

/** What stands once: texts, pools, marks, findings, samples, a loss. @returns {Partial<Flush>} */
function fixedParts(
  /** @type {{ all: ReturnType<typeof allStatements>, first: number, now: number }} */ { all, first, now },
) {
  const [firstMs, nowMs] = [first * 60_000, now * 60_000];
  const deployMs = nowMs - AFTER_DEPLOY * 60_000;
  return {
    catalogue: [...all.values()].map(({ fingerprint, query, summary }) => ({
      fingerprint,
      query,
      summary,
      command: summary.split(' ')[0],
      keyHash: fingerprint,
      grammar: 'made up',
    })),
    statements: [...all.values()].map(({ fingerprint, source, construct }) => ({
      fingerprint,
      source,
      construct,
      confidence: 'strong',
      firstSeenMs: firstMs,
      lastSeenMs: nowMs,
      calls: 0,
      errors: 0,
      evidence: [{ rule: 'made-up', saw: `${source} by the maker of this store` }],
    })),
    pools: Object.entries(POOLS).map(([id, name]) => ({
      id,
      name,
      identity: { user: 'shop', database: 'shop', applicationName: '', options: '', owner: id, clientNetwork: '' },
      firstSeenMs: firstMs,
      lastSeenMs: nowMs,
      clientAddress: '10.0.0.5',
      serverVersion: '17.5',
      driver: 'psycopg 3',
      habits: id === 'django' ? [] : ['ROLLBACK on return'],
      evidence: [{ rule: 'startup', saw: 'client_encoding before TimeZone' }],
    })),
    marks: [
      {
        atMs: firstMs + 20 * 60_000,
        kind: 'ddl',
        name: 'CREATE INDEX shop_order',
        fingerprint: '',
        source: 'django-orm',
      },
      { atMs: deployMs, kind: 'manual', name: DEPLOY, fingerprint: '', source: '' },
    ],
    findings: [
      finding({
        id: 'f1',
        kind: 'n-plus-one',
        route: WORSE.route,
        name: 'lines',
        role: 'repeated',
        also: [['orders', 'caused-by']],
        units: 240,
        times: 20,
        costMs: 21,
        firstMs: deployMs + 60_000,
        lastMs: nowMs - 60_000,
      }),
      finding({
        id: 'f2',
        kind: 'n-plus-one',
        route: 'ported/stock/',
        name: 'stock',
        role: 'repeated',
        also: [],
        units: 480,
        times: 6,
        costMs: 4,
        firstMs: firstMs,
        lastMs: nowMs - 60_000,
      }),
      finding({
        id: 'f3',
        kind: 'writes-in-loop',
        route: 'orders/new/',
        name: 'newLine',
        role: 'repeated',
        also: [],
        units: 240,
        times: 4,
        costMs: 2,
        firstMs: firstMs + 30 * 60_000,
        lastMs: nowMs - 60_000,
      }),
    ],
    samples: ['report', 'search', 'lines'].flatMap((name) => samplesOf(name, nowMs)),
    plans: [
      { fingerprint: shopFingerprint('report'), atMs: nowMs - 60_000, serverVersion: '17.5', plan: PLAN, problem: '' },
    ],
    losses: [{ counterId: 'relay-1', minute: now - 30, reason: 'queue_full', count: 12 }],
    relays: [{ relayId: 'relay-1', lastSequence: 7, ended: false }],
  };
}

const PLAN = `Sort  (cost=8123.77..8124.02 rows=100 width=40)
  Sort Key: (sum(l.quantity)) DESC
  ->  HashAggregate  (cost=8119.45..8120.45 rows=100 width=40)
        Group Key: p.name
        ->  Hash Join  (cost=402.25..7494.45 rows=125000 width=36)
              Hash Cond: (l.order_id = o.id)
              ->  Seq Scan on shop_orderline l  (cost=0.00..2047.00 rows=125000 width=12)`;

/**
 * @param {{ id: string, kind: 'n-plus-one' | 'writes-in-loop', route: string, name: string, role: 'repeated',
 *   also: Array<[string, 'caused-by']>, units: number, times: number, costMs: number, firstMs: number,
 *   lastMs: number }} of
 */
function finding({ id, kind, route, name, role, also, units, times, costMs, firstMs, lastMs }) {
  const one = (/** @type {string} */ which, /** @type {'repeated' | 'caused-by'} */ as) => ({
    fingerprint: shopFingerprint(which),
    source: STATEMENTS[which].source,
    role: as,
  });
  return {
    id,
    kind,
    route,
    confidence: /** @type {const} */ ('strong'),
    found: /** @type {const} */ ('direct'),
    statements: [one(name, role), ...also.map(([which, as]) => one(which, as))],
    pools: [STATEMENTS[name].source === 'sqlalchemy' ? 'sqlalchemy' : 'django'],
    callers: [STATEMENTS[name].caller],
    units,
    times: units * times,
    timesMax: times,
    costNs: units * costMs * 1e6,
    firstMs,
    lastMs,
    sample: exampleOf(route, { runs: [...also.map(([which]) => [which, 1]), [name, times]], atMs: lastMs }),
  };
}

/**
 * A request of the finding.
 * @param {string} route
 * @param {{ runs: Array<[string, number] | (string | number)[]>, atMs: number }} of
 */
function exampleOf(route, { runs, atMs }) {
  const requests = new MadeUpRequests();
  const request = requests.begin({ tagSet: JSON.stringify({ route }), minute: Math.floor(atMs / 60_000) });
  for (const [which, times] of runs) {
    const { source, ms, rows, caller, construct } = STATEMENTS[which];
    const pool = source === 'sqlalchemy' ? 'sqlalchemy' : 'django';
    const statement = { fingerprint: shopFingerprint(String(which)), source, construct, pool, rows, caller };
    request.add(statement, Array(Number(times)).fill(ms * 1e6));
  }
  request.end();
  const [kept] = requests.kept();
  return kept;
}

/** @param {string} name @param {number} nowMs */
function samplesOf(name, nowMs) {
  const { source, ms, rows, caller } = STATEMENTS[name];
  return [9, 7, 5, 4].map((factor, n) => ({
    fingerprint: shopFingerprint(name),
    source,
    atMs: nowMs - (n + 2) * 61_337,
    serviceNs: factor * ms * 1e6,
    waitNs: 0,
    rows,
    sqlstate: n === 3 ? '57014' : '',
    pool: 'django',
    tagSet: JSON.stringify({ caller, route: routeOf(name) }),
    traceId: (0xfeed0000n + BigInt(n)).toString(16).padStart(32, '0'),
    requestId: '',
    transactionPosition: 2,
  }));
}

/** @param {string} name */
function routeOf(name) {
  return ROUTES.find(({ runs }) => runs.some(([which]) => which === name))?.route ?? '';
}

/**
 * @param {number} minute @param {() => number} random
 * @param {typeof import('../../dist/facts/histogram.js').LogHistogram} LogHistogram
 */
function poolParts(minute, random, LogHistogram) {
  const held = Object.keys(POOLS).map((pool, n) => ({
    pool,
    connectionsMax: n === 0 ? 8 : 5,
    busyMax: 1 + Math.floor(random() * (n === 0 ? 5 : 3)),
  }));
  return {
    poolMinutes: held.map(({ pool, connectionsMax, busyMax }) => {
      const transactionHistogram = new LogHistogram();
      for (let n = 0; n < 6; n++) transactionHistogram.add(Math.round(4e6 + random() * 3e7));
      const activeMs = Math.round(60_000 * busyMax * 0.12);
      return {
        minute,
        pool,
        opened: 1,
        closed: 1,
        lifetimeTotalMs: 600_000,
        connectionsMax,
        busyMax,
        activeMs,
        idleMs: 60_000 * connectionsMax - activeMs - 900,
        idleInTransactionMs: 900,
        transactions: 6,
        transactionStatements: 30,
        transactionTotalMs: 120,
        transactionMaxMs: 34,
        transactionHistogram,
      };
    }),
    fleetMinutes: [{ minute, connectionsMax: 13, busyMax: Math.max(...held.map(({ busyMax }) => busyMax)) + 1 }],
  };
}

/** Counts one minute's requests as the analyzer would. */
class MinuteCounts {
  /** @type {Map<string, import('../../dist/facts/rollup-row.js').RollupRow>} */
  #rollups = new Map();
  /** @type {Map<string, import('../../dist/facts/rollup-row.js').TagRollup>} */
  #tags = new Map();
  /** @type {Map<string, import('../../dist/facts/rollup-row.js').RequestRollup>} */
  #requests = new Map();
  /** @type {Map<string, import('../../dist/facts/rollup-row.js').RequestStatementRollup>} */
  #parts = new Map();
  #samples = new MadeUpRequests();
  #of;

  /** @param {{ minute: number, RollupRow: typeof import('../../dist/facts/rollup-row.js').RollupRow,
   *   LogHistogram: typeof import('../../dist/facts/histogram.js').LogHistogram, random: () => number,
   *   all: ReturnType<typeof allStatements> }} of */
  constructor(of) {
    this.#of = of;
  }

  /** @param {Route} route */
  add({ kind, route, each, runs }) {
    const { random } = this.#of;
    const requests = each + Math.floor(random() * 3) - 1;
    for (let n = 0; n < requests; n++) this.#request({ [kind]: route }, runs);
  }

  /** @param {number} statements @param {number} routes */
  addMany(statements, routes) {
    for (let n = 0; n < Math.max(statements, routes); n++) {
      const route = `more/${routes === 0 ? 0 : n % routes}/`;
      this.#request({ route }, [[statements === 0 ? 'user' : `more-${n % statements}`, 1]]);
    }
  }

  /** @param {Record<string, string>} tag @param {Route['runs']} runs */
  #request(tag, runs) {
    const { minute, LogHistogram } = this.#of;
    const tagSet = JSON.stringify(tag);
    const request = upsert(this.#requests, tagSet, () => ({
      minute,
      found: /** @type {const} */ ('direct'),
      tagSet,
      requests: 0,
      idleRequests: 0,
      statements: 0,
      statementsSquared: 0,
      statementsMax: 0,
      repeated: 0,
      serviceTotalNs: 0,
      serviceSquaredNs2: 0,
      serviceMaxNs: 0,
      rows: 0,
      rowsSquared: 0,
      errors: 0,
      statementHistogram: new LogHistogram(),
      serviceHistogram: new LogHistogram(),
      parts: new Map(),
    }));
    const sum = { statements: 0, ns: 0, rows: 0, repeated: 0 };
    const sample = this.#samples.begin({ tagSet, minute });
    for (const [name, times] of runs) {
      const { ns, rows, statement, eachNs } = this.#run(name, { times, tag });
      sample.add(statement, eachNs);
      sum.statements += times;
      sum.repeated += times - 1;
      sum.ns += ns;
      sum.rows += rows;
      const part = upsert(request.parts, `${statement.source} ${statement.pool}`, () => ({
        source: statement.source,
        pool: statement.pool,
        statements: 0,
        serviceTotalNs: 0,
      }));
      part.statements += times;
      part.serviceTotalNs += ns;
    }
    sample.end();
    request.requests++;
    request.statements += sum.statements;
    request.statementsSquared += sum.statements ** 2;
    request.statementsMax = Math.max(request.statementsMax, sum.statements);
    request.repeated += sum.repeated;
    request.serviceTotalNs += sum.ns;
    request.serviceSquaredNs2 += sum.ns ** 2;
    request.serviceMaxNs = Math.max(request.serviceMaxNs, sum.ns);
    request.rows += sum.rows;
    request.rowsSquared += sum.rows ** 2;
    request.statementHistogram.add(sum.statements);
    request.serviceHistogram.add(sum.ns);
  }

  /**
   * All executions of one statement in one request.
   * @param {string} name @param {{ times: number, tag: Record<string, string> }} of
   */
  #run(name, { times, tag }) {
    const { minute, RollupRow, LogHistogram, random, all } = this.#of;
    const statement = /** @type {NonNullable<ReturnType<typeof all.get>>} */ (all.get(name));
    const { fingerprint, source, construct, pool, rows, caller } = statement;
    const verdict = /** @type {import('../../dist/facts/verdict.js').Verdict} */ ({
      source,
      construct,
      confidence: 'strong',
      evidence: [],
    });
    const row = upsert(this.#rollups, name, () => new RollupRow({ minute, fingerprint, source, construct, pool }));
    const tagSet = JSON.stringify(caller === '' ? tag : { caller, ...tag });
    const tagged = upsert(this.#tags, `${name} ${tagSet}`, () => ({
      minute,
      fingerprint,
      source,
      tagSet,
      calls: 0,
      batchedCalls: 0,
      errors: 0,
      rows: 0,
      requests: 0,
      serviceTotalNs: 0,
      serviceMinNs: Number.POSITIVE_INFINITY,
      serviceMaxNs: 0,
      histogram: new LogHistogram(),
    }));
    let sumNs = 0;
    /** @type {number[]} */
    const eachNs = [];
    for (let n = 0; n < times; n++) {
      const ns = Math.round(statement.ms * 1e6 * Math.exp(1.4 * (random() + random() + random() - 1.5)));
      sumNs += ns;
      eachNs.push(ns);
      row.add({ ...MADE_UP, completedAtMs: minute * 60_000 + 1, rows, serviceNs: ns }, verdict);
      tagged.calls++;
      tagged.rows += rows;
      tagged.serviceTotalNs += ns;
      tagged.serviceMinNs = Math.min(tagged.serviceMinNs, ns);
      tagged.serviceMaxNs = Math.max(tagged.serviceMaxNs, ns);
      tagged.histogram.add(ns);
    }
    tagged.requests++;
    row.requests++;
    const part = upsert(this.#parts, `${name} ${tagSet}`, () => ({
      minute,
      fingerprint,
      source,
      tagSet,
      requests: 0,
      executions: 0,
      executionsSquared: 0,
      serviceTotalNs: 0,
      serviceSquaredNs2: 0,
      rows: 0,
      rowsSquared: 0,
    }));
    part.requests++;
    part.executions += times;
    part.executionsSquared += times ** 2;
    part.serviceTotalNs += sumNs;
    part.serviceSquaredNs2 += sumNs ** 2;
    part.rows += rows * times;
    part.rowsSquared += (rows * times) ** 2;
    return { ns: sumNs, rows: rows * times, statement, eachNs };
  }

  /** @returns {Partial<Flush>} */
  parts() {
    return {
      rollups: this.#rollups.values(),
      tags: this.#tags.values(),
      requests: this.#requests.values(),
      requestStatements: this.#parts.values(),
      unitSamples: this.#samples.kept(),
    };
  }
}

/** @template V @param {Map<string, V>} map @param {string} key @param {() => V} make @returns {V} */
function upsert(map, key, make) {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
