// Measures the audit on a labelled sample: `node scripts/audit-sample.mjs [NAME …]`.
// Fetches the applications from PyPI or their repositories, has the walker list them, and prints precision and recall.
// Invariant: labels are lines that a person read; a place counts for one label, a label for one place.
// Not here: the labels (test/audit/labelled.json), which have the place of each and nothing of the code.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fetchSample, labelledApps, measureApp } from './lib/audit-sample.mjs';

const LABELS = fileURLToPath(new URL('../test/audit/labelled.json', import.meta.url));
const LEAST = { handwritten: 0.98, orm: 0.95 };

const wanted = process.argv.slice(2);
const apps = labelledApps(readFileSync(LABELS, 'utf8')).filter(
  ({ name }) => wanted.length === 0 || wanted.includes(name),
);
if (apps.length === 0) {
  process.stderr.write(`no such application: ${wanted.join(', ')}\n`);
  process.exit(2);
}

/** @param {number} part @param {number} whole */
const share = (part, whole) => (whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`);

let below = false;
process.stdout.write(
  '| application | kind | labelled | found | right | precision | recall |\n|---|---|--:|--:|--:|--:|--:|\n',
);
for (const app of apps) {
  const root = await fetchSample(app);
  const measured = measureApp(app, root);
  const name = app.package?.replace('==', ' ') ?? [app.name, app.tag?.replace(/^v/, '')].filter(Boolean).join(' ');
  for (const [kind, { labelled, found, right, missed, wrong }] of Object.entries(measured)) {
    if (labelled + found === 0) continue;
    const title = kind === 'orm' ? 'ORM' : 'raw SQL and SQLAlchemy';
    process.stdout.write(
      `| ${name} | ${title} | ${labelled} | ${found} | ${right} | ${share(right, found)} | ${share(right, labelled)} |\n`,
    );
    for (const place of missed) process.stderr.write(`missed  ${name} ${place}\n`);
    for (const place of wrong) process.stderr.write(`wrong   ${name} ${place}\n`);
    if (found > 0 && right / found < LEAST[kind === 'orm' ? 'orm' : 'handwritten']) below = true;
    if (kind === 'handwritten' && labelled > 0 && right / labelled < LEAST.handwritten) below = true;
  }
}
process.exit(below ? 1 : 0);
