// All tables of the fleet's store: those of SQLite's file.
// Invariant: a store of an earlier version gets what they have more (migrations.ts). Not here: the tables.

import { OTHERS } from './others.js';
import { ROLLUPS } from './rollups.js';

export const TABLES = [...ROLLUPS, ...OTHERS];
