// The cases that no proxy of this kind can pass, with the reason, for docs/COMPATIBILITY.md.
// Each row: what, why, what to do.
// Each row: what, why, what to do.

/** @type {readonly (readonly [string, string, string])[]} */
export const IMPOSSIBLE = [
  [
    'The client address that Postgres sees: `inet_client_addr()`, `pg_stat_activity.client_addr`, `%h` in the log, address rules of pg_hba.conf',
    'the connection that reaches Postgres is opened by pgwitness',
    'write the rules of pg_hba.conf for the address of pgwitness; let pgwitness listen where only its clients reach it',
  ],
  [
    '`peer` and `ident` authentication',
    'they ask the operating system who holds the other end of the connection, and that is pgwitness',
    'use scram-sha-256 or certificates for what comes through pgwitness',
  ],
  [
    'SCRAM with channel binding required, TLS on both legs, and different certificates',
    'channel binding proves to the server that the client saw the certificate of the server itself (RFC 5929)',
    'give pgwitness the certificate and key of the server, or set `channel_binding=disable`, or leave the upstream leg without TLS',
  ],
  [
    'Client certificates as the way to log in (`cert` in pg_hba.conf)',
    'the private key stays with the client, so pgwitness cannot show its certificate to the server',
    'let such clients connect to Postgres directly',
  ],
  [
    'GSSAPI encryption (`gssencmode=require`)',
    'the two ends encrypt for each other; a relay would see nothing but ciphertext, so pgwitness answers N to the offer',
    '`gssencmode=prefer` (the default) goes on without',
  ],
  [
    "The port and the socket path of the connection as the client library knows them: `PQport`, `psql`'s `\\conninfo`, tests that compare them",
    'the client did connect to pgwitness',
    'nothing: they are right',
  ],
  [
    'What runs inside the server: statements of functions, of rules and triggers, of `dblink` and `postgres_fdw`, of background workers',
    'they are not on the wire between client and server',
    'pg_stat_statements with `track = all`',
  ],
  [
    'Replication connections as observations',
    'they are passed byte by byte and not interpreted: their payload is not statements',
    'nothing: they work, and count as opaque sessions',
  ],
];
