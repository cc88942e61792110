// Keeps SIGUSR1 from opening Node's inspector.
// Any local user could run code through it, in a process that sees every statement.
// Invariant: the entry of every process imports this file first. Not here: signals with a meaning (cli/running/).

process.on('SIGUSR1', () => {});
