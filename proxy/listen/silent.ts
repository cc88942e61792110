// Keeps the connections whose first packet has not come, in the order in which they give way.
//
// Those that said nothing go first, then those that have sent a part of it; of both the oldest.
// Invariant: a connection goes only after the loop had a turn to read what it sent.
// Not here: when a place is needed (admission.ts), time limits (pre-auth.ts).

/** A connection whose first packet has not come. */
export interface Silent {
  /** '' = it has none, as over a Unix socket. */
  readonly address: string;
  /** Closes it. It is taken out before that returns. */
  evict(): void;
}

/** A connection accepted in one turn of the loop may be read in the next, so it is known to be silent after that. */
const TURNS = 2;

export class SilentConnections {
  /** Each with the turn in which it was accepted. */
  readonly #silent = new Map<Silent, number>();
  readonly #unfinished = new Set<Silent>();
  #turn = 0;
  #turnsToCount = 0;

  add(connection: Silent): void {
    this.#silent.set(connection, this.#turn);
    if (this.#turnsToCount === 0) setImmediate(this.#countTurn);
    this.#turnsToCount = TURNS;
  }

  /** Its first bytes came. */
  spoke(connection: Silent): void {
    if (this.#silent.delete(connection)) this.#unfinished.add(connection);
  }

  /** Its first packet came, or it is closed. */
  remove(connection: Silent): void {
    if (!this.#silent.delete(connection)) this.#unfinished.delete(connection);
  }

  /** Closes the first one that may go, of this address if one is given. Returns false when there is none. */
  evict(address?: string): boolean {
    const candidate = this.#first(address);
    candidate?.evict();
    return candidate !== undefined;
  }

  #first(address: string | undefined): Silent | undefined {
    for (const [connection, turn] of this.#silent) {
      // Later ones are younger still.
      if (this.#turn - turn < TURNS) break;
      if (address === undefined || connection.address === address) return connection;
    }
    for (const connection of this.#unfinished) {
      if (address === undefined || connection.address === address) return connection;
    }
    return undefined;
  }

  /** Turns are counted only while somebody was accepted lately, so that an idle loop may sleep. */
  readonly #countTurn = (): void => {
    this.#turn++;
    if (--this.#turnsToCount > 0) setImmediate(this.#countTurn);
  };
}
