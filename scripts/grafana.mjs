// Writes dashboards/grafana/dashboards/*.json from scripts/grafana/.
// A test holds the files against it.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { DASHBOARDS, dashboardFile } from './grafana/all.mjs';
import { ROOT } from './lib/paths.mjs';

for (const [name, dashboard] of Object.entries(DASHBOARDS)) {
  const file = path.join(ROOT, 'dashboards', 'grafana', 'dashboards', name);
  writeFileSync(file, dashboardFile(dashboard));
  console.log(`wrote ${file}`);
}
