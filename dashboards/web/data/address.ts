// Keeps the page's view and filters in the fragment of its address, so that every state has a link.
// Invariant: readAddress(writeAddress(a)) is a; what is not understood is the overview.
// Not here: what the filters mean (reports/questions/grammar.ts), the time (window.ts).

import { useEffect, useState } from 'preact/hooks';
import { IDENTITY_NAMES } from '../../../facts/fleet/identity.js';

export const VIEWS = [
  'overview',
  'routes',
  'findings',
  'statements',
  'compare',
  'pools',
  'live',
  'progress',
  'audit',
  'marks',
] as const;
export type ViewName = (typeof VIEWS)[number];

/** They stay when another view is opened: the window, and the part of the fleet. */
const LASTING_NAMES = ['since', 'until', ...IDENTITY_NAMES] as const;

export interface Address {
  readonly view: ViewName;
  /** One of the view's things (a fingerprint, a route, a finding); '' = its list. The list keeps the other filters. */
  readonly id: string;
  readonly filters: Readonly<Record<string, string>>;
}

function readAddress(hash: string): Address {
  const [path, query = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const [name, part = ''] = path.split('/', 2);
  const view = VIEWS.find((known) => known === name) ?? 'overview';
  return { view, id: view === name ? decoded(part) : '', filters: Object.fromEntries(new URLSearchParams(query)) };
}

/** A link that somebody cut in the middle is no reason to show nothing. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

export function writeAddress({ view, id, filters }: Address): string {
  const given = Object.entries(filters).filter(([, value]) => value !== '');
  const query = new URLSearchParams(given).toString();
  return `#/${view}${id === '' ? '' : `/${encodeURIComponent(id)}`}${query === '' ? '' : `?${query}`}`;
}

/** Another view, in the same window. */
export function linkTo(
  from: Pick<Address, 'filters'>,
  to: { readonly view: ViewName; readonly id?: string; readonly filters?: Readonly<Record<string, string>> },
): string {
  const lasting = Object.fromEntries(LASTING_NAMES.map((name) => [name, from.filters[name] ?? '']));
  return writeAddress({ view: to.view, id: to.id ?? '', filters: { ...lasting, ...to.filters } });
}

/** Replaces the address: typing in a filter leaves one entry in the history, not one per key. */
export function replaceAddress(address: Address): void {
  history.replaceState(null, '', writeAddress(address));
  dispatchEvent(new HashChangeEvent('hashchange'));
}

/** A path of the API as this address means it: of one service, environment or instance. */
export function withinFleet(path: string): string {
  const { filters } = readAddress(location.hash);
  const given = IDENTITY_NAMES.flatMap((name) => (filters[name] ? [[name, filters[name]]] : []));
  if (path === '' || given.length === 0) return path;
  return `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams(given)}`;
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
