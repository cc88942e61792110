// Who may still come: how many connections there are before and after their login, in all listeners of the process, and by source.
// Invariant: what arrived leaves once and what began ends once, so that every count is of connections that are there; a refusal is counted
// by its reason. A source is a client's address; a Unix socket has none and knows no limit of its own. Not here: what who is refused is
// told (listener.ts).

export interface AdmissionLimits {
  connectionsMax: number;
  /** 0 = no limit of its own. */
  connectionsPerSourceMax: number;
  connectionsPreAuthMax: number;
  connectionsCancelReserve: number;
}

/** 'reserved': it may cancel and nothing else; 'none': it is closed. */
export type Place = 'free' | 'reserved' | 'none';

export type Refusal = 'max_connections' | 'max_connections_per_source' | 'not_logged_in';

export class Admission {
  /** Connections that have not logged in. */
  #preAuth = 0;
  /** From their StartupMessage to their last octet. */
  #sessions = 0;
  readonly #sessionsBySource = new Map<string, number>();
  readonly refusedTotal: Record<Refusal, number> = {
    max_connections: 0,
    max_connections_per_source: 0,
    not_logged_in: 0,
  };

  arrive({ connectionsPreAuthMax, connectionsCancelReserve }: AdmissionLimits): Place {
    if (this.#preAuth >= connectionsPreAuthMax + connectionsCancelReserve) {
      this.refusedTotal.not_logged_in++;
      return 'none';
    }
    return this.#preAuth++ < connectionsPreAuthMax ? 'free' : 'reserved';
  }

  /** It logged in, or is gone. */
  leave(): void {
    this.#preAuth--;
  }

  /** Why no session may begin; undefined when one has. */
  begin(source: string, { connectionsMax, connectionsPerSourceMax }: AdmissionLimits): Refusal | undefined {
    if (this.#sessions >= connectionsMax) return this.refuse('max_connections');
    const ofSource = this.#sessionsBySource.get(source) ?? 0;
    const isCapped = source !== '' && connectionsPerSourceMax > 0;
    if (isCapped && ofSource >= connectionsPerSourceMax) return this.refuse('max_connections_per_source');
    this.#sessions++;
    this.#sessionsBySource.set(source, ofSource + 1);
    return undefined;
  }

  end(source: string): void {
    this.#sessions--;
    const left = (this.#sessionsBySource.get(source) ?? 0) - 1;
    if (left > 0) this.#sessionsBySource.set(source, left);
    else this.#sessionsBySource.delete(source);
  }

  refuse(reason: Refusal): Refusal {
    this.refusedTotal[reason]++;
    return reason;
  }
}

/** An IPv4 client of a listener for both families has the same address as on one for IPv4 alone. */
export function sourceOf(remoteAddress: string | undefined): string {
  if (remoteAddress === undefined) return '';
  return remoteAddress.startsWith('::ffff:') ? remoteAddress.slice('::ffff:'.length) : remoteAddress;
}
