// The links to all views.
// Invariant: the window chosen stays when the view changes. Not here: the views.

import { useEffect, useRef } from 'preact/hooks';
import { type Address, linkTo, VIEWS, type ViewName } from '../data/address.js';

export const TITLES: Readonly<Record<ViewName, string>> = {
  overview: 'Overview',
  routes: 'Routes',
  findings: 'Findings',
  statements: 'Statements',
  compare: 'Compare',
  pools: 'Pools',
  live: 'Live',
  progress: 'Progress',
  audit: 'Audit',
  marks: 'Marks',
};

export function Navigation({ address }: { address: Address }) {
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a narrow screen the links scroll.
    const follow = (): void =>
      nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    follow();
    addEventListener('resize', follow);
    return () => removeEventListener('resize', follow);
  }, [address.view]);
  return (
    <nav aria-label="Views" ref={nav}>
      {VIEWS.map((view) => (
        <a key={view} href={linkTo(address, { view })} aria-current={address.view === view ? 'page' : undefined}>
          {TITLES[view]}
        </a>
      ))}
    </nav>
  );
}
