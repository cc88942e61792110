// Decides who sent a statement: asks the rules in order and keeps each verdict for its like.
// Invariant: equal subjects get the same verdict object; the common path looks up three maps and allocates nothing.
// Order: housekeeping, tools, comment tags, other frameworks, the form of the text on this connection, then the
// default.
// Not here: the user's rules, which go first (analyzer/judge.ts); when a verdict is final (is-settled.ts).

import { CONSTRUCTS, type Verdict } from '../../facts/verdict.js';
import { type CommentTags, NO_TAGS } from './comments/sql-comment.js';
import type { ConnectionProfile } from './connection/connection-profile.js';
import type { Standing } from './connection/standing.js';
import type { Rule, Subject } from './rules/rule.js';
import { ruleCommentTag } from './rules/rule-comment-tag.js';
import { ruleDjangoShape } from './rules/rule-django-shape.js';
import { ruleFramework } from './rules/rule-framework.js';
import { ruleHandWritten } from './rules/rule-hand-written.js';
import { ruleHousekeeping } from './rules/rule-housekeeping.js';
import { ruleSqlalchemyShape } from './rules/rule-sqlalchemy-shape.js';
import { ruleTool } from './rules/rule-tool.js';
import type { StatementShape } from './shape/shape.js';

const RULES: readonly Rule[] = [
  ruleHousekeeping,
  ruleTool,
  ruleCommentTag,
  ruleFramework,
  ruleDjangoShape,
  ruleSqlalchemyShape,
  ruleHandWritten,
];

/** The relay no longer had the text. */
export const TEXT_UNKNOWN: Verdict = Object.freeze({
  source: 'unknown',
  construct: '',
  confidence: 'none',
  evidence: Object.freeze([]) as Verdict['evidence'],
});

/** Verdicts by standing, shape, and the bits of the tags. Standings and shapes are interned and few. */
const verdicts = new WeakMap<Standing, Map<StatementShape, Map<number, Verdict>>>();

/**
 * The verdict on one statement.
 * @param profile of its connection, which has observed the statement already. Asked again at settling it may answer
 *   otherwise.
 * @param tags of its comments; tags.pairs do not matter here, only what they prove.
 */
export function attribute(
  shape: StatementShape,
  { profile, tags = NO_TAGS }: { profile: ConnectionProfile; tags?: CommentTags },
): Verdict {
  const { standing } = profile;
  let byShape = verdicts.get(standing);
  if (byShape === undefined) {
    byShape = new Map();
    verdicts.set(standing, byShape);
  }
  let byBits = byShape.get(shape);
  if (byBits === undefined) {
    byBits = new Map();
    byShape.set(shape, byBits);
  }
  const bits = subjectBits(tags);
  let verdict = byBits.get(bits);
  if (verdict === undefined) {
    verdict = Object.freeze(decide({ shape, tags, standing }));
    byBits.set(bits, verdict);
  }
  return verdict;
}

function decide(subject: Subject): Verdict {
  for (const rule of RULES) {
    const verdict = rule(subject);
    if (verdict !== undefined) return verdict;
  }
  return TEXT_UNKNOWN;
}

const SOURCE_BITS = { '': 0, 'django-orm': 1, raw: 2, sqlalchemy: 3 } as const;

/** Everything of the tags that a rule may look at, in one number. */
function subjectBits(tags: CommentTags): number {
  const said = SOURCE_BITS[tags.source] | (CONSTRUCTS.indexOf(tags.construct) << 2);
  return tags.proof | (said << 8);
}
