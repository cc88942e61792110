// The places of a checkout.
// Invariant: everything that set-up makes is below node_modules/, dist/, .cache/ or the system's temporary directory.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');
export const CACHE = path.join(ROOT, '.cache');
export const SHOP = path.join(ROOT, 'examples', 'shop');
