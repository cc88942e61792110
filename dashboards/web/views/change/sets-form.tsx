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
import { Completed, filterSetter, tagsSeen } from '../../parts/filters.js';

/** Statements to complete from: those that take most time. */
const OFFERED = '1000';
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

export function SetsForm({ address, seen, version }: FormProps) {
  const asked = { form: 'brief', sort: 'total', limit: OFFERED, hide: HIDDEN_SOURCES.join(',') };
  const { data } = useReport<BriefStatementsJson>(`/api/v1/statements?${queryOf(address, asked)}`, {
    live: false,
    version,
  });
  const offered = useMemo(() => data && offeredOf(data), [data]);
  const set = filterSetter(address);
  return (
    <>
      <SetField name="old" title="Old" address={address} offered={offered} />
      <SetField name="new" title="New" address={address} offered={offered} />
      <Completed
        name="tag"
        title="Within"
        seen={seen && tagsSeen(seen)}
        filters={address.filters}
        set={set}
        hint="route=…"
      />
      <datalist id="statements-seen">
        {(offered ?? []).map(({ fingerprint, text }) => (
          <option key={fingerprint} value={fingerprint}>
            {text}
          </option>
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
}

/** Adds the one statement that is named, or that alone has the words. */
function SetField({ name, title, address, offered }: FieldProps) {
  const [typed, setTyped] = useState('');
  const set = filterSetter(address);
  const chosen = (address.filters[name] ?? '').split(',').filter(Boolean);
  const fits = fitting(typed, offered ?? []);
  const take = (fingerprint: string): void => {
    setTyped('');
    if (!chosen.includes(fingerprint)) set(name, [...chosen, fingerprint].join(','));
  };
  const takeOne = (): void => {
    if (fits.length === 1) take(fits[0]);
  };
  const isKnown = typed === '' || offered === undefined || fits.length === 1;
  const problem = `${name}-unseen`;
  return (
    <div class="set">
      <label>
        {title}
        <input
          list="statements-seen"
          placeholder={chosen.length === 0 ? 'text, place, fingerprint' : 'and another'}
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
      <ul class="chosen" aria-label={`${title}: statements`}>
        {chosen.map((fingerprint) => {
          const text = offered?.find((one) => one.fingerprint === fingerprint)?.text ?? fingerprint;
          const others = chosen.filter((one) => one !== fingerprint);
          return (
            <li key={fingerprint}>
              <a class="one-line" href={linkTo(address, { view: 'statements', id: fingerprint })} title={text}>
                <code>{text}</code>
              </a>
              <button type="button" aria-label={`Leave out ${fingerprint}`} onClick={() => set(name, others.join(','))}>
                ×
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
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
