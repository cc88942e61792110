// The fields that filter what a view shows; each is a part of the address.
// Invariant: a filter is in the address as soon as it is set. Not here: which filters a view has.

import { useEffect, useRef, useState } from 'preact/hooks';
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
        {values.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    </label>
  );
}
