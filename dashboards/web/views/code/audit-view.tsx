// The code's queries beside what ran of them, in the order of the work.
// Invariant: "not seen" stands beside how much of the code the traffic touched. Not here: one place (place-view.tsx),
// what no place sends (unsent.tsx), the join (audit/).

import type { AuditedPlaceJson, AuditJson } from '../../../../audit/answer-json.js';
import { linkTo, writeAddress } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { count, duration, span } from '../../data/format.js';
import { queryOf, type ViewProps } from '../../data/window.js';
import { ChoiceField, FindField, filterSetter } from '../../parts/filters.js';
import { Problem, Reading } from '../../parts/parts.js';
import { type VirtualColumn, VirtualTable } from '../../parts/virtual-table.js';
import { fits, GROUPS, groupOf, placeName, whatOf } from './places.js';
import { Inferred, OfFramework, Unexplained } from './unsent.js';

const ASKED_EVERY_MS = 60_000;

export interface AuditReport {
  readonly audit: AuditJson | null;
}

export function auditPath(address: ViewProps['address']): string {
  return `/api/v1/audit?${queryOf(address)}`;
}

export function AuditView({ address, live, version }: ViewProps) {
  const options = { live, version, everyMs: ASKED_EVERY_MS };
  const { data, problem } = useReport<AuditReport>(auditPath(address), options);
  return (
    <>
      {data?.audit !== null && <h1 class="sr-only">Audit</h1>}
      <Problem problem={problem} />
      {data === undefined && !problem && <Reading />}
      {data?.audit === null && <NoCode />}
      {data?.audit && <Audited address={address} audit={data.audit} />}
    </>
  );
}

export function NoCode() {
  return (
    <div class="nothing">
      <h1>The code is not known</h1>
      <p>Every query of the code stands here beside what ran of it, once pgwitness knows the code:</p>
      <ol>
        <li>
          Where the code is, <code>python -m pgwitness.audit PATH</code> makes <code>audit.json</code> (the package is
          in clients/python).
        </li>
        <li>
          <code>pgwitness run --code audit.json</code> reads it at each question, so that a new one takes no restart.
        </li>
      </ol>
    </div>
  );
}

function Audited({ address, audit }: { address: ViewProps['address']; audit: AuditJson }) {
  const { find = '', group = '', seen = '' } = address.filters;
  const set = filterSetter(address);
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = audit.places.filter((place) => fits(place, { words, group, seen }));
  return (
    <>
      <search class="filters">
        <FindField words="file, function, table" value={find} set={set} />
        <ChoiceField name="group" title="Kind" all="all" values={groupsIn(audit)} value={group} set={set} />
        <ChoiceField
          name="seen"
          title="In the traffic"
          all="seen or not"
          values={['seen', 'not seen']}
          value={seen}
          set={set}
        />
      </search>
      <Head audit={audit} />
      {audit.places.length === 0 && <p class="nothing">The code has no place that sends a query.</p>}
      {audit.places.length > 0 && shown.length === 0 && (
        <p class="nothing">
          No place fits. <a href={linkTo(address, { view: 'audit' })}>Clear the filters</a>
        </p>
      )}
      {shown.length > 0 && (
        <VirtualTable
          label="Places of the code"
          rows={shown}
          columns={columnsFor(audit)}
          hrefOf={({ id }) => writeAddress({ ...address, id })}
          linkOf={(place) => <PlaceCell place={place} />}
          linkTitle="Place"
          sort=""
          onSort={() => {}}
        />
      )}
      <Inferred address={address} audit={audit} />
      <OfFramework address={address} audit={audit} />
      <Unexplained address={address} audit={audit} />
    </>
  );
}

function groupsIn({ places }: AuditJson): string[] {
  const known = new Set(places.map(groupOf));
  return GROUPS.filter((name) => known.has(name));
}

function Head({ audit: { places, coverage, window } }: { audit: AuditJson }) {
  const seen = places.filter((place) => place.seen !== null).length;
  const part = ({ seen: some, all }: { seen: number; all: number | null }, what: string): string =>
    all === null ? `an unknown share of the ${what}` : `${count(some)} of ${count(all)} ${what}`;
  return (
    <p class="observed" role="status">
      {window !== null && `${span(window)} · `}
      <b>{count(places.length)}</b> places, {count(seen)} seen · coverage <b>{coverage.grade}</b>: the traffic touched{' '}
      {part(coverage.routes, 'routes')}, {part(coverage.jobs, 'jobs')}
      {coverage.grade !== 'high' && ' · at this coverage "not seen" is no verdict'}
    </p>
  );
}

function PlaceCell({ place }: { place: AuditedPlaceJson }) {
  return (
    <>
      <span class="place-name">
        <bdi dir="ltr">{placeName(place)}</bdi>
      </span>
      <span class="below-line">{place.function}</span>
    </>
  );
}

function columnsFor({ places }: AuditJson): VirtualColumn<AuditedPlaceJson>[] {
  const column = (
    title: string,
    { help, className, cell }: Pick<VirtualColumn<AuditedPlaceJson>, 'help' | 'className' | 'cell'>,
  ): VirtualColumn<AuditedPlaceJson> => ({ key: title, title, help, cell, className, sortable: false });
  const isKept = places.some(({ state }) => state !== null);
  return [
    column('What', { help: 'what it does, and what makes it hard', className: 'what roomy', cell: whatOf }),
    column('Kind', { help: 'whose it is, and how hard it is to move', className: 'kind wide', cell: groupOf }),
    ...(isKept
      ? [
          column('State', {
            help: 'in the ledger of the migration',
            className: 'state roomy',
            cell: ({ state }) => state ?? '',
          }),
        ]
      : []),
    column('A day', {
      help: 'executions',
      className: 'number broad',
      cell: ({ seen }) => (seen === null ? 'not seen' : count(seen.calls_per_day)),
    }),
    column('p95', {
      help: '95 of 100 executions took at most this',
      className: 'number broad',
      cell: ({ seen }) => (seen === null ? '' : duration(seen.p95_ms)),
    }),
    column('Risk', {
      help: 'a hot path, a write',
      className: 'risk wide',
      cell: ({ risk_reasons: reasons }) => reasons.join(', '),
    }),
  ];
}
