// Rule: SQL that another framework generated is nobody's here: its source is unknown.
// The framework's name is told where its sign is sure. A connection that is surely Django's or SQLAlchemy's has no
// other framework: such a text was written by hand there.

import type { Evidence } from '../../../facts/verdict.js';
import { frameworkSaw } from '../connection/frameworks.js';
import type { Standing } from '../connection/standing.js';
import type { StatementShape } from '../shape/shape.js';
import { type Rule, verdictOf } from './rule.js';

const QUOTED_ON_ASYNCPG: Evidence = {
  rule: 'framework',
  saw: "quoted as Django's compiler does, but on asyncpg, which Django does not use",
};

export const ruleFramework: Rule = ({ shape, standing }) => {
  if (isSurelyOwned(standing)) return undefined;
  if (shape.framework !== '') return unknown([{ rule: 'framework', saw: frameworkSaw(shape.framework) }]);
  if (shape.sqlalchemy === 'sure' || (shape.django === 'sure' && standing.shared)) return undefined;
  if (standing.framework !== '' && standing.owner !== 'django' && isGenerated(shape, standing)) {
    return unknown([{ rule: 'framework', saw: `on this connection: ${frameworkSaw(standing.framework)}` }]);
  }
  return standing.owner === 'asyncpg' && shape.django !== 'no' ? unknown([QUOTED_ON_ASYNCPG]) : undefined;
};

function isSurelyOwned({ owner, strength, shared }: Standing): boolean {
  if (shared || (owner !== 'django' && owner !== 'sqlalchemy')) return false;
  return strength === 'strong' || strength === 'certain';
}

/** What has no quoted name was most likely written by hand; SQLObject alone quotes nothing. */
function isGenerated(shape: StatementShape, standing: Standing): boolean {
  return shape.quoted || standing.framework === 'sqlobject';
}

function unknown(evidence: readonly Evidence[]) {
  return verdictOf({ source: 'unknown', confidence: 'weak' }, evidence);
}
