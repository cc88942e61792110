// Declares the error that a server answered with.
// Not here: failures of the connection itself (config/values/errors.ts).

/** The error that the server answered with. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  readonly sqlstate: string;

  constructor(sqlstate: string, message: string) {
    super(message);
    this.sqlstate = sqlstate;
  }
}
