// Rule: a statement that serves the session is in nobody's backlog.

import type { Housekeeping } from '../shape/shape.js';
import { type Rule, verdictOf } from './rule.js';

const SAW: Readonly<Record<Exclude<Housekeeping, ''>, string>> = {
  begin: 'begins a transaction',
  end: 'ends a transaction',
  savepoint: 'sets, releases or returns to a savepoint',
  setting: 'sets or shows a setting',
  ping: 'a ping: nothing but SELECT 1 or a semicolon',
  lookup: 'a look-up that drivers and dialects make for themselves',
  cursor: 'closes a cursor',
  prepared: 'drops prepared statements',
  reset: 'resets the session for its next user',
  empty: 'holds no statement',
};

export const ruleHousekeeping: Rule = ({ shape }) => {
  if (shape.housekeeping === '') return undefined;
  return verdictOf({ source: 'housekeeping', confidence: 'strong' }, [
    { rule: 'housekeeping', saw: SAW[shape.housekeeping] },
  ]);
};
