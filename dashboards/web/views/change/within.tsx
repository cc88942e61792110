// Narrows both sides of a comparison by tags, and has its switches.
// Invariant: a tag is taken once it was seen, or with a *; several must all fit, as with the terminal's --tag.
// Not here: what differs between the sides (compare-form.tsx).

import type { SeenValues } from '../../../../reports/groups/seen.js';
import { type Address, replaceAddress } from '../../data/address.js';
import { Completed, LeaveOut, tagsSeen } from '../../parts/filters.js';

/** key=value of each; in the address they are one parameter, spelled as a query. */
export function withinOf(filters: Address['filters']): string[] {
  const chosen = [...new URLSearchParams(filters.within ?? '')].map(([key, value]) => `${key}=${value}`);
  // Of old and new statements the tag narrows too: there is no pair.
  return (filters.old || filters.new) && filters.tag ? [filters.tag, ...chosen] : chosen;
}

/** The filters of an address with these tags instead. */
function withTags(filters: Address['filters'], tags: readonly string[]): Record<string, string> {
  const query = new URLSearchParams();
  for (const tag of tags) query.append(tag.slice(0, tag.indexOf('=')), tag.slice(tag.indexOf('=') + 1));
  const isNarrowing = Boolean(filters.old || filters.new);
  return { ...filters, tag: isNarrowing ? '' : (filters.tag ?? ''), within: query.toString() };
}

export function Within({ address, seen }: { address: Address; seen: SeenValues | undefined }) {
  const { filters } = address;
  const tags = withinOf(filters);
  const choose = (more: readonly string[]): void => replaceAddress({ ...address, filters: withTags(filters, more) });
  const add = (_: string, tag: string): void => {
    // A pattern may be typed without a key.
    if (tag.indexOf('=') > 0 && !tags.includes(tag)) choose([...tags, tag]);
  };
  return (
    <div class="set within">
      <Completed
        name="within"
        title="Within"
        seen={seen && tagsSeen(seen)}
        filters={{}}
        set={add}
        hint="route=…"
        taken={tags.length}
      />
      {tags.length > 0 && (
        <ul class="chosen" aria-label="Within: tags">
          {tags.map((tag) => (
            <li key={tag}>
              <span class="one-line" title={tag}>
                {tag}
              </span>
              <LeaveOut name={tag} leaveOut={() => choose(tags.filter((one) => one !== tag))} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface CheckProps {
  readonly name: 'handwritten' | 'all';
  readonly title: string;
  readonly address: Address;
}

export function Check({ name, title, address }: CheckProps) {
  const { filters } = address;
  const set = (value: string): void => replaceAddress({ ...address, filters: { ...filters, [name]: value } });
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={filters[name] === 'true'}
        onChange={(event) => set(event.currentTarget.checked ? 'true' : '')}
      />
      {title}
    </label>
  );
}
