// Reads what pgwitness counted and lost over all time, from its API or from its metrics.
// Not here: waiting until that is all (each bench knows how long).

import { get } from 'node:http';

/**
 * @param {import('./tools.mjs').Tool} tool
 * @returns {Promise<{ observed: number, lost: number, all: number }>} executions; of another tool none
 */
export async function counted({ httpUrl }) {
  if (httpUrl === undefined) return { observed: 0, lost: 0, all: 0 };
  const response = await fetch(`${httpUrl}/api/v1/statements?limit=1`);
  const { observed } = /** @type {import('../../dist/reports/forms/statements-json.js').StatementsJson} */ (
    await response.json()
  );
  const { statements, not_observed } = observed;
  return { observed: statements, lost: not_observed, all: statements + not_observed };
}

/** @param {import('./tools.mjs').Tool} tool @returns {Promise<string>} on a connection of its own that is not kept */
function scrape({ httpUrl }) {
  return new Promise((resolve, reject) => {
    get(`${httpUrl}/metrics`, { agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      response.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

/** What its metrics say, sessions too. @param {import('./tools.mjs').Tool} tool */
export async function figures(tool) {
  const text = await scrape(tool);
  const sum = (/** @type {string} */ name, labels = '') =>
    [...text.matchAll(new RegExp(`^pgwitness_${name}(?:\\{[^}]*${labels}[^}]*\\})? ([0-9.e+]+)$`, 'gm'))]
      .map(([, value]) => Number(value))
      .reduce((total, value) => total + value, 0);
  const observed = sum('statements_total');
  const lost = sum('not_observed_total');
  return {
    observed,
    lost,
    all: observed + lost,
    lostByClosing: sum('not_observed_total', 'connection_closed'),
    sessions: sum('sessions_opened_total'),
    sessionsOpen: sum('sessions'),
    pooled: sum('pool_connections'),
    adrift: sum('sessions_adrift_total'),
    opaque: sum('sessions_opaque_total'),
  };
}
