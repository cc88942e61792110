// The filters above the list of statements; they are part of the address.
// Invariant: every filter completes values that were seen, and says so when one was not. Not here: filtering (the API,
// and statements-view.tsx for the text).

import type { SeenValues } from '../../../../reports/groups/seen.js';
import type { Address } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { sourceNames } from '../../data/sources.js';
import { ChoiceField, Completed, FindField, filterSetter, tagsSeen } from '../../parts/filters.js';

/** `isAsking`: the list's first rows are there, so that what completes is no longer in their way. */
export function StatementFilters({ address, isAsking }: { address: Address; isAsking: boolean }) {
  const { filters } = address;
  const { data: seen } = useReport<SeenValues>(isAsking ? '/api/v1/filters' : '', { live: false });
  const set = filterSetter(address);
  const sources = sourceNames([...(seen?.sources ?? []), ...(filters.source ? [filters.source] : [])]);
  return (
    <search class="filters">
      <FindField words="text, table, place, fingerprint" value={filters.find ?? ''} set={set} />
      <ChoiceField
        name="source"
        title="Source"
        all="all of the application"
        values={sources}
        value={filters.source ?? ''}
        set={set}
      />
      <ChoiceField name="pool" title="Pool" all="all" values={seen?.pools ?? []} value={filters.pool ?? ''} set={set} />
      <Completed name="table" title="Table" seen={seen?.tables} filters={filters} set={set} />
      <Completed name="tag" title="Tag" seen={seen && tagsSeen(seen)} filters={filters} set={set} hint="route=…" />
      <label class="check">
        <input
          type="checkbox"
          checked={filters.handwritten === 'true'}
          onChange={(event) => set('handwritten', event.currentTarget.checked ? 'true' : '')}
        />
        Handwritten only
      </label>
    </search>
  );
}
