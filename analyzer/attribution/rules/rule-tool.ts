// Rule: statements of psql, pg_dump and other tools, told by application_name or by their text.

import { type Rule, verdictOf } from './rule.js';

export const ruleTool: Rule = ({ shape, standing }) => {
  if (standing.isTool) return verdictOf({ source: 'tool', confidence: 'strong' }, standing.evidence);
  if (shape.tool === '') return undefined;
  return verdictOf({ source: 'tool', confidence: 'strong' }, [
    { rule: 'tool', saw: `a catalogue look-up as ${shape.tool} writes it` },
  ]);
};
