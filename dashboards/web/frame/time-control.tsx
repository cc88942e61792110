// Chooses the window: how long ago, between two moments, or since a mark.
// Invariant: what is chosen is in the address. Not here: what a view makes of it (data/window.ts).

import { useRef } from 'preact/hooks';
import type { MarksJson } from '../../../reports/forms/marks-json.js';
import { type Address, replaceAddress } from '../data/address.js';
import { useReport } from '../data/api.js';
import { moment } from '../data/format.js';
import { EVERYTHING } from '../data/window.js';

const TIMES = [
  ['15m', 'last 15 minutes'],
  ['1h', 'last hour'],
  ['6h', 'last 6 hours'],
  ['', 'last 24 hours'],
  ['7d', 'last 7 days'],
  ['30d', 'last 30 days'],
  [EVERYTHING, 'everything stored'],
] as const;
const BETWEEN = 'between';
const MARKS_SHOWN = 5;

export function TimeControl({ address }: { address: Address }) {
  const between = useRef<HTMLDialogElement>(null);
  const marks = useReport<MarksJson>('/api/v1/marks?since=30d', { live: false });
  const { since = '', until = '' } = address.filters;
  const set = (time: { since: string; until: string }): void =>
    replaceAddress({ ...address, filters: { ...address.filters, ...time } });
  const isListed = until === '' && TIMES.some(([value]) => value === since);
  const named = [...new Set((marks.data?.marks ?? []).map(({ name }) => name))].slice(-MARKS_SHOWN).reverse();
  const choose = (value: string): void => {
    if (value === BETWEEN) between.current?.showModal();
    else set({ since: value, until: '' });
  };
  return (
    <>
      <label>
        <span class="title">Time </span>
        <select
          id="time"
          aria-label="Time"
          value={isListed || (until === '' && named.includes(since)) ? since : 'chosen'}
          onChange={(event) => {
            choose(event.currentTarget.value);
            // Until the dialog is closed nothing else is chosen.
            event.currentTarget.value = isListed ? since : 'chosen';
          }}
        >
          {TIMES.map(([value, title]) => (
            <option key={value} value={value}>
              {title}
            </option>
          ))}
          {named.length > 0 && (
            <optgroup label="since the mark">
              {named.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </optgroup>
          )}
          {!isListed && !named.includes(since) && <option value="chosen">{windowText(since, until)}</option>}
          {!isListed && until !== '' && named.includes(since) && (
            <option value="chosen">{windowText(since, until)}</option>
          )}
          <option value={BETWEEN}>between two moments …</option>
        </select>
      </label>
      {!isListed && (
        <button type="button" onClick={() => set({ since: '', until: '' })} title="back to the last 24 hours">
          ✕<span class="sr-only"> back to the last 24 hours</span>
        </button>
      )}
      <Between dialog={between} since={since} until={until} onChosen={set} />
    </>
  );
}

interface BetweenProps {
  readonly dialog: { current: HTMLDialogElement | null };
  readonly since: string;
  readonly until: string;
  readonly onChosen: (time: { since: string; until: string }) => void;
}

function Between({ dialog, since, until, onChosen }: BetweenProps) {
  const form = useRef<HTMLFormElement>(null);
  const submit = (event: Event): void => {
    event.preventDefault();
    const given = new FormData(form.current!);
    const iso = (name: string): string => {
      const text = String(given.get(name) ?? '');
      return text === '' ? '' : new Date(text).toISOString();
    };
    onChosen({ since: iso('since'), until: iso('until') });
    dialog.current?.close();
  };
  return (
    <dialog ref={dialog} aria-labelledby="between">
      <h2 id="between">Between two moments</h2>
      <form ref={form} onSubmit={submit} class="between">
        <label>
          From <input type="datetime-local" name="since" required defaultValue={localText(since)} />
        </label>
        <label>
          To (nothing: until now) <input type="datetime-local" name="until" defaultValue={localText(until)} />
        </label>
        <p class="note">In your time zone, {Intl.DateTimeFormat().resolvedOptions().timeZone}.</p>
        <button type="submit">Show</button>{' '}
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </form>
    </dialog>
  );
}

/** As an input of this kind takes it; '' for what is no moment. */
function localText(iso: string): string {
  const date = new Date(iso);
  if (!/^\d{4}-/.test(iso) || Number.isNaN(date.getTime())) return '';
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function windowText(since: string, until: string): string {
  const word = (text: string): string => (/^\d{4}-\d\d-\d\dT/.test(text) ? moment(text) : text);
  return until === '' ? `since ${word(since)}` : `${word(since)} – ${word(until)}`;
}
