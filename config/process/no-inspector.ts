// Keeps SIGUSR1 from opening Node's inspector, through which any local user could run code in a process that sees every statement.
// Invariant: imported before anything else by the entry of every process. Not here: signals that mean something (cli/running/).

process.on('SIGUSR1', () => {});
