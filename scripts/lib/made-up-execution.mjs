// The values that made-up executions share: nothing about them is remarkable.
// Not here: when they ran, how long they took, how many rows they gave (the makers of stores).

export const MADE_UP = {
  sqlstate: '',
  command: 'SELECT',
  requestBytes: 200,
  responseBytes: 900,
  waitNs: 0,
  firstRowNs: -1,
  clientStallNs: 0,
  batched: false,
  parameterHash: 0,
  parameterCount: 0,
  parametersCut: false,
};
