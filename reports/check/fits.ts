// Says whether a statement of which only source, text and pool are known is of a scope.
// Invariant: where what is known does not tell, the answer is "perhaps". Not here: statements with counts of their own,
// which the store narrows (cli/checking/gather.ts).

import { HANDWRITTEN } from '../../facts/verdict.js';
import type { Scope } from './asked/conditions.js';
import { type Fit, type Told, textFits } from './texts.js';

export interface Sent extends Omit<Told, 'variants'> {
  readonly source: string;
  /** '' = not known. */
  readonly construct: string;
  /** Its names and ids; undefined = not known. */
  readonly pools?: readonly string[];
}

export function fitOf(sent: Sent, scope: Scope): Fit {
  const { source, construct, handwritten, pool, tags } = scope;
  const fits: Fit[] = [
    textFits({ ...sent, variants: [] }, scope),
    source === undefined ? 'yes' : said(sent.source === source),
    construct === undefined ? 'yes' : constructFits(sent, (one) => one === construct),
    handwritten === true ? handFits(sent) : 'yes',
    pool === undefined ? 'yes' : sent.pools === undefined ? 'perhaps' : said(sent.pools.includes(pool)),
  ];
  if (fits.includes('no')) return 'no';
  // Tags are not kept with any of these.
  return fits.includes('perhaps') || tags.length > 0 ? 'perhaps' : 'yes';
}

/** The scope asks who sent a statement, or how it was written. */
export function asksWho({ source, construct, handwritten }: Scope): boolean {
  return source !== undefined || construct !== undefined || handwritten === true;
}

function handFits(sent: Sent): Fit {
  if (HANDWRITTEN.sources.some((source) => source === sent.source)) return 'yes';
  return constructFits(sent, (construct) => HANDWRITTEN.constructs.some((one) => one === construct));
}

function constructFits({ construct }: Sent, isIt: (construct: string) => boolean): Fit {
  return construct === '' ? 'perhaps' : said(isIt(construct));
}

function said(fits: boolean): Fit {
  return fits ? 'yes' : 'no';
}
