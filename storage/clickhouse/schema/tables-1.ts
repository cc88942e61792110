// All tables of the fleet's store, version 1: those of SQLite's file.
// Invariant: a published version never changes; a change is a new file with the next number. Not here: the tables.

import { OTHERS_1 } from './others-1.js';
import { ROLLUPS_1 } from './rollups-1.js';

export const TABLES_1 = [...ROLLUPS_1, ...OTHERS_1];
