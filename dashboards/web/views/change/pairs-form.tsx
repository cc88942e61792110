// Chooses a pair that ran in one window: two values of a tag, or two sources.
// Invariant: a pair is in the address once both are chosen and differ. Not here: other ways to compare
// (compare-form.tsx).

import { useState } from 'preact/hooks';
import type { SeenValues } from '../../../../reports/groups/seen.js';
import type { Address } from '../../data/address.js';
import { sourceNames } from '../../data/sources.js';
import { withChosen } from '../../parts/filters.js';

export interface PartProps {
  readonly filters: Address['filters'];
  readonly set: (more: Readonly<Record<string, string>>) => void;
}

export function TagPair({ filters, seen, set }: PartProps & { seen: SeenValues | undefined }) {
  const [key, pair = ''] = (filters.tag ?? '').split('=', 2);
  const [one, other = ''] = pair.split(',', 2);
  const [chosen, setChosen] = useState({ key, one, other });
  const values = seen && (seen.tags[chosen.key] ?? []);
  const choose = (more: Partial<typeof chosen>): void => {
    const next = { ...chosen, ...more };
    setChosen(next);
    if (next.key !== '' && next.one !== '' && next.other !== '' && next.one !== next.other)
      set({ tag: `${next.key}=${next.one},${next.other}` });
  };
  return (
    <>
      <PairSelect
        title="Tag"
        value={chosen.key}
        options={seen && Object.keys(seen.tags)}
        onValue={(key) => choose({ key })}
      />
      <PairSelect title="Before" value={chosen.one} options={values} onValue={(one) => choose({ one })} />
      <PairSelect title="After" value={chosen.other} options={values} onValue={(other) => choose({ other })} />
    </>
  );
}

export function SourcePair({ filters, seen, set }: PartProps & { seen: SeenValues | undefined }) {
  const [one = '', other = ''] = filters.source?.includes(',') ? filters.source.split(',', 2) : [];
  const [chosen, setChosen] = useState({ one, other });
  const choose = (more: Partial<typeof chosen>): void => {
    const next = { ...chosen, ...more };
    setChosen(next);
    if (next.one !== '' && next.other !== '' && next.one !== next.other) set({ source: `${next.one},${next.other}` });
  };
  const names = seen && sourceNames(seen.sources);
  return (
    <>
      <PairSelect title="Before" value={chosen.one} options={names} onValue={(name) => choose({ one: name })} />
      <PairSelect title="After" value={chosen.other} options={names} onValue={(name) => choose({ other: name })} />
    </>
  );
}

interface PairSelectProps {
  readonly title: string;
  readonly value: string;
  /** Undefined until they are known. */
  readonly options: readonly string[] | undefined;
  readonly onValue: (value: string) => void;
}

function PairSelect({ title, value, options, onValue }: PairSelectProps) {
  return (
    <label class={title === 'Tag' ? undefined : 'long'}>
      {title}
      <select value={value} onChange={(event) => onValue(event.currentTarget.value)}>
        <option value="">{options?.length === 0 ? 'none was seen' : 'choose one'}</option>
        {withChosen(options ?? [], value).map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
