// The fields that filter what a view shows; each is a part of the address.
// Invariant: a filter is in the address as soon as it is set; what completes says so of what was never seen.
// Not here: which filters a view has.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { SeenValues } from '../../../reports/groups/seen.js';
import { type Address, replaceAddress } from '../data/address.js';

/** Sets one filter of the address. */
export function filterSetter(address: Address): (name: string, value: string) => void {
  return (name, value) => replaceAddress({ ...address, filters: { ...address.filters, [name]: value } });
}

interface FieldProps {
  readonly value: string;
  readonly set: (name: string, value: string) => void;
}

/** `words`: what is looked through. The key / leads to it. */
export function FindField({ value, set, words }: FieldProps & { readonly words: string }) {
  const field = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(value);
  // Whoever types is ahead of the address: a view drawn meanwhile must not take letters back.
  useEffect(() => {
    if (document.activeElement !== field.current) setTyped(value);
  }, [value]);
  return (
    <label>
      Find
      <input
        type="search"
        id="find"
        placeholder={`${words} ( / )`}
        ref={field}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          set('find', event.currentTarget.value);
        }}
      />
    </label>
  );
}

/** What is chosen can be chosen, although it was not seen or nothing answers. */
export function withChosen(values: readonly string[], chosen: string): string[] {
  return [...new Set(chosen === '' ? values : [...values, chosen])];
}

/** `all`: the words for no choice. */
export function ChoiceField(
  props: FieldProps & {
    readonly name: string;
    readonly title: string;
    readonly all: string;
    readonly values: readonly string[];
  },
) {
  const { name, title, all, values, value, set } = props;
  return (
    <label>
      {title}
      <select value={value} onChange={(event) => set(name, event.currentTarget.value)}>
        <option value="">{all}</option>
        {withChosen(values, value).map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    </label>
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
  /** Several are taken, one after another: how many are already. Else one, which stays in the field. */
  readonly taken?: number;
}

/** Takes what was seen at once, a pattern with `*` on Enter; says so of what was never seen. */
export function Completed({ name, title, seen, filters, set, hint = '', taken }: CompletedProps) {
  const [typed, setTyped] = useState(filters[name] ?? '');
  const known = typed === '' || typed.includes('*') || seen === undefined || seen.includes(typed);
  const take = (field: HTMLInputElement, value: string): void => {
    if (value !== '' && !value.includes('*') && !seen?.includes(value)) return;
    set(name, value);
    if (taken === undefined) return;
    // Where nothing else changes nothing is drawn anew.
    field.value = '';
    setTyped('');
  };
  const problem = `${name}-unseen`;
  return (
    <label>
      {title}
      <input
        list={`${name}-seen`}
        placeholder={taken ? 'and another' : hint || seen?.[0]}
        value={typed}
        aria-invalid={!known}
        aria-describedby={known ? undefined : problem}
        onInput={({ currentTarget }) => {
          const { value } = currentTarget;
          setTyped(value);
          if (value === '' || seen?.includes(value)) take(currentTarget, value);
        }}
        onChange={({ currentTarget }) => take(currentTarget, currentTarget.value.trim())}
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

/** key=value of every tag that was seen. */
export function tagsSeen({ tags }: SeenValues): string[] {
  return Object.entries(tags).flatMap(([key, values]) => values.map((value) => `${key}=${value}`));
}

/** Leaves out one of those that a field took. */
export function LeaveOut({ name, leaveOut }: { name: string; leaveOut: () => void }) {
  return (
    <button
      type="button"
      aria-label={`Leave out ${name}`}
      onClick={({ currentTarget, detail }) => {
        // The button goes with what it stands for. A pointer wants no keyboard on the screen.
        if (detail === 0) currentTarget.closest('.set')?.querySelector('input')?.focus();
        leaveOut();
      }}
    >
      ×
    </button>
  );
}
