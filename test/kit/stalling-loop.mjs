// Makes the event loop of a process late again and again, from one SIGUSR2 to the next.
// A test loads it with NODE_OPTIONS=--import.
// Invariant: without the signal it does nothing.
// Not here: what pgwitness makes of it.

const BUSY_MS = 400;
const REST_MS = 5;
let isStalling = false;

function stall() {
  if (!isStalling) return;
  const until = performance.now() + BUSY_MS;
  while (performance.now() < until);
  setTimeout(stall, REST_MS).unref();
}

process.on('SIGUSR2', () => {
  isStalling = !isStalling;
  stall();
});
