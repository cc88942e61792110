// The page's frame: navigation, time range, live switch, colour scheme and keys.
// Invariant: the time chosen stays when the view changes. Not here: the views.

import { useEffect, useRef, useState } from 'preact/hooks';
import { type Address, replaceAddress, useAddress, VIEWS, type ViewName, writeAddress } from './data/address.js';
import { PoolsPage } from './pages/pools-page.js';
import { ProgressPage } from './pages/progress-page.js';
import { StatementPage } from './pages/statement-page.js';
import { StatementsPage } from './pages/statements-page.js';
import { currentScheme } from './parts/plot.js';

const TITLES: Readonly<Record<ViewName, string>> = { statements: 'Statements', pools: 'Pools', progress: 'Progress' };
const TIMES = [
  ['15m', 'last 15 minutes'],
  ['1h', 'last hour'],
  ['6h', 'last 6 hours'],
  ['24h', 'last 24 hours'],
  ['7d', 'last 7 days'],
  ['30d', 'last 30 days'],
  ['', 'everything stored'],
] as const;
/** Of the progress page, which shows the last day unless it is asked for more. */
const PROGRESS_TIMES = TIMES.map(([value, title]) =>
  value === '24h' ? ['', title] : value === '' ? ['1970-01-01', title] : [value, title],
);
const SCHEME_KEY = 'pgwitness-scheme';

export function App() {
  const address = useAddress();
  const [live, setLive] = useState(true);
  const [version, setVersion] = useState(0);
  const help = useRef<HTMLDialogElement>(null);
  useKeys(address, help);
  useChosenScheme();
  useEffect(() => {
    document.title = `${address.fingerprint || TITLES[address.view]} – pgwitness`;
  }, [address.view, address.fingerprint]);
  const retry = (): void => setVersion((last) => last + 1);
  const page = { address, live, version, retry };
  const showHelp = (): void => help.current?.showModal();
  return (
    <>
      <header>
        <a class="brand" href="#/statements">
          pgwitness
        </a>
        <Navigation address={address} />
        <Controls address={address} live={live} setLive={setLive} showHelp={showHelp} />
      </header>
      <main id="main" tabIndex={-1}>
        {address.view === 'statements' && address.fingerprint === '' && <StatementsPage {...page} />}
        {address.view === 'statements' && address.fingerprint !== '' && (
          <StatementPage key={address.fingerprint} {...page} />
        )}
        {address.view === 'pools' && <PoolsPage {...page} />}
        {address.view === 'progress' && <ProgressPage {...page} />}
      </main>
      <dialog ref={help} aria-labelledby="keys">
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
    </>
  );
}

/** The filters that stay when another view is opened. */
function timeOf({ filters }: Address): Record<string, string> {
  return filters.since ? { since: filters.since } : {};
}

function Navigation({ address }: { address: Address }) {
  return (
    <nav aria-label="Views">
      {VIEWS.map((view) => (
        <a
          key={view}
          href={writeAddress({ view, fingerprint: '', filters: timeOf(address) })}
          aria-current={address.view === view ? 'page' : undefined}
        >
          {TITLES[view]}
        </a>
      ))}
    </nav>
  );
}

interface ControlsProps {
  readonly address: Address;
  readonly live: boolean;
  readonly setLive: (live: boolean) => void;
  readonly showHelp: () => void;
}

function Controls({ address, live, setLive, showHelp }: ControlsProps) {
  const times = address.view === 'progress' ? PROGRESS_TIMES : TIMES;
  const since = address.filters.since ?? '';
  const setSince = (value: string): void =>
    replaceAddress({ ...address, filters: { ...address.filters, since: value } });
  return (
    <div class="controls">
      <label>
        Time{' '}
        <select value={since} onChange={(event) => setSince(event.currentTarget.value)}>
          {times.map(([value, title]) => (
            <option key={value} value={value}>
              {title}
            </option>
          ))}
          {!times.some(([value]) => value === since) && <option value={since}>since {since}</option>}
        </select>
      </label>
      <label class="check">
        <input type="checkbox" checked={live} onChange={(event) => setLive(event.currentTarget.checked)} /> Live
      </label>
      <button type="button" onClick={chooseOtherScheme} aria-label="Light / dark" title="Light / dark">
        ◐
      </button>
      <button type="button" onClick={showHelp} aria-label="Keys">
        ?
      </button>
    </div>
  );
}

const KEYS = [
  ['/', 'find in the list of statements'],
  ['↓ ↑ or j k', 'next or previous statement'],
  ['Enter', 'open the statement'],
  ['Esc', 'back to the list'],
  ['1 2 3', 'Statements, Pools, Progress'],
  ['?', 'these keys'],
] as const;

function useKeys(address: Address, help: { current: HTMLDialogElement | null }): void {
  const latest = useRef(address);
  latest.current = address;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || help.current?.open) return;
      const typing = event.target instanceof HTMLElement && event.target.matches('input, select, textarea');
      if (event.key === 'Escape') {
        if (typing) (event.target as HTMLElement).blur();
        else if (latest.current.fingerprint !== '')
          location.hash = writeAddress({ ...latest.current, fingerprint: '' });
        return;
      }
      if (typing) return;
      const view = VIEWS[Number(event.key) - 1];
      if (view !== undefined) location.hash = writeAddress({ view, fingerprint: '', filters: timeOf(latest.current) });
      else if (event.key === '?') help.current?.showModal();
      else if (event.key === '/') {
        event.preventDefault();
        document.getElementById('find')?.focus();
      } else if (event.key === 'ArrowDown' || event.key === 'j') {
        // From anywhere on the page into the list.
        if (event.target === document.body) document.querySelector<HTMLElement>('.virtual a[tabindex="0"]')?.focus();
      }
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

function useChosenScheme(): void {
  useEffect(() => {
    const chosen = localStorage.getItem(SCHEME_KEY);
    if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.scheme = chosen;
  }, []);
}

function chooseOtherScheme(): void {
  const chosen = currentScheme() === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset.scheme = chosen;
  localStorage.setItem(SCHEME_KEY, chosen);
}
