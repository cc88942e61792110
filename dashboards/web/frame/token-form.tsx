// Asks for the token, once for the tab.
// Invariant: the token goes to sessionStorage and to the API's header, nowhere else. Not here: who needs one
// (dashboards/http/guard.ts).

import { useState } from 'preact/hooks';
import { keepToken } from '../data/api.js';

export function TokenForm({ wrong, onToken }: { wrong: boolean; onToken: () => void }) {
  const [token, setToken] = useState('');
  const submit = (event: Event): void => {
    event.preventDefault();
    keepToken(token.trim());
    onToken();
  };
  return (
    <form class="token" onSubmit={submit}>
      <label for="token">Token (of --http-token-file)</label>
      <input
        id="token"
        type="password"
        autocomplete="off"
        value={token}
        onInput={(event) => setToken(event.currentTarget.value)}
      />
      <button type="submit">Show</button>
      <p class="note">{wrong ? 'That token is wrong. ' : ''}It is kept for this tab, until the tab is closed.</p>
    </form>
  );
}
