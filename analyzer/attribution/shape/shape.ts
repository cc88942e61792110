// Defines the shape of a statement: what its text says by itself, as members of closed sets.
// Invariant: a shape holds no byte of the text, so it may be stored. Equal shapes are one object (interned), so
// verdicts can be cached
// per shape. Not here: finding the shape of a text (statement-shape.ts), what follows from it (rules/, connection/).

import type { Construct } from '../../../facts/verdict.js';
import type { Clue } from './clues.js';

/**
 * Could this compiler have written the text?
 * no: it never writes so. possible: it could, and so could many. likely: it does, and few others do. own: all of the
 * text is in its
 * form; another library may have that form too. sure: the text holds something that no other library writes.
 */
export type Fit = 'no' | 'possible' | 'likely' | 'own' | 'sure';

/** What a statement does for the session rather than for the application; '' = it is not housekeeping. */
export type Housekeeping =
  | ''
  | 'begin'
  | 'end'
  | 'savepoint'
  | 'setting'
  | 'ping'
  | 'lookup'
  | 'cursor'
  | 'prepared'
  | 'reset'
  | 'empty';

/** What a text is when it is written by hand; '' = any statement. */
export type HandForm = '' | 'select' | 'write' | 'copy' | 'call' | 'cursor';

/**
 * Another framework that wrote a text; `other`: one that no sure sign names; `driver`: one on a driver that is not
 * Python's.
 */
export type Framework = '' | 'peewee' | 'pony' | 'tortoise' | 'piccolo' | 'sqlobject' | 'other' | 'driver';

/** A plain read: rows of tables, no lock and no call that changes something. all: with `*` among its columns. */
export type Reads = '' | 'rows' | 'all';

export interface StatementShape {
  readonly django: Fit;
  readonly djangoConstruct: Construct;
  readonly sqlalchemy: Fit;
  readonly sqlalchemyConstruct: Construct;
  readonly hand: HandForm;
  readonly housekeeping: Housekeeping;
  /** A tool that sends exactly this kind of text: "psql", "pg_dump"; '' = none. */
  readonly tool: string;
  readonly framework: Framework;
  /** A name in double quotes stands in the text, or one of the catalogue: what frameworks send, and people seldom. */
  readonly quoted: boolean;
  /** What the statement proves about its connection. */
  readonly clues: readonly Clue[];
  /** A literal, a parameter or a `$n` stands in the text. */
  readonly hasValues: boolean;
  readonly reads: Reads;
  /**
   * The answer depends on what a key folds (a name, a number, a type): find the shape of each text, do not share it
   * by key.
   */
  readonly readsFolded: boolean;
}

/** The answers of one recogniser. */
export interface Recognition {
  fit: Fit;
  construct: Construct;
  readsFolded: boolean;
}

export const NOTHING: StatementShape = {
  django: 'no',
  djangoConstruct: '',
  sqlalchemy: 'no',
  sqlalchemyConstruct: '',
  hand: '',
  housekeeping: '',
  tool: '',
  framework: '',
  quoted: false,
  clues: [],
  hasValues: false,
  reads: '',
  readsFolded: false,
};

const interned = new Map<string, StatementShape>();

/** The one object for this shape; also the way back from stored JSON. */
export function internShape(shape: StatementShape): StatementShape {
  // Sessions stored by earlier versions do not have these two.
  const { framework = '', quoted = false } = shape;
  const id = [
    ...[shape.django, shape.djangoConstruct, shape.sqlalchemy, shape.sqlalchemyConstruct, shape.hand],
    ...[
      shape.housekeeping,
      shape.tool,
      framework,
      quoted,
      shape.hasValues,
      shape.reads,
      shape.readsFolded,
      ...shape.clues,
    ],
  ].join();
  let known = interned.get(id);
  if (known === undefined) {
    known = Object.freeze({
      django: shape.django,
      djangoConstruct: shape.djangoConstruct,
      sqlalchemy: shape.sqlalchemy,
      sqlalchemyConstruct: shape.sqlalchemyConstruct,
      hand: shape.hand,
      housekeeping: shape.housekeeping,
      tool: shape.tool,
      framework,
      quoted,
      clues: Object.freeze([...shape.clues]),
      hasValues: shape.hasValues,
      reads: shape.reads,
      readsFolded: shape.readsFolded,
    });
    interned.set(id, known);
  }
  return known;
}
