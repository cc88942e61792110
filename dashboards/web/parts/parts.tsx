// Small components that several views share.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { type ApiProblem, keepToken } from '../data/api.js';
import { count, share, span } from '../data/format.js';
import { colourOf } from '../data/sources.js';

/** The source's name with a dot in its colour, because a colour alone says nothing. */
export function Source({ name, construct = '' }: { name: string; construct?: string }) {
  return (
    <span class="source">
      <span class="dot" style={{ background: `var(${colourOf(name)})` }} />
      {construct === '' ? name : `${name} / ${construct}`}
    </span>
  );
}

export interface ObservedJson {
  readonly window: { since: string; until: string };
  readonly observed: { executions: number; not_observed: number; unknown: number; exact: boolean };
}

/** Tells how complete the report is. */
export function Observed({ report }: { report: ObservedJson }) {
  const { window, observed } = report;
  return (
    <p class="observed" role="status">
      {span(window)} · <b>{count(observed.executions)}</b> executions observed · {count(observed.not_observed)} not
      observed · {share(observed.unknown, observed.executions)} of unknown source
      {observed.exact ? '' : ' · not exact: a session could not be followed'}
    </p>
  );
}

/** Shows an error, or asks for the token if it is missing. */
export function Problem({ problem, retry }: { problem: ApiProblem; retry: () => void }) {
  const [token, setToken] = useState('');
  if (problem.status !== 401) {
    return (
      <p class="problem" role="alert">
        {problem.message}
      </p>
    );
  }
  const submit = (event: Event): void => {
    event.preventDefault();
    keepToken(token.trim());
    retry();
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
    </form>
  );
}

/** Tells what to do while nothing is observed. */
export function NothingYet({ since = '' }: { since?: string }) {
  return (
    <div class="nothing">
      <p>
        {since === ''
          ? 'Nothing observed yet.'
          : 'Nothing observed in this time range. Choose a longer one at the top right.'}
      </p>
      <p>
        Let the application connect to pgwitness instead of Postgres (by default 127.0.0.1:6433) and run some queries.
        They appear here within a few seconds.
      </p>
    </div>
  );
}

/**
 * Puts a text on the clipboard; not there where the browser has none for us (a page that is not of this host, without
 * TLS).
 */
export function Copy({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  if (navigator.clipboard === undefined) return null;
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <button type="button" class="copy" onClick={copy} aria-label={`Copy the ${what}`}>
      {copied ? 'Copied' : 'Copy'}
    </button>
  );
}

/** Names and values, as a description list. */
export function Facts({ facts }: { facts: ReadonlyArray<readonly [name: string, value: ComponentChildren]> }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A small table; the first column names the row, numbers stand right. */
export function NumbersTable({
  caption,
  head,
  rows,
}: {
  caption: string;
  head: readonly string[];
  rows: ReadonlyArray<readonly [ComponentChildren, ...string[]]>;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll-x" tabIndex={0} aria-label={`${caption}: table`}>
      <table class="numbers">
        <caption class="sr-only">{caption}</caption>
        <thead>
          <tr>
            {head.map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, ...cells], index) => (
            <tr key={index}>
              <th scope="row">{name}</th>
              {cells.map((cell, column) => (
                <td key={column}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
