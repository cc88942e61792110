// One statement by pool, tag, error, construct and text.
// Invariant: values of traffic are text, never markup. Not here: its numbers (statement-view.tsx), callers and routes
// (callers.tsx).

import type { StatementDetailsJson } from '../../../../reports/forms/statement-json.js';
import { type Address, linkTo } from '../../data/address.js';
import { count, share } from '../../data/format.js';
import { Sql } from '../../parts/highlight.js';
import { NumbersTable } from '../../parts/tables.js';

interface RowProps {
  readonly row: StatementDetailsJson;
}

interface LinkedProps extends RowProps {
  readonly address: Address;
}

export function Breakdown({ address, row }: LinkedProps) {
  return (
    <div class="columns">
      <Pools address={address} row={row} />
      <Tags address={address} row={row} />
      <Errors row={row} />
      <Constructs row={row} />
      <Variants row={row} />
    </div>
  );
}

function Pools({ address, row }: LinkedProps) {
  return (
    <section aria-labelledby="pools">
      <h2 id="pools">Pools</h2>
      <ul>
        {row.pools.map((name) => (
          <li key={name}>
            <a href={linkTo(address, { view: 'statements', filters: { pool: name } })}>{name}</a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Tags({ address, row }: LinkedProps) {
  return (
    <section aria-labelledby="tags">
      <h2 id="tags">Tags</h2>
      {Object.keys(row.tags).length === 0 && <p>No comment tags were sent.</p>}
      <ul>
        {Object.entries(row.tags).map(([key, values]) => (
          <li key={key}>
            <b>{key}</b>:{' '}
            {values.map((value) => (
              <a
                key={value}
                class="tag"
                href={linkTo(address, { view: 'statements', filters: { tag: `${key}=${value}` } })}
              >
                {value}
              </a>
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Errors({ row }: RowProps) {
  const errors = counted(row.errors_by_sqlstate, row.calls + row.errors);
  return (
    <section aria-labelledby="errors">
      <h2 id="errors">Errors by SQLSTATE</h2>
      {errors.length === 0 ? (
        <p>None.</p>
      ) : (
        <NumbersTable caption="Errors by SQLSTATE" head={['SQLSTATE', 'Errors', 'Share']} rows={errors} />
      )}
    </section>
  );
}

function Constructs({ row }: RowProps) {
  const constructs = counted(row.by_construct, row.calls + row.errors);
  if (constructs.length <= 1) return null;
  return (
    <section aria-labelledby="constructs">
      <h2 id="constructs">Constructs</h2>
      <NumbersTable caption="Executions by construct" head={['Construct', 'Executions', 'Share']} rows={constructs} />
    </section>
  );
}

function Variants({ row }: RowProps) {
  if (row.variants.length <= 1) return null;
  return (
    <section class="whole" aria-labelledby="variants">
      <h2 id="variants">Texts with the same fingerprint</h2>
      {row.variants.map((text, index) => (
        <Sql key={text} text={text} label={`Variant ${index + 1}`} />
      ))}
    </section>
  );
}

/** Rows of a table, biggest count first, with shares of `executions`. */
function counted(counts: Record<string, number>, executions: number): Array<readonly [string, string, string]> {
  return Object.entries(counts)
    .filter(([, number]) => number > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([name, number]) => [name || '(none)', count(number), share(number, executions)] as const);
}
