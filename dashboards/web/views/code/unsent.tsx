// Statements that no place of the code sends: inferred ones, Django's own, unexplained ones.
// Invariant: what is inferred says by what, from where, and how sure that is. Not here: the places (audit-view.tsx).

import type { AuditJson } from '../../../../audit/answer-json.js';
import { frameworkText } from '../../../../facts/words/framework.js';
import { inferredText } from '../../../../facts/words/inferred.js';
import { shortSql } from '../../../../facts/words/short-sql.js';
import { type Address, linkTo } from '../../data/address.js';
import { count } from '../../data/format.js';
import { Table } from '../../parts/tables.js';

const SHOWN = 20;

interface UnsentProps {
  readonly address: Address;
  readonly audit: AuditJson;
}

/** What attributes load, and cursors give. */
export function Inferred({ address, audit: { inferred, places: known } }: UnsentProps) {
  if (inferred.length === 0) return null;
  return (
    <details class="below">
      <summary>Statements that no place sends itself: {count(inferred.length)}</summary>
      <Table
        caption="Statements that no place sends itself"
        rows={inferred}
        columns={[
          { title: 'Statement', cell: (row) => <Statement address={address} row={row} /> },
          { title: 'Executions', cell: ({ calls, errors }) => count(calls + errors) },
          {
            title: 'From',
            words: true,
            cell: ({ by, places: [id], at }) => (
              <>
                {inferredText(by)}{' '}
                {known.some((place) => place.id === id) ? (
                  <a href={linkTo(address, { view: 'audit', id })}>
                    <code>{at[0]}</code>
                  </a>
                ) : (
                  <code>{at[0]}</code>
                )}
                {at.length > 1 && ` and ${count(at.length - 1)} more`}
              </>
            ),
          },
          { title: 'Confidence', words: true, cell: ({ confidence }) => confidence },
        ]}
      />
    </details>
  );
}

function Statement({ address, row }: { address: Address; row: { fingerprint: string; query: string } }) {
  return (
    <a class="one-line" href={linkTo(address, { view: 'statements', id: row.fingerprint })}>
      <code>{shortSql(row.query)}</code>
    </a>
  );
}

/** What Django and migrations send: folded, for none of it is to move. */
export function OfFramework({ address, audit: { framework } }: UnsentProps) {
  if (framework.length === 0) return null;
  const most = [...framework].sort((a, b) => b.calls + b.errors - a.calls - a.errors).slice(0, SHOWN);
  return (
    <details class="below">
      <summary>{frameworkText(framework, count)}</summary>
      <Table
        caption="Statements of Django itself and of migrations"
        rows={most}
        columns={[
          { title: 'Statement', cell: (row) => <Statement address={address} row={row} /> },
          { title: 'Executions', cell: ({ calls, errors }) => count(calls + errors) },
          { title: 'Known by', cell: ({ by }) => by, words: true, from: 'wide' },
        ]}
      />
      {most.length < framework.length && <p class="below">and {count(framework.length - most.length)} more</p>}
    </details>
  );
}

export function Unexplained({ address, audit: { unexplained } }: UnsentProps) {
  if (unexplained.length === 0) return null;
  const most = [...unexplained].sort((a, b) => b.calls + b.errors - a.calls - a.errors).slice(0, SHOWN);
  return (
    <details class="below">
      <summary>Statements that no place explains: {count(unexplained.length)}</summary>
      <Table
        caption="Statements that no place explains"
        rows={most}
        columns={[
          {
            title: 'Statement',
            cell: (row) => <Statement address={address} row={row} />,
          },
          { title: 'Executions', cell: ({ calls, errors }) => count(calls + errors) },
          { title: 'Source', cell: ({ source }) => source, words: true },
          { title: 'From', cell: ({ callers }) => <code>{callers[0] ?? ''}</code>, words: true },
        ]}
      />
      {most.length < unexplained.length && <p class="below">and {count(unexplained.length - most.length)} more</p>}
    </details>
  );
}
