// The filters of the list of statements.
// Invariant: every filter is part of the address, so that a filtered list has a link.
// Not here: what they select (reports/questions/grammar.ts for all but the text, statements-page.tsx for the text).

import type { PoolsJson } from '../../../reports/forms/pools-json.js';
import type { Address } from '../data/address.js';
import { replaceAddress } from '../data/address.js';
import { useReport } from '../data/api.js';
import { sourceNames } from '../data/sources.js';

export interface StatementFiltersProps {
  readonly address: Address;
  /** Sources of the rows shown. */
  readonly seen: Iterable<string>;
}

export function StatementFilters({ address, seen }: StatementFiltersProps) {
  const { filters } = address;
  const pools = useReport<PoolsJson>('/api/v1/pools', { live: false });
  const set = (name: string, value: string): void => {
    replaceAddress({ ...address, filters: { ...filters, [name]: value } });
  };
  // Tags are not kept by pool: with one chosen the other cannot be asked for.
  const tagGiven = (filters.tag ?? '') !== '';
  const poolGiven = (filters.pool ?? '') !== '';
  return (
    <search class="filters">
      <label>
        Find
        <input
          type="search"
          id="find"
          placeholder="text, table, fingerprint ( / )"
          value={filters.find ?? ''}
          onInput={(event) => set('find', event.currentTarget.value)}
        />
      </label>
      <label>
        Source
        <select value={filters.source ?? ''} onChange={(event) => set('source', event.currentTarget.value)}>
          <option value="">all of the application</option>
          {sourceNames([...seen, ...(filters.source ? [filters.source] : [])]).map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Pool
        <select
          value={filters.pool ?? ''}
          disabled={tagGiven}
          title={tagGiven ? 'tags are not kept by pool' : ''}
          onChange={(event) => set('pool', event.currentTarget.value)}
        >
          <option value="">all</option>
          {(pools.data?.pools ?? []).map(({ id, name }) => (
            <option key={id} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Tag
        <input
          placeholder="route=/books/"
          value={filters.tag ?? ''}
          disabled={poolGiven}
          title={poolGiven ? 'tags are not kept by pool' : ''}
          onChange={(event) => set('tag', event.currentTarget.value.trim())}
        />
      </label>
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
