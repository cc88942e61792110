// Writes docs/METRICS.md from the metrics catalogue. Needs a build (`npm run build`).

import { writeFileSync } from 'node:fs';
import { metricsDoc } from '../dist/dashboards/metrics/catalogue/catalogue-doc.js';

const path = new URL('../docs/METRICS.md', import.meta.url);
writeFileSync(path, metricsDoc());
console.log(`wrote ${path.pathname}`);
