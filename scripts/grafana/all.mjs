// Every dashboard, by the name of its file in dashboards/grafana/dashboards.

import { itself } from './itself.mjs';
import { migration } from './migration.mjs';
import { overview } from './overview.mjs';
import { pools } from './pools.mjs';
import { routes } from './routes.mjs';
import { slowRaw } from './slow-raw.mjs';
import { transactions } from './transactions.mjs';

export const DASHBOARDS = {
  'overview.json': overview,
  'routes.json': routes,
  'migration.json': migration,
  'slow-raw-statements.json': slowRaw,
  'pools.json': pools,
  'transactions.json': transactions,
  'pgwitness-itself.json': itself,
};

/** @param {unknown} dashboard @returns {string} the file's content */
export function dashboardFile(dashboard) {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
