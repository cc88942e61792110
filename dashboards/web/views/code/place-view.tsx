// One place of the code: what it sends, what ran of it, and what replaces it.
// Invariant: what joined the two is said, with its confidence. Not here: the list (audit-view.tsx).

import type { AuditedPlaceJson } from '../../../../audit/answer-json.js';
import { shortSql } from '../../../../facts/words/short-sql.js';
import type { BriefStatementsJson } from '../../../../reports/forms/statement-json.js';
import { linkTo, writeAddress } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { count, duration, moment } from '../../data/format.js';
import { EVERYTHING, queryOf, type ViewProps } from '../../data/window.js';
import { Sql } from '../../parts/highlight.js';
import { Copy, Facts, Figure, Problem, Reading } from '../../parts/parts.js';
import { type AuditReport, auditPath, NoCode } from './audit-view.js';
import { groupOf, placeName, whatOf } from './places.js';

const JOINS = {
  caller: 'a tag of the traffic names its line',
  text: 'a statement of its text ran',
  shape: 'one statement alone has its verb and its tables',
} as const;

export function PlaceView({ address, live, version }: ViewProps) {
  const { data, problem } = useReport<AuditReport>(auditPath(address), { live, version, everyMs: 60_000 });
  const place = data?.audit?.places.find(({ id }) => id === address.id);
  return (
    <article class="one">
      <p>
        <a href={writeAddress({ ...address, id: '' })}>← Audit</a>
      </p>
      {data === undefined && <h1>Place of the code</h1>}
      <Problem problem={problem} />
      {data === undefined && !problem && <Reading />}
      {data?.audit === null && <NoCode />}
      {data?.audit && place === undefined && (
        <div class="nothing">
          <h1>Not in the code</h1>
          <p>
            No place of the code has the id <code>{address.id}</code>: it was moved or removed since.
          </p>
        </div>
      )}
      {place && <Told address={address} place={place} />}
    </article>
  );
}

function Told({ address, place }: { address: ViewProps['address']; place: AuditedPlaceJson }) {
  const { kind, join, confidence, state, replaced_by: way, risk, risk_reasons: reasons } = place;
  return (
    <>
      <h1>
        <code class="place">{placeName(place)}</code> <Copy text={placeName(place)} what="place" />
      </h1>
      <p class="identity">
        {place.function} · {groupOf(place)}
        {state !== null && ` · ${state}`}
      </p>
      <Seen address={address} place={place} />
      {place.unresolved !== null && <p class="explanation">What it sends is not known: {place.unresolved}.</p>}
      <Facts
        facts={[
          ['What', whatOf(place)],
          ['Joined with what ran', join === null ? 'by nothing' : `${JOINS[join]} (${confidence})`],
          ...(kind === 'orm' ? [] : [['Risk', reasons.length === 0 ? risk : reasons.join(', ')] as const]),
        ]}
      />
      {way !== null && <Way text={way} />}
      {place.statements.map(({ sql, holes }, at) =>
        sql === null ? null : (
          <section key={at} aria-label="What the code says">
            <h2>What the code says</h2>
            <Sql text={sql.trim()} label="Text in the code" />
            {holes && <p class="note">What stands in braces is put in when it runs.</p>}
          </section>
        ),
      )}
      <Links address={address} place={place} />
    </>
  );
}

function Seen({ address, place: { seen } }: { address: ViewProps['address']; place: AuditedPlaceJson }) {
  if (seen === null) {
    return (
      <p class="explanation">
        It was not seen in this time. Before the coverage is high that is no verdict: a job may run once a month.{' '}
        {address.filters.since !== EVERYTHING && (
          <a href={writeAddress({ ...address, filters: { since: EVERYTHING } })}>Look at everything stored</a>
        )}
      </p>
    );
  }
  return (
    <div class="cards">
      <Figure title="Executions" value={count(seen.calls_per_day)} note={`a day; ${count(seen.calls)} in this time`} />
      <Figure
        title="p95"
        value={duration(seen.p95_ms)}
        note={`95 of 100 took at most this; ${duration(seen.total_ms)} in all`}
      />
      <Figure title="Failed" value={count(seen.errors)} note="executions" />
      <Figure title="Last seen" value={moment(seen.last_seen)} note="" />
    </div>
  );
}

/** "words (https://…); words (https://…)": each with its link. */
function Way({ text }: { text: string }) {
  const ways = text.split('; ').map((one) => /^(.*) \((https:\/\/[^)]*)\)$/.exec(one) ?? [one, one, '']);
  return (
    <section aria-labelledby="way">
      <h2 id="way">What replaces it</h2>
      <ul class="lines">
        {ways.map(([whole, words, link]) => (
          <li key={whole}>
            {words}{' '}
            {link !== '' && (
              <a href={link} rel="noreferrer">
                Django's documentation
              </a>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Links({ address, place: { fingerprints, seen } }: { address: ViewProps['address']; place: AuditedPlaceJson }) {
  const texts = useTexts(address);
  const lists = [
    ['Routes', (seen?.routes ?? []).map((id) => [id, linkTo(address, { view: 'routes', id: `route:${id}` })])],
    ['Findings', (seen?.findings ?? []).map((id) => [id, linkTo(address, { view: 'findings', id })])],
  ] as const;
  return (
    <div class="columns">
      {fingerprints.length > 0 && (
        <section aria-label="Statements" class="whole">
          <h2>Statements</h2>
          <ul>
            {fingerprints.map((fingerprint) => (
              <li key={fingerprint}>
                <a href={linkTo(address, { view: 'statements', id: fingerprint })}>
                  <code>{texts.get(fingerprint) ?? fingerprint}</code>
                </a>
              </li>
            ))}
          </ul>
        </section>
      )}
      {lists
        .filter(([, items]) => items.length > 0)
        .map(([title, items]) => (
          <section key={title} aria-label={title}>
            <h2>{title}</h2>
            <ul>
              {items.map(([name, href]) => (
                <li key={name}>
                  <a href={href}>{name}</a>
                </li>
              ))}
            </ul>
          </section>
        ))}
    </div>
  );
}

/** Of the statements that take most time; another stands by its fingerprint. */
const TEXTS_MAX = '1000';

/** Texts in short, by fingerprint. */
function useTexts(address: ViewProps['address']): ReadonlyMap<string, string> {
  const asked = queryOf(address, { form: 'brief', sort: 'total', limit: TEXTS_MAX });
  const { data } = useReport<BriefStatementsJson>(`/api/v1/statements?${asked}`, { live: false });
  return new Map(data?.statements.map(({ fingerprint, query }) => [fingerprint, shortSql(query)]));
}
