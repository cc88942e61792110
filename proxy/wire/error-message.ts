// The few messages pgwitness itself says, and only on a connection it is about to close.
// Invariant: a FATAL ErrorResponse of ours is whole, in protocol version 3, and names pgwitness as its routine.
// SQLSTATEs: 08001 upstream unreachable, 08006 upstream lost, 08P01 malformed, 53300 connection cap, 57P01 forced close, 57P03 not ready.
// Source: PostgreSQL documentation "Error and Notice Message Fields".

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

/** The one-octet refusal of an SSLRequest or GSSENCRequest. */
export const REFUSED = Buffer.from('N');

/** The one-octet answer to an SSLRequest that TLS follows. */
export const ACCEPTED = Buffer.from('S');
