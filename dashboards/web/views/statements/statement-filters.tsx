// The filters above the list of statements; they are part of the address.
// Invariant: every filter completes values that were seen, and says so when one was not. Not here: filtering (the API,
// and statements-view.tsx for the text).

import { useState } from 'preact/hooks';
import type { SeenValues } from '../../../../reports/groups/seen.js';
import type { Address } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { sourceNames } from '../../data/sources.js';
import { ChoiceField, FindField, filterSetter } from '../../parts/filters.js';

export function StatementFilters({ address }: { address: Address }) {
  const { filters } = address;
  const { data: seen } = useReport<SeenValues>('/api/v1/filters', { live: false });
  const set = filterSetter(address);
  const tags = Object.entries(seen?.tags ?? {}).flatMap(([key, values]) => values.map((value) => `${key}=${value}`));
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
      <Completed name="tag" title="Tag" seen={seen && tags} filters={filters} set={set} hint="route=…" />
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

interface CompletedProps {
  readonly name: string;
  readonly title: string;
  /** Undefined until the values are known. */
  readonly seen: readonly string[] | undefined;
  readonly filters: Readonly<Record<string, string>>;
  readonly set: (name: string, value: string) => void;
  readonly hint?: string;
}

/** Takes what was seen at once, a pattern with `*` on Enter; says so of what was never seen. */
function Completed({ name, title, seen, filters, set, hint = '' }: CompletedProps) {
  const [typed, setTyped] = useState(filters[name] ?? '');
  const known = typed === '' || typed.includes('*') || seen === undefined || seen.includes(typed);
  const take = (value: string): void => {
    if (value === '' || value.includes('*') || (seen ?? []).includes(value)) set(name, value);
  };
  const problem = `${name}-unseen`;
  return (
    <label>
      {title}
      <input
        list={`${name}-seen`}
        placeholder={seen?.[0] ?? hint}
        value={typed}
        aria-invalid={!known}
        aria-describedby={known ? undefined : problem}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          if (event.currentTarget.value === '' || seen?.includes(event.currentTarget.value))
            take(event.currentTarget.value);
        }}
        onChange={(event) => take(event.currentTarget.value.trim())}
      />
      <datalist id={`${name}-seen`}>
        {(seen ?? []).map((value) => (
          <option key={value} value={value} />
        ))}
      </datalist>
      {!known && (
        <span class="unseen" id={problem} role="status">
          {nearest(typed, seen ?? [])}
        </span>
      )}
    </label>
  );
}

function nearest(typed: string, seen: readonly string[]): string {
  if (seen.length === 0) return 'none was seen yet';
  const bare = (text: string): string => text.toLowerCase().replaceAll('/', '');
  const near = seen.find((one) => bare(one).includes(bare(typed)));
  return near === undefined ? 'never seen; choose from the list' : `not yet a whole one: ${near}?`;
}
