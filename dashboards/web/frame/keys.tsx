// The keys that work everywhere, and the dialog that lists them.
// Invariant: no key is taken from somebody who types. Not here: keys of a table (parts/virtual-table.tsx).

import { useEffect, useRef } from 'preact/hooks';
import { type Address, linkTo, VIEWS, writeAddress } from '../data/address.js';

const KEYS = [
  ['1 … 9, 0', 'the views, from left to right'],
  ['/', 'find in a list'],
  ['↓ ↑ or j k', 'next or previous row'],
  ['Enter', 'open it'],
  ['Esc', 'back to the list'],
  ['?', 'these keys'],
] as const;

type Dialog = { current: HTMLDialogElement | null };

export function Keys({ dialog }: { dialog: Dialog }) {
  return (
    <dialog ref={dialog} aria-labelledby="keys">
      <h2 id="keys">Keys</h2>
      <ul>
        {KEYS.map(([key, does]) => (
          <li key={key}>
            <kbd>{key}</kbd> {does}
          </li>
        ))}
      </ul>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}

export function useKeys(address: Address, help: Dialog): void {
  const latest = useRef(address);
  latest.current = address;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]') !== null) return;
      const typing = event.target instanceof HTMLElement && event.target.matches('input, select, textarea');
      if (event.key === 'Escape') {
        if (typing) (event.target as HTMLElement).blur();
        else if (latest.current.id !== '') location.hash = writeAddress({ ...latest.current, id: '' });
        return;
      }
      if (typing) return;
      const view = /^\d$/.test(event.key) ? VIEWS[(Number(event.key) + 9) % 10] : undefined;
      if (view !== undefined) location.hash = linkTo(latest.current, { view });
      else if (event.key === '?') help.current?.showModal();
      else if (event.key === '/') {
        event.preventDefault();
        document.getElementById('find')?.focus();
      } else if ((event.key === 'ArrowDown' || event.key === 'j') && event.target === document.body) {
        // From anywhere on the page into the list.
        document.querySelector<HTMLElement>('.virtual a[tabindex="0"]')?.focus();
      }
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}
