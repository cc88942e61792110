// The spelling of `top --group-by`: a question for statements, and what to group them by.
// Invariant: reading what was written asks the same question again. Not here: the rest of the question (grammar.ts).

import { UsageError } from '../../config/values/errors.js';
import { hasKey } from '../../config/values/tag-keys.js';
import { readStatementsQuery, type StatementsQuery, writeStatementsQuery } from './grammar.js';
import type { ParameterContext } from './reading.js';

export interface GroupsQuery extends StatementsQuery {
  /** `pool`, `table`, `source`, `construct`, who observed (`service` …), or the key of a tag, also as `tag:KEY`. */
  readonly groupBy: string;
}

/** For `top --group-by`. Throws UsageError naming the parameter. */
export function readGroupsQuery(parameters: URLSearchParams, context: ParameterContext): GroupsQuery {
  const place = context.place ?? ((name: string) => `parameter "${name}"`);
  const by = parameters.getAll('group-by');
  if (by.length !== 1 || !hasKey(by[0])) {
    throw new UsageError(by.length === 0 ? 'nothing to group by' : `"${by.join('", "')}" is nothing to group by`, {
      where: place('group-by'),
      hint: 'give one of route, caller, job, pool, table, source, construct, service, environment, instance, or the key of another tag (tag:service for a tag of such a name)',
    });
  }
  const rest = new URLSearchParams(parameters);
  rest.delete('group-by');
  if (rest.has('offset'))
    throw new UsageError('groups have no parts', { where: place('offset'), hint: 'leave it out, or give a limit' });
  return { ...readStatementsQuery(rest, context), groupBy: by[0] };
}

export function writeGroupsQuery(query: GroupsQuery): URLSearchParams {
  const parameters = writeStatementsQuery(query);
  parameters.set('group-by', query.groupBy);
  return parameters;
}
