// The names that pgwitness's own connections have on the server.
// Invariant: a connection of ours has one of them, so that it is not taken for one that bypasses pgwitness.
// Not here: connecting (own-connection.ts).

export const OWN_NAMES = {
  plans: 'pgwitness plans',
  bypass: 'pgwitness bypass',
  /** Of a command that asks what bypasses: pools, status, check. */
  pools: 'pgwitness pools',
  reconcile: 'pgwitness reconcile',
  checkConfig: 'pgwitness check-config',
} as const;
