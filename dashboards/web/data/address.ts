// Keeps the page's view and filters in the fragment of its address, so that every view has a link.
// Invariant: readAddress(writeAddress(a)) is a; what is not understood is the list of statements.
// Not here: what the filters mean (reports/questions/grammar.ts).

import { useEffect, useState } from 'preact/hooks';

export const VIEWS = ['statements', 'pools', 'progress'] as const;
export type ViewName = (typeof VIEWS)[number];

export interface Address {
  readonly view: ViewName;
  /** Set for one statement; its list keeps the other filters. */
  readonly fingerprint: string;
  readonly filters: Readonly<Record<string, string>>;
}

const FINGERPRINT = /^[0-9a-z]{16}$/;

function readAddress(hash: string): Address {
  const [path, query = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const [name, part = ''] = path.split('/', 2);
  const view = VIEWS.find((known) => known === name) ?? 'statements';
  const fingerprint = view === 'statements' && FINGERPRINT.test(part) ? part : '';
  return { view, fingerprint, filters: Object.fromEntries(new URLSearchParams(query)) };
}

export function writeAddress({ view, fingerprint, filters }: Address): string {
  const given = Object.entries(filters).filter(([, value]) => value !== '');
  const query = new URLSearchParams(given).toString();
  return `#/${view}${fingerprint === '' ? '' : `/${fingerprint}`}${query === '' ? '' : `?${query}`}`;
}

/** Replaces the address: typing in a filter leaves one entry in the history, not one per key. */
export function replaceAddress(address: Address): void {
  history.replaceState(null, '', writeAddress(address));
  dispatchEvent(new HashChangeEvent('hashchange'));
}

export function useAddress(): Address {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = (): void => setHash(location.hash);
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return readAddress(hash);
}
