// Defines a rule: it gives one statement in its context a verdict, or leaves it to the next rule.
// Invariant: rules are pure and look at nothing but the subject, so a verdict can be kept for equal subjects.
// Not here: the rules (rule-*.ts) and their order (attribute.ts).

import type { Confidence, Construct, Evidence, Source, Verdict } from '../../../facts/verdict.js';
import type { CommentTags } from '../comments/sql-comment.js';
import type { Standing } from '../connection/standing.js';
import type { StatementShape } from '../shape/shape.js';

export interface Subject {
  readonly shape: StatementShape;
  readonly tags: CommentTags;
  readonly standing: Standing;
}

export type Rule = (subject: Subject) => Verdict | undefined;

export function verdictOf(
  answer: { source: Source; construct?: Construct; confidence: Confidence },
  evidence: readonly Evidence[],
): Verdict {
  return { source: answer.source, construct: answer.construct ?? '', confidence: answer.confidence, evidence };
}
