// The window that a view looks at: what the address says, and the last day where it says nothing.
// Invariant: one window for all views. Not here: the control that chooses it (frame/time-control.tsx).

import type { Address } from './address.js';

/** In place of a start: everything that is stored. */
export const EVERYTHING = 'all';
const DEFAULT_SINCE = '24h';

/** Parameters of the API for the window, with others. */
export function queryOf(
  { filters }: Pick<Address, 'filters'>,
  others: Readonly<Record<string, string | undefined>> = {},
): string {
  const query = new URLSearchParams();
  const since = filters.since || DEFAULT_SINCE;
  if (since !== EVERYTHING) query.set('since', since);
  if (filters.until) query.set('until', filters.until);
  for (const [name, value] of Object.entries(others)) if (value) query.set(name, value);
  return query.toString();
}

/** What every view gets. */
export interface ViewProps {
  readonly address: Address;
  /** Ask again every few seconds. */
  readonly live: boolean;
  /** Changes when everything is to be asked again. */
  readonly version: number;
}
