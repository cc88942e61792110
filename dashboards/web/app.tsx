// The page's frame: navigation, window, live switch, colour scheme and keys around a view.
// Invariant: the time chosen stays when the view changes. Not here: the views.

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useAddress, type ViewName } from './data/address.js';
import { TOKEN_NEEDED } from './data/api.js';
import type { ViewProps } from './data/window.js';
import { FleetControl } from './frame/fleet-control.js';
import { Keys, useKeys } from './frame/keys.js';
import { Navigation, TITLES } from './frame/navigation.js';
import { chooseOtherScheme, useChosenScheme } from './frame/scheme.js';
import { Storing } from './frame/storing.js';
import { TimeControl } from './frame/time-control.js';
import { TokenForm } from './frame/token-form.js';
import { CompareView } from './views/change/compare-view.js';
import { MarksView } from './views/change/marks-view.js';
import { ProgressView } from './views/change/progress-view.js';
import { AuditView } from './views/code/audit-view.js';
import { PlaceView } from './views/code/place-view.js';
import { LiveView } from './views/now/live-view.js';
import { OverviewView } from './views/now/overview-view.js';
import { PoolsView } from './views/pools/pools-view.js';
import { FindingView } from './views/requests/finding-view.js';
import { FindingsView } from './views/requests/findings-view.js';
import { RouteView } from './views/requests/route-view.js';
import { RoutesView } from './views/requests/routes-view.js';
import { StatementView } from './views/statements/statement-view.js';
import { StatementsView } from './views/statements/statements-view.js';

type View = (props: ViewProps) => JSX.Element;

/** Of each view its list, and one of its things where it has them. */
const SHOWN: Readonly<Record<ViewName, readonly [list: View, one?: View]>> = {
  overview: [OverviewView],
  routes: [RoutesView, RouteView],
  findings: [FindingsView, FindingView],
  statements: [StatementsView, StatementView],
  compare: [CompareView],
  pools: [PoolsView],
  live: [LiveView],
  progress: [ProgressView],
  audit: [AuditView, PlaceView],
  marks: [MarksView],
};

export function App() {
  const address = useAddress();
  const [live, setLive] = useState(true);
  const [version, setVersion] = useState(0);
  const [token, setToken] = useState<'given' | 'needed' | 'wrong'>('given');
  const help = useRef<HTMLDialogElement>(null);
  useKeys(address, help);
  useChosenScheme();
  useEffect(() => {
    document.title = `${address.id || TITLES[address.view]} – pgwitness`;
  }, [address.view, address.id]);
  useEffect(() => {
    const need = (): void => setToken(version === 0 ? 'needed' : 'wrong');
    addEventListener(TOKEN_NEEDED, need);
    return () => removeEventListener(TOKEN_NEEDED, need);
  }, [version]);
  const onToken = (): void => {
    setToken('given');
    setVersion((last) => last + 1);
  };
  const [list, one = list] = SHOWN[address.view];
  const Shown = address.id === '' ? list : one;
  return (
    <>
      <header>
        <a class="brand" href="#/overview">
          pgwitness
        </a>
        <Navigation address={address} />
        {token === 'given' && <FleetControl key={`fleet ${version}`} address={address} />}
        <div class="controls">
          {token === 'given' && <TimeControl key={version} address={address} />}
          <label class="check">
            <input type="checkbox" checked={live} onChange={(event) => setLive(event.currentTarget.checked)} /> Live
          </label>
          <button type="button" onClick={chooseOtherScheme} aria-label="Light / dark" title="Light / dark">
            ◐
          </button>
          <button type="button" onClick={() => help.current?.showModal()} aria-label="Keys" title="Keys">
            ?
          </button>
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {token === 'given' ? (
          <>
            <Storing live={live} version={version} />
            <Shown key={`${address.view} ${address.id}`} address={address} live={live} version={version} />
          </>
        ) : (
          <TokenForm wrong={token === 'wrong'} onToken={onToken} />
        )}
      </main>
      <Keys dialog={help} />
    </>
  );
}
