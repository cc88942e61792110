// Chooses the statements that did a job before, and those that do it now.
// Invariant: what is chosen is in the address at once, and named by its text where it is known.
// Not here: what their use costs (sets-answer.tsx).

import { useMemo, useState } from 'preact/hooks';
import { HIDDEN_SOURCES } from '../../../../facts/verdict.js';
import { shortSql } from '../../../../facts/words/short-sql.js';
import type { BriefStatementsJson } from '../../../../reports/forms/statement-json.js';
import type { SeenValues } from '../../../../reports/groups/seen.js';
import { type Address, linkTo } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { queryOf } from '../../data/window.js';
import { filterSetter, LeaveOut, tagsSeen } from '../../parts/filters.js';

/** Statements to complete from: those that take most time. */
const OFFERED = '1000';
/** As many as the API compares (reports/compare/sets-report.ts). */
const IN_A_SET_MAX = 60;
const FINGERPRINT = /^[0-9a-z]{16}$/;

interface Offered {
  readonly fingerprint: string;
  /** For a person: text, source, place. */
  readonly text: string;
}

interface FormProps {
  readonly address: Address;
  readonly seen: SeenValues | undefined;
  readonly version: number;
}

const ASKED = { form: 'brief', sort: 'total', hide: HIDDEN_SOURCES.join(',') };

export function SetsForm({ address, seen, version }: FormProps) {
  const asked = queryOf(address, { ...ASKED, limit: OFFERED });
  const { data } = useReport<BriefStatementsJson>(`/api/v1/statements?${asked}`, { live: false, version });
  const offered = useMemo(() => data && offeredOf(data), [data]);
  const tags = useMemo(() => (seen === undefined ? [] : tagsSeen(seen)), [seen]);
  return (
    <>
      <SetField name="old" title="Old" address={address} offered={offered} tags={tags} />
      <SetField name="new" title="New" address={address} offered={offered} tags={tags} />
      <datalist id="statements-seen">
        {(offered ?? []).map(({ fingerprint, text }) => (
          <option key={fingerprint} value={fingerprint}>
            {text}
          </option>
        ))}
        {tags.map((tag) => (
          <option key={tag} value={tag} />
        ))}
      </datalist>
    </>
  );
}

/** A statement may have several sources. */
function offeredOf({ statements }: BriefStatementsJson): Offered[] {
  const found = new Map<string, Offered>();
  for (const { fingerprint, query, source, caller } of statements) {
    const text = [shortSql(query), source, caller].filter(Boolean).join(' · ');
    if (!found.has(fingerprint)) found.set(fingerprint, { fingerprint, text });
  }
  return [...found.values()];
}

interface FieldProps {
  readonly name: 'old' | 'new';
  readonly title: string;
  readonly address: Address;
  /** Undefined until they are known. */
  readonly offered: readonly Offered[] | undefined;
  /** key=value of those that were seen. */
  readonly tags: readonly string[];
}

/** Adds the one statement that is named, or that alone has the words; all that have them when asked to. */
function SetField({ name, title, address, offered, tags }: FieldProps) {
  const [typed, setTyped] = useState('');
  const set = filterSetter(address);
  const chosen = (address.filters[name] ?? '').split(',').filter(Boolean);
  const tag = tags.includes(typed) ? typed : '';
  const tagged = useTagged(address, tag);
  const fits = tag === '' ? fitting(typed, offered ?? []) : (tagged ?? []);
  const take = (...more: string[]): void => {
    setTyped('');
    set(name, [...new Set([...chosen, ...more])].join(','));
  };
  const takeOne = (): void => {
    if (fits.length === 1) take(fits[0]);
  };
  const canTakeAll = fits.length > 1 && fits.length + chosen.length <= IN_A_SET_MAX;
  const isKnown = typed === '' || offered === undefined || fits.length === 1 || (tag !== '' && tagged === undefined);
  const problem = `${name}-unseen`;
  return (
    <div class="set">
      <label>
        {title}
        <input
          list="statements-seen"
          placeholder={chosen.length === 0 ? 'text, place, tag, fingerprint' : 'and another'}
          value={typed}
          aria-invalid={!isKnown}
          aria-describedby={isKnown ? undefined : problem}
          onInput={(event) => {
            const { value } = event.currentTarget;
            if (FINGERPRINT.test(value)) take(value);
            else setTyped(value);
          }}
          onKeyDown={(event) => event.key === 'Enter' && takeOne()}
          onChange={takeOne}
        />
        {!isKnown && (
          <span class="unseen" id={problem} role="status">
            {fits.length > 1 ? `${fits.length} fit: choose from the list` : 'never seen; choose from the list'}
          </span>
        )}
      </label>
      {canTakeAll && <TakeAll count={fits.length} take={() => take(...fits)} />}
      <ul class="chosen" aria-label={`${title}: statements`}>
        {chosen.map((fingerprint) => {
          const text = offered?.find((one) => one.fingerprint === fingerprint)?.text ?? fingerprint;
          const others = chosen.filter((one) => one !== fingerprint);
          return (
            <li key={fingerprint}>
              <a class="one-line" href={linkTo(address, { view: 'statements', id: fingerprint })} title={text}>
                <code>{text}</code>
              </a>
              <LeaveOut name={fingerprint} leaveOut={() => set(name, others.join(','))} />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function TakeAll({ count, take }: { count: number; take: () => void }) {
  return (
    <button
      type="button"
      // Before the field has lost the focus: what is typed would be looked at again.
      onMouseDown={(event) => event.preventDefault()}
      onClick={({ currentTarget }) => {
        // The button goes, and by keyboard the focus would go with it.
        currentTarget.closest('.set')?.querySelector('input')?.focus();
        take();
      }}
    >
      Take all {count}
    </button>
  );
}

/** Statements sent with a tag, more than a set takes too, so that their number is told; undefined until it is. */
function useTagged(address: Address, tag: string): readonly string[] | undefined {
  const asked = queryOf(address, { ...ASKED, tag, limit: OFFERED });
  const path = tag === '' ? '' : `/api/v1/statements?${asked}`;
  const { path: answered, data } = useReport<BriefStatementsJson>(path, { live: false });
  if (path === '' || answered !== path || data === undefined) return undefined;
  return offeredOf(data).map(({ fingerprint }) => fingerprint);
}

/** Fingerprints that begin so, else those of statements with all the words. */
function fitting(typed: string, offered: readonly Offered[]): string[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const named = offered.filter(({ fingerprint }) => fingerprint.startsWith(words[0]));
  const fits = named.length > 0 ? named : offered.filter(({ text }) => hasAll(text.toLowerCase(), words));
  return fits.map(({ fingerprint }) => fingerprint);
}

function hasAll(text: string, words: readonly string[]): boolean {
  return words.every((word) => text.includes(word));
}
