// Chooses what is compared: two times, around a mark, a pair in one window, old and new statements.
// Invariant: every choice is in the address, and leaves the others of its kind out. Not here: choosing pairs
// (pairs-form.tsx) and statements (sets-form.tsx), the answer (compare-view.tsx).

import { useState } from 'preact/hooks';
import type { MarksJson } from '../../../../reports/forms/marks-json.js';
import type { SeenValues } from '../../../../reports/groups/seen.js';
import { type Address, replaceAddress } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { moment } from '../../data/format.js';
import { sourceNames } from '../../data/sources.js';
import { ChoiceField } from '../../parts/filters.js';
import { type PartProps, SourcePair, TagPair } from './pairs-form.js';
import { SetsForm } from './sets-form.js';
import { Check, Within } from './within.js';

const SPANS = ['15m', '1h', '6h', '24h', '7d'];
const KEPT = ['since', 'until', 'how', 'source', 'handwritten', 'all', 'within', 'group-by', 'span'] as const;
const MODES = [
  ['around', 'around a mark'],
  ['windows', 'two times'],
  ['tag', 'two values of a tag'],
  ['sources', 'two sources'],
  ['sets', 'old and new statements'],
] as const;
export type Mode = (typeof MODES)[number][0];

/** What an address compares, or is about to. */
export function modeOf(filters: Address['filters']): Mode {
  const chosen = MODES.find(([name]) => name === filters.how);
  if (chosen !== undefined) return chosen[0];
  if (filters.old || filters.new) return 'sets';
  if (filters.before || filters.after) return 'windows';
  if (filters.around) return 'around';
  return filters.tag ? 'tag' : filters.source?.includes(',') ? 'sources' : 'around';
}

export function CompareForm({ address, version }: { address: Address; version: number }) {
  const { filters } = address;
  const mode = modeOf(filters);
  const seen = useReport<SeenValues>('/api/v1/filters', { live: false, version }).data;
  const set = (more: Readonly<Record<string, string>>): void => {
    const kept = Object.fromEntries(KEPT.map((name) => [name, filters[name] ?? '']));
    // A pair of sources is a choice of its own, one source narrows any.
    if (kept.source.includes(',')) kept.source = '';
    replaceAddress({ ...address, filters: { ...kept, ...more } });
  };
  const keep = (name: string, value: string): void =>
    replaceAddress({ ...address, filters: { ...filters, [name]: value } });
  return (
    <search class="filters">
      <label>
        Compare
        <select value={mode} onChange={(event) => set({ how: event.currentTarget.value })}>
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
      {mode === 'sources' && <SourcePair filters={filters} seen={seen} set={set} />}
      {mode === 'sets' && <SetsForm address={address} seen={seen} version={version} />}
      {mode !== 'sets' && <GroupBy filters={filters} seen={seen} keep={keep} />}
      {mode !== 'sources' && (
        <ChoiceField
          name="source"
          title="Source"
          all="all of the application"
          values={sourceNames(seen?.sources ?? [])}
          value={filters.source ?? ''}
          set={keep}
        />
      )}
      <div class="checks">
        <Check name="handwritten" title="Handwritten only" address={address} />
        {mode !== 'sets' && <Check name="all" title="Housekeeping and tools too" address={address} />}
      </div>
      <Within address={address} seen={seen} />
    </search>
  );
}

interface KeepProps {
  readonly filters: Address['filters'];
  readonly seen: SeenValues | undefined;
  readonly keep: (name: string, value: string) => void;
}

function GroupBy({ filters, seen, keep }: KeepProps) {
  const keys = new Set(['route', 'job', 'command', ...Object.keys(seen?.tags ?? {})]);
  keys.delete('caller');
  // An address may have it as tag:KEY, or name one that nothing has.
  const chosen = (filters['group-by'] ?? '').replace(/^tag:/, '');
  if (chosen !== '') keys.add(chosen);
  return (
    <label>
      By
      <select value={chosen} onChange={(event) => keep('group-by', event.currentTarget.value)}>
        <option value="">statement</option>
        {[...keys].map((key) => (
          <option key={key} value={key}>
            {key}, per request
          </option>
        ))}
      </select>
    </label>
  );
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
