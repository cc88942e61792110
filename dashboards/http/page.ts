// The page at `/`: the top statements and the pools of the API, as a static document with a script and a style sheet of its own.
// Invariant: what comes from traffic enters the document as text nodes only; nothing is loaded from elsewhere.
// Not here: data (routes.ts). These are strings, so that the build has no files to copy.

export const PAGE_HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>pgwitness</title>
<link rel="stylesheet" href="/app.css">
<script src="/app.js" defer></script>
</head>
<body>
<header><h1>pgwitness</h1><p id="window" role="status">Loading…</p></header>
<main>
<form id="token-form" hidden>
<label for="token">Token of --http-token-file</label>
<input id="token" type="password" autocomplete="off">
<button>Show</button>
</form>
<section aria-labelledby="statements-title">
<h2 id="statements-title">Statements by total time</h2>
<p><label for="source">Source</label>
<select id="source">
<option value="">all</option><option>raw</option><option>django-orm</option><option>sqlalchemy</option>
<option>housekeeping</option><option>tool</option><option>unknown</option>
</select></p>
<table><thead><tr>
<th scope="col">calls</th><th scope="col">errors</th><th scope="col">total ms</th><th scope="col">mean ms</th>
<th scope="col">p95 ms</th><th scope="col">source</th><th scope="col">fingerprint</th><th scope="col">statement</th>
</tr></thead><tbody id="statements"></tbody></table>
</section>
<section aria-labelledby="pools-title">
<h2 id="pools-title">Pools</h2>
<table><thead><tr>
<th scope="col">pool</th><th scope="col">now</th><th scope="col">most</th><th scope="col">most busy</th>
<th scope="col">opened</th><th scope="col">closed</th><th scope="col">statements</th>
</tr></thead><tbody id="pools"></tbody></table>
</section>
</main>
<noscript>This page needs its script; the same is printed by <code>pgwitness top</code> and <code>pgwitness pools</code>.</noscript>
</body>
</html>
`;

export const PAGE_CSS = `:root { font: 15px/1.45 system-ui, sans-serif; }
body { margin: 1.5rem; }
h1 { font-size: 1.3rem; margin: 0; }
h2 { font-size: 1.05rem; margin-top: 1.8rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 0.25rem 0.8rem 0.25rem 0; vertical-align: top; border-bottom: 1px solid #8884; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.code { font-family: ui-monospace, monospace; font-size: 0.9em; overflow-wrap: anywhere; }
`;

export const PAGE_JS = `'use strict';

const byId = (id) => document.getElementById(id);

async function ask(path) {
  const token = sessionStorage.getItem('token');
  const response = await fetch(path, token ? { headers: { authorization: 'Bearer ' + token } } : {});
  if (response.status === 401) byId('token-form').hidden = false;
  const body = await response.json();
  if (!response.ok) throw new Error(body.error + '. ' + (body.hint || ''));
  return body;
}

function cell(row, value, kind) {
  const td = document.createElement('td');
  td.className = kind;
  td.textContent = value === null ? '' : String(value);
  row.append(td);
}

function fill(id, rows) {
  const body = byId(id);
  body.replaceChildren(...rows.map((cells) => {
    const row = document.createElement('tr');
    for (const [value, kind] of cells) cell(row, value, kind);
    return row;
  }));
}

const number = (value, digits) => [value === null ? null : value.toFixed(digits), 'number'];
const text = (value) => [value, 'text'];
const code = (value) => [value, 'code'];

async function refresh() {
  try {
    const source = byId('source').value;
    const statements = await ask('/api/v1/statements?limit=50' + (source ? '&source=' + encodeURIComponent(source) : ''));
    const pools = await ask('/api/v1/pools');
    byId('token-form').hidden = true;
    const { observed, window: range } = statements;
    byId('window').textContent = range.since + ' to ' + range.until + ': ' + observed.statements + ' executions observed, '
      + observed.not_observed + ' not observed, ' + observed.unknown + ' of unknown source'
      + (observed.exact ? '' : ' (not exact: a session could not be followed)');
    fill('statements', statements.statements.map((s) => [
      number(s.calls, 0), number(s.errors, 0), number(s.total_ms, 1), number(s.mean_ms, 3), number(s.p95_ms, 3),
      text(s.construct ? s.source + ' / ' + s.construct : s.source), code(s.fingerprint), code(s.query),
    ]));
    fill('pools', pools.pools.map((p) => [
      text(p.name), number(p.connections_now, 0), number(p.connections_max, 0), number(p.busy_max, 0),
      number(p.opened, 0), number(p.closed, 0), number(p.statements, 0),
    ]));
  } catch (error) {
    byId('window').textContent = error.message;
  }
}

byId('token-form').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem('token', byId('token').value);
  refresh();
});
byId('source').addEventListener('change', refresh);
setInterval(refresh, 5000);
refresh();
`;
