// Builds the few messages that pgwitness itself sends, mostly before it closes a connection.
// Invariant: our FATAL ErrorResponse is complete, in protocol version 3, and names pgwitness as its routine.
// SQLSTATEs: 08001 upstream unreachable, 08006 upstream lost, 08P01 malformed, 53300 connection cap, 57P01 forced
// close, 57P03 not ready.
// Source: PostgreSQL documentation "Error and Notice Message Fields".
// Not here: when to send one (listen/, connection/).

export type OwnSqlstate = '08001' | '08006' | '08P01' | '0A000' | '53300' | '57P01' | '57P03';

/** A FATAL ErrorResponse. `hint` may be empty. */
export function fatalError(sqlstate: OwnSqlstate, text: { message: string; hint?: string }): Buffer {
  const fields = ['SFATAL', 'VFATAL', `C${sqlstate}`, `Mpgwitness: ${text.message}`];
  if (text.hint) fields.push(`H${text.hint}`);
  fields.push('Rpgwitness');
  const body = Buffer.from(`${fields.join('\0')}\0\0`, 'utf8');
  const message = Buffer.alloc(5 + body.length);
  message.write('E', 0, 'latin1');
  message.writeInt32BE(4 + body.length, 1);
  body.copy(message, 5);
  return message;
}

/** The one-byte refusal of an SSLRequest or GSSENCRequest. */
export const REFUSED = Buffer.from('N');

/** The one-byte answer to an SSLRequest. TLS follows it. */
export const ACCEPTED = Buffer.from('S');
