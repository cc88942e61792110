// The parts of one unit of work: what its statements of one source and pool add up to.
// Invariant: `counted` fields say what the rows hold already. The first part serves again with its unit.
// Not here: the rows (../request-counts.ts).

export interface PartOfUnit {
  source: string;
  pool: string;
  statements: number;
  serviceNs: number;
  countedStatements: number;
  countedNs: number;
}

/** Sources and pools of one unit. Further ones are added to the last. */
const PARTS_MAX = 32;
const NONE: readonly PartOfUnit[] = [];

/** It is its own first part: most units have one, and wait for their end in no processor's cache. */
export class UnitParts implements PartOfUnit {
  source = '';
  pool = '';
  statements = 0;
  serviceNs = 0;
  countedStatements = 0;
  countedNs = 0;
  length = 0;
  #others: readonly PartOfUnit[] = NONE;

  at(place: number): PartOfUnit {
    return place === 0 ? this : this.#others[place - 1];
  }

  /** Hot path. */
  addOne(source: string, pool: string, serviceNs: number): void {
    const part = this.#in(source, pool);
    part.statements++;
    part.serviceNs += serviceNs;
  }

  absorb(other: UnitParts): void {
    for (let place = 0; place < other.length; place++) {
      const { source, pool, statements, serviceNs } = other.at(place);
      const part = this.#in(source, pool);
      part.statements += statements;
      part.serviceNs += serviceNs;
    }
  }

  clear(): void {
    this.length = 0;
    this.#others = NONE;
  }

  #in(source: string, pool: string): PartOfUnit {
    if (this.length > 0 && this.source === source && this.pool === pool) return this;
    for (const part of this.#others) if (part.source === source && part.pool === pool) return part;
    if (this.length === PARTS_MAX) return this.#others[PARTS_MAX - 2];
    this.length++;
    if (this.length === 1) {
      this.source = source;
      this.pool = pool;
      this.statements = this.serviceNs = this.countedStatements = this.countedNs = 0;
      return this;
    }
    const part = { source, pool, statements: 0, serviceNs: 0, countedStatements: 0, countedNs: 0 };
    this.#others = [...this.#others, part];
    return part;
  }
}
