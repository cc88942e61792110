// Joins the places of the code with the statements that ran.
// By the caller's line where tags name it, else its function; by fingerprint where a text is constant, by verb and
// tables where it has holes.
// Invariant: a join says by what it was made and how sure it is; a place that nothing proves is not seen.
// Not here: reading either side (catalogue.ts, reports/), how hard a place is to move (difficulty.ts).

import type { StatementFacts } from '../facts/answers.js';
import { type Caller, callerOf, isSameFile, isSameFunction } from './callers.js';
import type { CodePlace } from './catalogue.js';
import { frameworkReader, type OfFramework } from './framework.js';
import { couldHaveSent, joinInFunction } from './function-join.js';
import { type Inferred, inferredFrom } from './inferred.js';
import { sentText } from './sent-text.js';

export type JoinedBy = 'caller' | 'text' | 'shape';

export interface Joined {
  readonly place: CodePlace;
  readonly by: JoinedBy | null;
  readonly confidence: 'certain' | 'strong' | 'weak' | 'none';
  /** The statements that the place sent. */
  readonly statements: readonly StatementFacts[];
  /** Callers that sent nothing but these statements: file:line. Empty unless joined by caller. */
  readonly callers: readonly string[];
  /** Fingerprints of the place's constant texts. */
  readonly fingerprints: readonly string[];
}

export interface JoinInput {
  readonly places: readonly CodePlace[];
  /** SQLAlchemy's models: what their relationships load is of no place. */
  readonly models?: readonly CodePlace[];
  /** What migrations send is of no place that is to move. */
  readonly migrations?: readonly CodePlace[];
  readonly statements: readonly StatementFacts[];
  /** Fingerprints of the statements in one text. */
  readonly fingerprintsOf: (sql: string) => readonly string[];
}

export interface JoinResult {
  readonly joined: readonly Joined[];
  /** Statements that no place sends itself, and where they come from. */
  readonly inferred: readonly Inferred[];
  /** Statements of Django itself, and of migrations. */
  readonly framework: readonly OfFramework[];
  /** Statements of raw SQL, SQLAlchemy or the ORM that no place explains. */
  readonly unexplained: readonly StatementFacts[];
}

/** Sources whose statements the code's places should explain. */
const OF_THE_CODE: ReadonlySet<string> = new Set(['django-orm', 'raw', 'sqlalchemy']);
/** Sources that a place of this kind may send as. */
const SOURCES: Readonly<Record<CodePlace['kind'], readonly string[]>> = {
  orm: ['django-orm'],
  raw: ['raw', 'django-orm', 'unknown'],
  sqlalchemy: ['sqlalchemy', 'unknown'],
};

export function joinPlaces(input: JoinInput): JoinResult {
  const { places, statements, fingerprintsOf } = input;
  const byFingerprint = grouped(statements, ({ fingerprint }) => [fingerprint]);
  const byCaller = grouped(statements, ({ tags }) => [...(tags.get('caller') ?? [])]);
  const callers = [...byCaller.keys()].map(callerOf).filter((caller) => caller !== undefined);
  const texts = new Map(places.map((place) => [place.id, fingerprintsOfPlace(place, fingerprintsOf)]));
  const shared = grouped(places, ({ id }) => texts.get(id) ?? []);
  const isTaken = (caller: Caller): boolean => places.some((place) => isOf(place, caller));
  const joined = places.map((place): Joined => {
    const fingerprints = texts.get(place.id) ?? [];
    const base = { place, fingerprints, callers: [] as string[] };
    const own = callers.filter((caller) => isOf(place, caller));
    if (own.length > 0) {
      const names = own.map(({ name }) => name);
      const ran = unique(names.flatMap((name) => byCaller.get(name) ?? []));
      // A helper's line is not its caller's: the caller's own text says which of its statements is meant.
      return { ...base, by: 'caller', confidence: 'certain', statements: ran, callers: names };
    }
    const sources = SOURCES[place.kind];
    const later =
      joinInFunction(place, { callers, byCaller, sources, isTaken }) ??
      movedAway(place, { places, callers, byCaller, isTaken, texts });
    if (later !== undefined) {
      const { isAlone, callers: names, statements: ran } = later;
      return { ...base, by: 'caller', confidence: isAlone ? 'strong' : 'weak', statements: ran, callers: names };
    }
    const ran = unique(fingerprints.flatMap((fingerprint) => byFingerprint.get(fingerprint) ?? [])).filter((facts) =>
      sources.includes(facts.source),
    );
    if (ran.length > 0) {
      const isShared = fingerprints.some((fingerprint) => (shared.get(fingerprint)?.length ?? 0) > 1);
      return { ...base, by: 'text', confidence: isShared ? 'weak' : 'strong', statements: ran };
    }
    const alike = hasHoles(place) ? statements.filter((facts) => looksLike(place, facts)) : [];
    if (alike.length === 1) return { ...base, by: 'shape', confidence: 'weak', statements: alike };
    return { ...base, by: null, confidence: 'none', statements: [] };
  });
  return { joined, ...withoutPlace(joined, input) };
}

