// Starts the page in the browser.
// Invariant: what comes from traffic enters the document as text nodes and attributes that Preact sets.
// Not here: data (api.ts), the pages.

import { render } from 'preact';
import { App } from './app.js';

render(<App />, document.getElementById('app')!);
