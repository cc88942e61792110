// The verdict on a statement: who sent it, how it was written, how sure that is, and why.
// Invariant: every verdict but `none` names at least one piece of evidence.
// Not here: reaching a verdict (analyzer/attribution/attribute.ts).

/** Built-in sources; a name from the user's own rules may stand in their place. */
export const SOURCES = ['django-orm', 'raw', 'sqlalchemy', 'housekeeping', 'tool', 'unknown'] as const;
export type Source = (typeof SOURCES)[number] | (string & {});

export const CONSTRUCTS = [
  '',
  'queryset',
  'raw-queryset',
  'extra',
  'rawsql',
  'cursor',
  'callproc',
  'copy',
  'server-side-cursor',
  'migration',
  'introspection',
  'internal',
  'core',
  'orm',
  'text',
  'reflection',
] as const;
export type Construct = (typeof CONSTRUCTS)[number];

/** In falling order. */
export const CONFIDENCES = ['certain', 'strong', 'weak', 'none'] as const;
export type Confidence = (typeof CONFIDENCES)[number];

export interface Evidence {
  /** The rule that spoke: its file's name without `rule-`, e.g. "django-shape". */
  rule: string;
  /** Its observation, in plain words, without literals. */
  saw: string;
}

export interface Verdict {
  source: Source;
  construct: Construct;
  confidence: Confidence;
  evidence: readonly Evidence[];
}

/** Handwritten SQL is of one of these sources or constructs: the backlog of a team that moves to the ORM. */
export const HANDWRITTEN = { sources: ['raw'], constructs: ['text', 'extra', 'rawsql'] } as const satisfies {
  sources: readonly Source[];
  constructs: readonly Construct[];
};

/** Sources that lists leave out, unless they are asked for: nobody has to move them. */
export const HIDDEN_SOURCES: readonly Source[] = ['housekeeping', 'tool'];
