// Declares what is measured of one execution: its values, and their sums in a rollup row.
//
// A new value is a field here and a line in each of the functions. Written by hand, because all of it runs once per
// execution.
// Invariant: a name ends with its unit; the shares of an execution add up to the whole.
// Not here: measuring and sending them (proxy/), how two sums merge and who keeps them (measures.ts), what else a row
// counts (rollup-row.ts).

/** Values of one execution, as the relay sent them. Times are of the relay's monotonic clock. */
export interface ExecutionValues {
  requestBytes: number;
  responseBytes: number;
  /** Of a batched execution: an equal share of the group's time. */
  serviceNs: number;
  waitNs: number;
  /** From the start of the service time; -1 = no row came. */
  firstRowNs: number;
  /** Of the service time: the client did not take its bytes. */
  clientStallNs: number;
}

/** What else is known of an execution that was measured. */
interface Ran {
  /** Wall clock, ms. */
  completedAtMs: number;
  /** '' = a call; else an error, which is not a call. */
  sqlstate: string;
  /** Command tag without its numbers, or the first keyword where it failed. */
  command: string;
  rows: number;
  /** Shared its flush point: serviceNs is an equal share of the group's time, not a duration of its own. */
  batched: boolean;
}

/** What tells the parameters and literals of an execution from others; see proxy/stream/parameters.ts. */
export interface ParametersTold {
  /** 0 = unknown. Never stored. */
  parameterHash: number;
  parameterCount: number;
  /** An equal hash proves nothing. */
  parametersCut: boolean;
}

/** One execution, measured. */
export interface Measured extends ExecutionValues, Ran, ParametersTold {
  /** First execution of this statement in a request that its comment names; see analyzer/work/units.ts. */
  firstOfRequest?: boolean;
}

/** Gives one execution all values. One literal: a spread, or fields set one by one, is slower. */
export function wholeOf(
  values: ExecutionValues,
  ran: Ran & { readonly parameters: Readonly<ParametersTold> },
): Measured {
  return {
    completedAtMs: ran.completedAtMs,
    sqlstate: ran.sqlstate,
    command: ran.command,
    rows: ran.rows,
    requestBytes: values.requestBytes,
    responseBytes: values.responseBytes,
    serviceNs: values.serviceNs,
    waitNs: values.waitNs,
    firstRowNs: values.firstRowNs,
    clientStallNs: values.clientStallNs,
    batched: ran.batched,
    parameterHash: ran.parameters.parameterHash,
    parameterCount: ran.parameters.parameterCount,
    parametersCut: ran.parameters.parametersCut,
    // Filled in later, but there from the start: added later it takes a second object.
    firstOfRequest: false,
  };
}

/** Gives one of several executions its equal share. Only the first of them waited; none has a first row of its own. */
export function partOf(
  values: ExecutionValues,
  ran: Parameters<typeof wholeOf>[1],
  part: { executions: number; index: number },
): Measured {
  const share = 1 / part.executions;
  const measured = wholeOf(values, ran);
  measured.requestBytes = Math.round(values.requestBytes * share);
  measured.responseBytes = Math.round(values.responseBytes * share);
  measured.serviceNs = values.serviceNs * share;
  if (part.index > 0) measured.waitNs = 0;
  measured.firstRowNs = -1;
  measured.clientStallNs = values.clientStallNs * share;
  return measured;
}

/** The sums that every execution adds to, errors and batched ones included. Each is a row of measures.ts. */
export class ValueSums {
  requestBytes = 0;
  responseBytes = 0;
  serviceTotalNs = 0;
  waitTotalNs = 0;
  firstRowCount = 0;
  firstRowTotalNs = 0;
  clientStallTotalNs = 0;

  protected addValues(values: ExecutionValues): void {
    this.requestBytes += values.requestBytes;
    this.responseBytes += values.responseBytes;
    this.serviceTotalNs += values.serviceNs;
    this.waitTotalNs += values.waitNs;
    if (values.firstRowNs >= 0) {
      this.firstRowCount++;
      this.firstRowTotalNs += values.firstRowNs;
    }
    this.clientStallTotalNs += values.clientStallNs;
  }

  protected resetValues(): void {
    this.requestBytes = this.responseBytes = 0;
    this.serviceTotalNs = this.waitTotalNs = 0;
    this.firstRowCount = this.firstRowTotalNs = 0;
    this.clientStallTotalNs = 0;
  }
}
