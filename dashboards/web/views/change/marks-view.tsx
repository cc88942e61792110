// The marks: moments to compare around, and setting one.
// Invariant: a mark is set with a token alone, and the page says so where there is none. Not here: comparing
// (compare-view.tsx).

import { useState } from 'preact/hooks';
import type { MarksJson } from '../../../../reports/forms/marks-json.js';
import { type Address, linkTo } from '../../data/address.js';
import { ApiProblem, ask, useReport } from '../../data/api.js';
import { second } from '../../data/format.js';
import { EVERYTHING, queryOf, type ViewProps } from '../../data/window.js';
import { Problem, Reading } from '../../parts/parts.js';
import { Table } from '../../parts/tables.js';

const KINDS = { manual: 'set by hand', ddl: 'DDL was seen', 'app-version': 'a new app_version was seen' } as const;

export function MarksView({ address, live, version }: ViewProps) {
  const [set, setSet] = useState(0);
  const { data, problem } = useReport<MarksJson>(`/api/v1/marks?${queryOf(address)}`, {
    live,
    version: version + set,
  });
  const marks = [...(data?.marks ?? [])].reverse();
  return (
    <>
      <h1 class="sr-only">Marks</h1>
      <SetMark onSet={() => setSet((last) => last + 1)} />
      <Problem problem={problem} />
      {data === undefined && !problem && <Reading />}
      {data && marks.length === 0 && <None address={address} />}
      {marks.length > 0 && (
        <Table
          caption="Marks"
          rows={marks}
          columns={[
            { title: 'Mark', cell: ({ name }) => <b>{name}</b> },
            { title: 'At', cell: ({ at }) => second(at), words: true },
            { title: 'Kind', cell: ({ kind }) => KINDS[kind], words: true },
            {
              title: 'What it changed',
              words: true,
              cell: ({ at }) => (
                <>
                  <a href={linkTo(address, { view: 'compare', filters: { around: at, 'group-by': 'route' } })}>
                    by route
                  </a>{' '}
                  · <a href={linkTo(address, { view: 'compare', filters: { around: at } })}>by statement</a>
                </>
              ),
            },
          ]}
        />
      )}
    </>
  );
}

function None({ address }: { address: Address }) {
  return (
    <p class="nothing">
      No mark lies in this time. Set one when you deploy; DDL and a new <code>app_version</code> set marks by
      themselves.{' '}
      {address.filters.since !== EVERYTHING && (
        <a href={linkTo({ filters: {} }, { view: 'marks', filters: { since: EVERYTHING } })}>Look at all marks</a>
      )}
    </p>
  );
}

function SetMark({ onSet }: { onSet: () => void }) {
  const [name, setName] = useState('');
  const [said, setSaid] = useState<{ problem?: ApiProblem; done?: string }>({});
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await ask(`/api/v1/marks?${new URLSearchParams({ name: name.trim() })}`, { method: 'POST' });
      setSaid({ done: `${name.trim()} is set.` });
      setName('');
      onSet();
    } catch (error) {
      setSaid({ problem: error instanceof ApiProblem ? error : new ApiProblem(String(error), 0) });
    }
  };
  return (
    <form class="filters" onSubmit={submit}>
      <label>
        Set a mark now
        <input
          required
          maxLength={100}
          placeholder="deploy 42"
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <button type="submit">Set</button>
      {said.done && (
        <span class="note" role="status">
          {said.done}
        </span>
      )}
      {said.problem && (
        <p class="problem" role="alert">
          {said.problem.message}
        </p>
      )}
    </form>
  );
}
