// Drives the shop with real HTTP requests over every view, by fixed weights.
// Invariant: the same seed asks for the same pages in the same order. Not here: starting the shop (shop.mjs).

import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** @typedef {(below: number) => number} Pick a whole number in [0, below) */

/**
 * Weight, method and path of every view. The names are those of shop/urls.py.
 * @type {Record<string, [weight: number, method: 'GET' | 'POST', path: (pick: Pick) => string]>}
 */
export const VIEWS = {
  product_list: [10, 'GET', (pick) => `/products?category=${25 + pick(54)}&below=${50 + pick(150)}`],
  product_detail: [14, 'GET', (pick) => `/products/${1 + pick(4000)}`],
  availability: [8, 'GET', (pick) => `/products/${1 + pick(3990)}/availability`],
  never_reviewed: [3, 'GET', (pick) => `/products/never-reviewed?category=${25 + pick(54)}`],
  search: [6, 'GET', (pick) => `/search?q=${['lamp', 'chair', 'kettle', 'sku-0001', 'hose'][pick(5)]}`],
  category_overview: [4, 'GET', () => '/categories'],
  category_totals: [3, 'GET', (pick) => `/categories/${25 + pick(54)}/totals`],
  ranked_in_category: [3, 'GET', (pick) => `/categories/${25 + pick(54)}/ranked`],
  customer_orders: [6, 'GET', (pick) => `/customers/${1 + pick(4900)}/orders`],
  best_sellers: [3, 'GET', (pick) => `/best-sellers?supplier=${1 + pick(60)}`],
  monthly_orders: [2, 'GET', (pick) => `/orders/monthly?region=${['north', 'south', 'east', 'west'][pick(4)]}`],
  export_lines: [2, 'GET', (pick) => `/lines/export?from=${1 + pick(40_000)}`],
  import_reviews: [2, 'POST', (pick) => `/reviews/import?product=${1 + pick(4000)}`],
  forget_reviews: [2, 'POST', (pick) => `/products/${1 + pick(4000)}/reviews/forget`],
  count_stock: [4, 'POST', (pick) => `/products/${1 + pick(4000)}/stock?quantity=${pick(200)}`],
  place_order: [5, 'POST', (pick) => `/customers/${1 + pick(5000)}/order?products=${orderedProducts(pick)}`],
  count_view: [8, 'POST', (pick) => `/products/${1 + pick(4000)}/view`],
  add_tag: [2, 'POST', (pick) => `/products/${1 + pick(4000)}/tag?week=${1 + pick(52)}`],
  duplicate_tag: [1, 'POST', () => '/tags/duplicate'],
  customer_ranking: [
    3,
    'GET',
    (pick) => `/reports/customer-ranking?top=${5 + pick(20)}&region=${['north', 'south'][pick(2)]}`,
  ],
  slow_movers: [2, 'GET', (pick) => `/reports/slow-movers?above=${40 + pick(120)}`],
  category_tree: [6, 'GET', (pick) => `/categories/${1 + pick(24)}/tree`],
  reorder_list: [5, 'GET', (pick) => `/warehouses/${1 + pick(6)}/reorder`],
  record_sales: [4, 'POST', (pick) => `/categories/${25 + pick(54)}/record-sales?day=${pick(300)}`],
  restock: [3, 'POST', (pick) => `/suppliers/${1 + pick(60)}/restock?warehouse=${1 + pick(6)}`],
  price_list: [3, 'GET', (pick) => `/categories/${25 + pick(54)}/price-list.csv`],
  margin: [4, 'GET', (pick) => `/categories/${25 + pick(54)}/margin`],
  heavy_products: [3, 'GET', (pick) => `/products/heavy?grams=${6000 + pick(3000)}`],
  loyal_customers: [2, 'GET', () => '/customers/loyal'],
  recent_items: [3, 'GET', (pick) => `/customers/${1 + pick(5000)}/items`],
  stock_sheet: [3, 'GET', (pick) => `/categories/${25 + pick(54)}/stock-sheet`],
  take_back: [3, 'POST', (pick) => `/orders/${1 + pick(41_666)}/take-back${pick(3) === 0 ? '?refuse=1' : ''}`],
  returns_by_product: [4, 'GET', (pick) => `/returns/by-product?from=${1 + pick(39_000)}`],
  return_order: [5, 'GET', (pick) => `/returns/${1 + pick(41_666)}`],
  ask_return: [3, 'POST', (pick) => `/returns/${1 + pick(41_666)}`],
  returns_of_customer: [3, 'GET', (pick) => `/returns/customer/${1 + pick(5000)}`],
  refund_estimate: [5, 'GET', (pick) => `/returns/estimate/${1 + pick(5000)}`],
};

/**
 * Ascending, so that concurrent orders lock products in one order; now and then a product that does not exist.
 * @param {Pick} pick
 */
function orderedProducts(pick) {
  const ids = Array.from({ length: 1 + pick(4) }, () => 1 + pick(4000)).sort((a, b) => a - b);
  if (pick(8) === 0) ids.push(999_999);
  return [...new Set(ids)].join(',');
}

/** A small generator (mulberry32): the seed decides everything. @param {number} seed @returns {Pick} */
export function seededPick(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/**
 * @param {{ agent: Agent, url: string, method: string }} options
 * @returns {Promise<number>} HTTP status; 0 = no answer
 */
function ask({ agent, url, method }) {
  return new Promise((resolve) => {
    const asked = request(url, { agent, method }, (response) => {
      response.resume().on('close', () => resolve(response.complete ? (response.statusCode ?? 0) : 0));
    });
    asked.on('error', () => resolve(0));
    asked.end();
  });
}

/**
 * Sends requests until the time or the number is used up; every view is asked once first. Each of the `concurrency`
 * senders rests `pauseMs`
 * after an answer.
 * @param {{ baseUrl: string, seconds: number, requests?: number, concurrency?: number, pauseMs?: number, seed?: number,
 *   signal?: AbortSignal, onProgress?: (elapsedSeconds: number, requests: number) => void }} options
 * @returns {Promise<{ requests: number, byView: Map<string, number>, failed: Map<string, number> }>}
 *   `failed` counts answers outside 2xx by "view status", status 0 where there was none
 */
export async function drive({
  baseUrl,
  seconds,
  requests = Infinity,
  concurrency = 4,
  pauseMs = 0,
  seed = 1,
  signal,
  onProgress,
}) {
  const pick = seededPick(seed);
  const names = Object.keys(VIEWS);
  const deck = names.flatMap((name) => Array.from({ length: VIEWS[name][0] }, () => name));
  const byView = new Map();
  const failed = new Map();
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const startedAt = Date.now();
  let sent = 0;
  const worker = async () => {
    while (sent < requests && Date.now() - startedAt < seconds * 1000 && !signal?.aborted) {
      const name = names[sent] ?? deck[pick(deck.length)];
      const [, method, path] = VIEWS[name];
      const url = baseUrl + path(pick);
      sent++;
      const status = await ask({ agent, url, method });
      byView.set(name, (byView.get(name) ?? 0) + 1);
      if (status < 200 || status > 299) failed.set(`${name} ${status}`, (failed.get(`${name} ${status}`) ?? 0) + 1);
      onProgress?.((Date.now() - startedAt) / 1000, sent);
      if (pauseMs > 0) await sleep(pauseMs, undefined, { signal }).catch(() => {});
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  agent.destroy();
  return { requests: sent, byView, failed };
}
