// Small components that several views share.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Address } from '../data/address.js';
import { linkTo } from '../data/address.js';
import type { ApiProblem } from '../data/api.js';
import { count, share, span } from '../data/format.js';
import { colourOf } from '../data/sources.js';
import { EVERYTHING } from '../data/window.js';

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
      {span(window)} · <b>{count(observed.executions)}</b> executions observed ·{' '}
      <span class={observed.not_observed > 0 ? 'lost' : ''}>{count(observed.not_observed)} not observed</span> ·{' '}
      <span class="together">{share(observed.unknown, observed.executions)} of unknown source</span>
      {observed.exact ? '' : ' · not exact: of some of the time nobody can say how much ran'}
    </p>
  );
}

/** An error, for a person. While a token is asked for, it is silent: the frame has the form. */
export function Problem({ problem }: { problem: ApiProblem | undefined }) {
  if (problem === undefined || problem.status === 401) return null;
  return (
    <p class="problem" role="alert">
      {problem.message}
    </p>
  );
}

/** A report is on its way. */
export function Reading() {
  return <p role="status">Reading…</p>;
}

/** Tells what to do while nothing is observed. */
export function NothingYet({ address }: { address: Address }) {
  const isEverything = address.filters.since === EVERYTHING;
  return (
    <div class="nothing">
      <p>
        {isEverything ? 'Nothing observed yet.' : 'Nothing observed in this time range.'}{' '}
        {!isEverything && (
          <a href={linkTo({ filters: {} }, { view: address.view, filters: { since: EVERYTHING } })}>
            Show everything stored
          </a>
        )}
      </p>
      <p>
        Let the application connect to pgwitness instead of Postgres: set its <code>HOST</code> and <code>PORT</code> to
        the address of <code>--listen</code> (by default 127.0.0.1:6433), and run some queries. They appear here within
        a few seconds.
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

/** A card with a large number. */
export function Figure({ title, value, note }: { title: string; value: string; note: ComponentChildren }) {
  return (
    <div class="card">
      <h2>{title}</h2>
      <p class="big">{value}</p>
      <p class="note">{note}</p>
    </div>
  );
}

/** A bar in the colours of the sources, with its legend as text. `sources`: how much of each. */
export function SourceMix({ sources }: { sources: ReadonlyArray<readonly [name: string, value: number]> }) {
  const entries = sources.filter(([, value]) => value > 0);
  const whole = entries.reduce((sum, [, value]) => sum + value, 0);
  if (whole === 0) return null;
  return (
    <>
      <div class="mix" aria-hidden="true">
        {entries.map(([name, value]) => (
          <span key={name} style={{ flexGrow: value, background: `var(${colourOf(name)})` }} />
        ))}
      </div>
      <ul class="legend">
        {entries.map(([name, value]) => (
          <li key={name}>
            <Source name={name} /> {share(value, whole)}
          </li>
        ))}
      </ul>
    </>
  );
}
