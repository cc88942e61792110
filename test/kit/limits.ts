// Other bounds for the time of one test, so that it need not reach the real ones.
// Not here: what each bound is for (config/limits.ts).

import { limits } from '../../config/limits.js';

export function withLimits(bounds: Partial<Record<keyof typeof limits, number>>, act: () => void): void {
  const before = { ...limits };
  Object.assign(limits, bounds);
  try {
    act();
  } finally {
    Object.assign(limits, before);
  }
}
