// Chooses a part of the fleet: service, environment, instance, where the store has several.
// Invariant: what is chosen is in the address, and stays when the view changes. Not here: what a view makes of it
// (data/address.ts, withinFleet).

import { IDENTITY_NAMES, type Identity } from '../../../facts/fleet/identity.js';
import type { SeenValues } from '../../../reports/groups/seen.js';
import { type Address, replaceAddress } from '../data/address.js';
import { useReport } from '../data/api.js';
import { withChosen } from '../parts/filters.js';

const TITLES = { service: 'Service', environment: 'Environment', instance: 'Instance' } as const;
const ALL = { service: 'all services', environment: 'all environments', instance: 'all instances' } as const;

export function FleetControl({ address }: { address: Address }) {
  const { data } = useReport<SeenValues>('/api/v1/filters', { live: false, whole: true });
  const { filters } = address;
  const fits = (identity: Identity, but: keyof Identity): boolean =>
    IDENTITY_NAMES.every((name) => name === but || !filters[name] || filters[name] === identity[name]);
  const fields = IDENTITY_NAMES.map((name) => {
    const all = new Set(data?.identities.map((identity) => identity[name]));
    const fitting = data?.identities.filter((identity) => fits(identity, name)).map((identity) => identity[name]);
    const values = withChosen(fitting ?? [], filters[name] ?? '').sort();
    return { name, isShown: all.size > 1 || Boolean(filters[name]), values };
  });
  const shown = fields.filter(({ isShown }) => isShown);
  if (shown.length === 0) return null;
  return (
    <div class="fleet">
      {shown.map(({ name, values }) => (
        <label key={name}>
          <span class="title">{TITLES[name]} </span>
          <select
            aria-label={TITLES[name]}
            value={filters[name] ?? ''}
            onChange={({ currentTarget: { value } }) =>
              replaceAddress({ ...address, filters: { ...filters, [name]: value } })
            }
          >
            <option value="">{ALL[name]}</option>
            {values
              .filter((value) => value !== '')
              .map((value) => (
                <option key={value} value={value}>
                  {value}
                </option>
              ))}
          </select>
        </label>
      ))}
    </div>
  );
}
