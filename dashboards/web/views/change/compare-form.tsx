// Chooses what is compared: around a mark, two times, or two values of a tag.
// Invariant: every choice is in the address, and leaves the others of its kind out. Not here: the answer
// (compare-view.tsx).

import { useState } from 'preact/hooks';
import type { MarksJson } from '../../../../reports/forms/marks-json.js';
import type { SeenValues } from '../../../../reports/groups/seen.js';
import { type Address, replaceAddress } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { moment } from '../../data/format.js';
import { sourceNames } from '../../data/sources.js';

const SPANS = ['15m', '1h', '6h', '24h', '7d'];
const KEPT = ['since', 'until', 'source', 'handwritten', 'group-by', 'span'] as const;
const MODES = [
  ['around', 'around a mark'],
  ['windows', 'two times'],
  ['tag', 'two values of a tag'],
] as const;
type Mode = (typeof MODES)[number][0];

export function CompareForm({ address, version }: { address: Address; version: number }) {
  const { filters } = address;
  const given: Mode = filters.before || filters.after ? 'windows' : filters.tag ? 'tag' : 'around';
  const [mode, setMode] = useState<Mode>(given);
  const seen = useReport<SeenValues>('/api/v1/filters', { live: false, version }).data;
  const set = (more: Readonly<Record<string, string>>): void => {
    const kept = Object.fromEntries(KEPT.map((name) => [name, filters[name] ?? '']));
    replaceAddress({ ...address, filters: { ...kept, ...more } });
  };
  const keep = (name: string, value: string): void =>
    replaceAddress({ ...address, filters: { ...filters, [name]: value } });
  return (
    <search class="filters">
      <label>
        Compare
        <select value={mode} onChange={(event) => setMode(event.currentTarget.value as Mode)}>
          {MODES.map(([name, title]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      {mode === 'around' && <Around filters={filters} version={version} set={set} keep={keep} />}
      {mode === 'windows' && <Windows filters={filters} set={set} />}
      {mode === 'tag' && <TagPair filters={filters} seen={seen} set={set} />}
      <label>
        By
        <select value={filters['group-by'] ?? ''} onChange={(event) => keep('group-by', event.currentTarget.value)}>
          <option value="">statement</option>
          {['route', 'job', 'command', ...Object.keys(seen?.tags ?? {})]
            .filter((key, at, all) => all.indexOf(key) === at && key !== 'caller')
            .map((key) => (
              <option key={key} value={key}>
                {key}, per request
              </option>
            ))}
        </select>
      </label>
      <label>
        Source
        <select value={filters.source ?? ''} onChange={(event) => keep('source', event.currentTarget.value)}>
          <option value="">all of the application</option>
          {sourceNames(seen?.sources ?? []).map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </search>
  );
}

interface PartProps {
  readonly filters: Address['filters'];
  readonly set: (more: Readonly<Record<string, string>>) => void;
}

function Around({
  filters,
  version,
  set,
  keep,
}: PartProps & { version: number; keep: (name: string, value: string) => void }) {
  const { data } = useReport<MarksJson>('/api/v1/marks', { live: false, version });
  const marks = [...(data?.marks ?? [])].reverse().slice(0, 100);
  const chosen = filters.around ?? '';
  return (
    <>
      <label>
        Mark
        <select value={chosen} onChange={(event) => set({ around: event.currentTarget.value })}>
          <option value="">{data !== undefined && marks.length === 0 ? 'no mark was set yet' : 'choose one'}</option>
          {marks.map(({ at, name }) => (
            <option key={`${at} ${name}`} value={at}>
              {`${name} (${moment(at)})`}
            </option>
          ))}
          {chosen !== '' && !marks.some(({ at }) => at === chosen) && <option value={chosen}>{chosen}</option>}
        </select>
      </label>
      <label>
        Each side
        <select value={filters.span || '1h'} onChange={(event) => keep('span', event.currentTarget.value)}>
          {[...new Set([...SPANS, filters.span || '1h'])].map((span) => (
            <option key={span} value={span}>
              {span}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}

function Windows({ filters, set }: PartProps) {
  const [before, setBefore] = useState(filters.before ?? '2h..1h');
  const [after, setAfter] = useState(filters.after ?? '1h..');
  const take = (): void => set({ before: before.trim(), after: after.trim() });
  return (
    <>
      <label>
        Before
        <input
          value={before}
          onInput={(event) => setBefore(event.currentTarget.value)}
          onKeyDown={(event) => event.key === 'Enter' && take()}
          title="from..to, each a time ago (15m), ISO 8601, a mark or nothing"
        />
      </label>
      <label>
        After
        <input
          value={after}
          onInput={(event) => setAfter(event.currentTarget.value)}
          onKeyDown={(event) => event.key === 'Enter' && take()}
          title="from..to, each a time ago (15m), ISO 8601, a mark or nothing"
        />
      </label>
      <button type="button" onClick={take}>
        Compare
      </button>
    </>
  );
}

function TagPair({ filters, seen, set }: PartProps & { seen: SeenValues | undefined }) {
  const [key, pair = ''] = (filters.tag ?? '').split('=', 2);
  const [one, other = ''] = pair.split(',', 2);
  const [chosen, setChosen] = useState({ key, one, other });
  const values = seen?.tags[chosen.key] ?? [];
  const choose = (more: Partial<typeof chosen>): void => {
    const next = { ...chosen, ...more };
    setChosen(next);
    if (next.key !== '' && next.one !== '' && next.other !== '' && next.one !== next.other)
      set({ tag: `${next.key}=${next.one},${next.other}` });
  };
  const select = (title: string, name: keyof typeof chosen, options: readonly string[]) => (
    <label>
      {title}
      <select value={chosen[name]} onChange={(event) => choose({ [name]: event.currentTarget.value })}>
        <option value="">{options.length === 0 ? 'none was seen' : 'choose one'}</option>
        {options.map((value) => (
          <option key={value} value={value}>
            {value}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <>
      {select('Tag', 'key', Object.keys(seen?.tags ?? {}))}
      {select('Before', 'one', values)}
      {select('After', 'other', values)}
    </>
  );
}
