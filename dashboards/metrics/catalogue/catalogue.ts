// The metrics catalogue: every family, in the order in which they are exported.
// Invariant: a family is exported if and only if it stands here, with its labels and no others; no label holds SQL
// text, and `summary` holds the command and names of tables.
// Not here: the families themselves (the other files of this folder), docs/METRICS.md as text (catalogue-doc.ts).

import type { Family } from './family.js';
import { FINDING_FAMILIES } from './finding-families.js';
import { OWN_FAMILIES } from './own-families.js';
import { POOL_FAMILIES } from './pool-families.js';
import { RELAY_FAMILIES } from './relay-families.js';
import { SHIPPING_FAMILIES } from './shipping-families.js';
import { STATEMENT_FAMILIES } from './statement-families.js';
import { STORING_FAMILIES } from './storing-families.js';
import { WORK_FAMILIES } from './work-families.js';

export const CATALOGUE: readonly Family[] = [
  ...STATEMENT_FAMILIES,
  ...WORK_FAMILIES,
  ...POOL_FAMILIES,
  ...FINDING_FAMILIES,
  ...RELAY_FAMILIES,
  ...STORING_FAMILIES,
  ...SHIPPING_FAMILIES,
  ...OWN_FAMILIES,
];
