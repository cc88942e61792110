// The executions as they end: what `pgwitness tail` prints.
// Invariant: what was missed is said, never skipped in silence; at most ROWS_MAX rows are kept. Not here: keeping
// executions (analyzer/notable/tail.ts).

import { useEffect, useState } from 'preact/hooks';
import { shortSql } from '../../../../facts/words/short-sql.js';
import type { TailExecutionJson, TailJson } from '../../../../reports/forms/tail-json.js';
import { type Address, linkTo } from '../../data/address.js';
import { type ApiProblem, ask, problemOf, useReport } from '../../data/api.js';
import { clock, count, duration } from '../../data/format.js';
import { colourOf, sourceNames } from '../../data/sources.js';
import type { ViewProps } from '../../data/window.js';
import { ChoiceField, FindField, filterSetter } from '../../parts/filters.js';
import { Problem } from '../../parts/parts.js';
import { Activity } from './activity.js';

const ROWS_MAX = 300;
const EVERY_MS = 1_000;

interface Tail {
  readonly rows: readonly TailExecutionJson[];
  readonly missed: number;
  readonly problem: ApiProblem | undefined;
  readonly began: boolean;
}

const EMPTY: Tail = { rows: [], missed: 0, problem: undefined, began: false };

/** Newest first. */
function useTail({ live, version }: Pick<ViewProps, 'live' | 'version'>): Tail {
  const [tail, setTail] = useState(EMPTY);
  useEffect(() => {
    if (!live) return;
    const aborter = new AbortController();
    let after = 0;
    let timer = 0;
    const turn = async (): Promise<void> => {
      try {
        const { sequence, missed, executions } = await ask<TailJson>(`/api/v1/tail?after=${after}`, {
          signal: aborter.signal,
        });
        after = sequence;
        setTail((last) => ({
          rows: [...executions.reverse(), ...last.rows].slice(0, ROWS_MAX),
          missed: last.missed + missed,
          problem: undefined,
          began: true,
        }));
      } catch (error) {
        if (aborter.signal.aborted) return;
        setTail((last) => ({ ...last, problem: problemOf(error, { isShown: last.rows.length > 0, isLive: true }) }));
      }
      timer = window.setTimeout(turn, EVERY_MS);
    };
    turn();
    return () => {
      aborter.abort();
      clearTimeout(timer);
    };
  }, [live, version]);
  return tail;
}

export function LiveView(props: ViewProps) {
  const { live, version } = props;
  const { data, problem } = useReport<{ observes: boolean }>('/api/v1/status?since=15m', { live, version });
  if (data?.observes) return <Observed {...props} />;
  return (
    <>
      <h1 class="sr-only">Live</h1>
      <Problem problem={problem} />
      {data && (
        <p class="nothing">
          A store is served here, without an observer. What goes on now is known to a running sidecar alone: open its
          page, or ask it with <code>pgwitness activity</code> and <code>pgwitness tail</code>. The other views show
          what the sidecars stored.
        </p>
      )}
    </>
  );
}

function Observed({ address, live, version }: ViewProps) {
  const { rows, missed, problem, began } = useTail({ live, version });
  const { find = '', source = '' } = address.filters;
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = rows.filter((row) => {
    const text = [row.query, row.pool, ...Object.values(row.tags), row.sqlstate].join(' ').toLowerCase();
    return (
      (source === '' ? row.source !== 'housekeeping' : row.source === source) &&
      words.every((word) => text.includes(word))
    );
  });
  const set = filterSetter(address);
  return (
    <>
      <h1 class="sr-only">Live</h1>
      <Activity address={address} live={live} version={version} />
      <h2>Statements as they end</h2>
      <search class="filters">
        <FindField words="text, route, place, SQLSTATE" value={find} set={set} />
        <ChoiceField
          name="source"
          title="Source"
          all="all but housekeeping"
          values={sourceNames(rows.map((row) => row.source))}
          value={source}
          set={set}
        />
      </search>
      <Problem problem={problem} />
      <p class="observed">
        {live ? 'The newest first' : 'Paused: switch Live on at the top'}; the last {count(ROWS_MAX)} are kept here.
        {missed > 0 && ` ${count(missed)} passed faster than they could be shown.`}
      </p>
      {began && rows.length === 0 && (
        <p class="nothing">
          Nothing ran since this view was opened. Statements appear here about a second after they end, once their
          session is settled.
        </p>
      )}
      {rows.length > 0 && shown.length === 0 && <p class="nothing">Nothing of the last {count(rows.length)} fits.</p>}
      {shown.length > 0 && <TailTable address={address} rows={shown} />}
    </>
  );
}

function TailTable({ address, rows }: { address: Address; rows: readonly TailExecutionJson[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="tail" tabIndex={0} aria-label="Executions">
      <table class="numbers">
        <caption class="sr-only">Executions, the newest first</caption>
        <thead>
          <tr>
            <th scope="col" class="words">
              At
            </th>
            <th scope="col">Took</th>
            <th scope="col" class="roomy">
              Rows
            </th>
            <th scope="col" class="words">
              Statement
            </th>
            <th scope="col" class="words roomy">
              Route
            </th>
            <th scope="col" class="words wide">
              From
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={`${row.at} ${row.session} ${at}`}>
              <td class="words">{clock(row.at)}</td>
              <td>{duration(row.service_ms)}</td>
              <td class="roomy">{row.sqlstate === '' ? count(row.rows) : <span class="lost">{row.sqlstate}</span>}</td>
              <td class="words">
                <a class="one-line" href={linkTo(address, { view: 'statements', id: row.fingerprint })}>
                  <span class="dot" style={{ background: `var(${colourOf(row.source)})` }} title={row.source} />
                  <code>{row.query === '' ? '(text unknown)' : shortSql(row.query)}</code>
                </a>
              </td>
              <td class="words roomy">{row.tags.route ?? row.tags.job ?? row.tags.command ?? ''}</td>
              <td class="words wide">
                <code>{row.tags.caller ?? ''}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
