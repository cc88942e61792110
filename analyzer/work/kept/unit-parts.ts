// The parts of one unit of work: what its statements of one source and pool add up to.
// Invariant: `counted` fields say what the rows hold already. Parts serve again with their unit.
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

export class UnitParts {
  /** Those from #length on are of an earlier unit. Most units have one part. */
  readonly #parts: PartOfUnit[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  at(place: number): PartOfUnit {
    return this.#parts[place];
  }

  /** Hot path. */
  addOne(source: string, pool: string, serviceNs: number): void {
    const part = this.#in(source, pool);
    part.statements++;
    part.serviceNs += serviceNs;
  }

  absorb(other: UnitParts): void {
    for (let place = 0; place < other.#length; place++) {
      const { source, pool, statements, serviceNs } = other.#parts[place];
      const part = this.#in(source, pool);
      part.statements += statements;
      part.serviceNs += serviceNs;
    }
  }

  clear(): void {
    this.#length = 0;
  }

  #in(source: string, pool: string): PartOfUnit {
    const parts = this.#parts;
    const length = this.#length;
    for (let place = 0; place < length; place++) {
      const part = parts[place];
      if (part.source === source && part.pool === pool) return part;
    }
    if (length === PARTS_MAX) return parts[length - 1];
    this.#length++;
    if (length === parts.length)
      parts.push({ source, pool, statements: 0, serviceNs: 0, countedStatements: 0, countedNs: 0 });
    const part = parts[length];
    part.source = source;
    part.pool = pool;
    part.statements = part.serviceNs = part.countedStatements = part.countedNs = 0;
    return part;
  }
}
