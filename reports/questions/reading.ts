// Reads single parameters of a question, by name.
// Invariant: an unknown, doubled or unreadable parameter is refused by name, with a hint.
// Not here: which parameters a question has (grammar.ts).

import { UsageError } from '../../config/values/errors.js';
import { nearestName } from '../../config/values/nearest.js';
import { parseWhole } from '../../config/values/units.js';

export interface ParameterContext {
  readonly nowMs: number;
  /** When the last mark of this name was set, in Unix ms. Left out where names of marks are no moments. */
  readonly markAt?: (name: string) => number | undefined;
  /** How errors name a parameter. */
  readonly place?: (name: string) => string;
}

/** The parameters of one question. All methods throw UsageError naming the parameter. */
export class Reading {
  readonly place: (name: string) => string;
  readonly #parameters: URLSearchParams;

  constructor(parameters: URLSearchParams, names: readonly string[], context: ParameterContext) {
    this.#parameters = parameters;
    this.place = context.place ?? ((name) => `parameter "${name}"`);
    for (const name of new Set(parameters.keys())) {
      if (!names.includes(name)) {
        const near = nearestName(name, names);
        const known = names.length === 0 ? 'this question takes none' : `known: ${names.join(', ')}`;
        const hint = near === undefined ? known : `did you mean ${near}?`;
        throw new UsageError('unknown parameter', { where: this.place(name), hint });
      }
      if (name !== 'tag' && parameters.getAll(name).length > 1) {
        throw new UsageError('given twice', { where: this.place(name), hint: 'give it once' });
      }
    }
  }

  text(name: string): string | undefined {
    const value = this.#parameters.get(name);
    if (value === '')
      throw new UsageError('nothing is given', { where: this.place(name), hint: 'give a value or leave it out' });
    return value ?? undefined;
  }

  whole(name: string, max = 1_000_000): number | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : parseWhole(value, { min: 0, max, where: this.place(name) });
  }

  flag(name: string): boolean | undefined {
    const value = this.#parameters.get(name);
    if (value === null) return undefined;
    if (value === '' || value === 'true' || value === '1') return true;
    if (value === 'false' || value === '0') return undefined;
    throw new UsageError(`"${value}" is neither true nor false`, { where: this.place(name) });
  }

  oneOf<T extends string>(name: string, known: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const found = known.find((candidate) => candidate === value);
    if (found !== undefined) return found;
    throw new UsageError(`"${value}" is not known`, {
      where: this.place(name),
      hint: `use one of ${known.join(', ')}`,
    });
  }

  tags(): ReadonlyArray<readonly [string, string]> | undefined {
    const given = this.#parameters.getAll('tag');
    if (given.length === 0) return undefined;
    return given.map((pair) => {
      const at = pair.indexOf('=');
      if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)] as const;
      throw new UsageError(`"${pair}" is not a tag`, {
        where: this.place('tag'),
        hint: 'write key=value, for instance route=reports/slow-movers or route=reports/*',
      });
    });
  }

  prefix(name: string): string | undefined {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined || /^[xt]?[0-9a-f]{0,16}$/.test(value)) return value;
    throw new UsageError(`"${value}" is not the beginning of a fingerprint`, {
      where: this.place(name),
      hint: 'give up to 16 of its characters',
    });
  }

  milliseconds(name: string): number {
    const value = this.text(name);
    if (value === undefined) return 0;
    if (/^[0-9]{1,9}(?:\.[0-9]{1,6})?$/.test(value)) return Number(value);
    throw new UsageError(`"${value}" is not a number of milliseconds`, {
      where: this.place(name),
      hint: 'for instance 0.5 or 20',
    });
  }
}
