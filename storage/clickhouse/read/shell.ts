// Runs a person's SQL on a fleet's store: one statement at a time, read-only.
// Invariant: what is no question is not run, whatever the user may do; an answer is bounded; no error has a password.
// Not here: printing (cli/commands/sql.ts), what reports ask (questions/).

import { StoreError } from '../../store-error.js';
import type { StoreAddress } from '../connection/address.js';
import { FleetClient } from '../connection/client.js';
import { engineCode } from '../connection/failures.js';

export interface FleetAnswer {
  readonly columns: readonly string[];
  readonly rows: ReadonlyArray<readonly FleetCell[]>;
  /** There were more rows than rowsMax. */
  readonly truncated: boolean;
}

/** A map, an array and a tuple are objects. */
export type FleetCell = string | number | bigint | boolean | null | object;

/** A statement that ClickHouse refuses, or that would write; the message is for people. */
export class ShellMistake extends Error {
  override readonly name = 'ShellMistake';
}

/**
 * The first part of a question, as EXPLAIN AST names it. Without this readonly = 2 would let through what changes no
 * table: a file, a backup, rows for another server, KILL QUERY.
 */
const QUESTION = /^(Select|Show|SHOW |Describe|Exists|Explain )/;
/** To explain one opens what it writes to. */
const INSERT = /^ *InsertQuery/;

const READS_ONLY = 'only statements that read are run here: SELECT, WITH, SHOW, DESCRIBE, EXISTS, EXPLAIN';

/** READONLY: the server says so of every statement that is no question. */
const WOULD_WRITE = '164';
/** ACCESS_DENIED and failures of the server are no mistakes in a statement. UNKNOWN_TABLE and UNKNOWN_DATABASE are. */
const MISTAKES: ReadonlySet<string> = new Set(['60', '81']);

export class FleetShell {
  readonly #clients: FleetClient[];
  /** The node that answered last. */
  #node = 0;

  constructor(address: StoreAddress) {
    // How long a statement may take is said with each.
    this.#clients = address.nodes.map((_, node) => new FleetClient(address, { node, timeoutMs: 0 }));
  }

  /**
   * `timeoutMs` 0 = as long as it takes; the server stops soon after it, or when `signal` says so. Throws
   * ShellMistake, StoreError.
   */
  async run(
    sql: string,
    { rowsMax, timeoutMs, signal }: { rowsMax: number; timeoutMs: number; signal: AbortSignal },
  ): Promise<FleetAnswer> {
    const settings = {
      readonly: '2',
      // Rows that came twice count once, whether or not the statement says FINAL.
      final: 1,
      max_execution_time: Math.ceil(timeoutMs / 1_000),
      max_result_rows: String(rowsMax + 1),
      result_overflow_mode: 'break',
      cancel_http_readonly_queries_on_client_close: 1,
      // A failure in the middle is an error, and no half answer.
      wait_end_of_query: 1,
      output_format_json_quote_64bit_integers: 1,
    } as const;
    for (let tried = 1; ; tried++) {
      try {
        const client = this.#clients[this.#node];
        const syntax = await client.syntax(sql, { settings: { readonly: '2' }, signal });
        if (!QUESTION.test(syntax[0]) || syntax.some((part) => INSERT.test(part))) throw new ShellMistake(READS_ONLY);
        const [columns, types, ...rows] = await client.table(sql, { settings, signal });
        return {
          columns: columns as string[],
          rows: rows.slice(0, rowsMax).map((row) => row.map((cell, at) => cellOf(cell, String(types[at])))),
          truncated: rows.length > rowsMax,
        };
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        const isAway = error.code === 'unreachable' && engineCode(error) === undefined && !signal.aborted;
        if (!isAway || tried >= this.#clients.length) throw mistakeOr(error);
        this.#node = (this.#node + 1) % this.#clients.length;
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }
}

function mistakeOr(error: StoreError): Error {
  const code = engineCode(error);
  if (code === WOULD_WRITE) return new ShellMistake(READS_ONLY, { cause: error });
  const isMistake = code !== undefined && (error.code === 'io' || MISTAKES.has(code));
  return isMistake ? new ShellMistake(error.message, { cause: error }) : error;
}

/** Whole numbers of 64 bits and more come as text. */
function cellOf(cell: unknown, type: string): FleetCell {
  return /Int(64|128|256)/.test(type) && !type.includes('String') ? numbersOf(cell) : (cell as FleetCell);
}

function numbersOf(cell: unknown): FleetCell {
  if (typeof cell === 'string' && /^-?\d+$/.test(cell)) {
    const number = Number(cell);
    return Number.isSafeInteger(number) ? number : BigInt(cell);
  }
  if (Array.isArray(cell)) return cell.map(numbersOf);
  if (typeof cell !== 'object' || cell === null) return cell as FleetCell;
  return Object.fromEntries(Object.entries(cell).map(([key, value]) => [key, numbersOf(value)]));
}