/** What no place sends itself. */
function withoutPlace(joined: readonly Joined[], input: JoinInput): Omit<JoinResult, 'joined'> {
  const { models = [], migrations = [], statements, fingerprintsOf } = input;
  const explained = new Set(joined.flatMap((one) => one.statements));
  const ofFramework = frameworkReader({
    migrations,
    fingerprintsOf: (place) => fingerprintsOfPlace(place, fingerprintsOf),
  });
  const inferred: Inferred[] = [];
  const framework: OfFramework[] = [];
  const unexplained: StatementFacts[] = [];
  for (const facts of statements) {
    if (!OF_THE_CODE.has(facts.source) || explained.has(facts)) continue;
    const found = inferredFrom(facts, { joined, models });
    const own = found === undefined ? ofFramework(facts) : undefined;
    if (found !== undefined) inferred.push(found);
    else if (own !== undefined) framework.push(own);
    else unexplained.push(facts);
  }
  return { inferred, framework, unexplained };
}

/** Its line, in its function: where code moved since, another one's line may stand there. */
function isOf(place: CodePlace, { file, line, function: told }: Caller): boolean {
  if (line < place.line || line > place.end_line || !isSameFile(place.file, file)) return false;
  return told === '' || isSameFunction(place.function, told);
}

interface Moved {
  readonly places: readonly CodePlace[];
  readonly callers: readonly Caller[];
  readonly byCaller: ReadonlyMap<string, readonly StatementFacts[]>;
  readonly isTaken: (caller: Caller) => boolean;
  readonly texts: ReadonlyMap<string, readonly string[]>;
}

/**
 * The lines of a function moved since it sent this: the caller names the function, on a line that is no place's. Sure
 * where one place of the function alone could have sent it.
 */
function movedAway(place: CodePlace, { places, callers, byCaller, isTaken, texts }: Moved) {
  const inFunction = ({ file, function: told }: Caller, { file: of, function: name }: CodePlace): boolean =>
    told !== '' && isSameFunction(name, told) && isSameFile(of, file);
  const fits = (one: CodePlace, facts: StatementFacts): boolean =>
    (texts.get(one.id) ?? []).includes(facts.fingerprint)
      ? SOURCES[one.kind].includes(facts.source)
      : couldHaveSent(one, facts, SOURCES[one.kind]);
  const statements = new Set<StatementFacts>();
  const names: string[] = [];
  let isAlone = true;
  for (const caller of callers) {
    if (!inFunction(caller, place) || isTaken(caller)) continue;
    const sent = byCaller.get(caller.name) ?? [];
    const own = sent.filter((facts) => fits(place, facts));
    if (own.length === 0) continue;
    const others = places.filter((one) => one !== place && inFunction(caller, one));
    if (others.some((one) => own.some((facts) => fits(one, facts)))) isAlone = false;
    for (const facts of own) statements.add(facts);
    if (own.length === sent.length) names.push(caller.name);
  }
  return statements.size === 0 ? undefined : { isAlone, callers: isAlone ? names : [], statements: [...statements] };
}

function fingerprintsOfPlace(place: CodePlace, fingerprintsOf: JoinInput['fingerprintsOf']): string[] {
  const found = new Set<string>();
  for (const { sql, holes, form } of place.statements) {
    if (sql === null || holes || form === 'fragment') continue;
    for (const fingerprint of fingerprintsOf(sentText(sql, place))) found.add(fingerprint);
  }
  return [...found];
}

function hasHoles(place: CodePlace): boolean {
  return place.tables.length > 0 && place.statements.some(({ sql, holes }) => sql !== null && holes);
}

/** Verb and tables agree, as far as the text names them. */
function looksLike(place: CodePlace, { source, summary }: StatementFacts): boolean {
  if (!SOURCES[place.kind].includes(source)) return false;
  const [verb, ...tables] = summary.toLowerCase().split(' ');
  const verbs = place.statements.map(({ sql }) =>
    /^\s*(?:with\b.*?\)\s*)?([a-z]+)/is.exec(sql ?? '')?.[1].toLowerCase(),
  );
  return verbs.includes(verb) && place.tables.every((table) => tables.includes(table.toLowerCase()));
}

function grouped<Item>(items: readonly Item[], keysOf: (item: Item) => readonly string[]): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    for (const key of keysOf(item)) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [item]);
      else group.push(item);
    }
  }
  return groups;
}

function unique<Item>(items: readonly Item[]): Item[] {
  return [...new Set(items)];
}
