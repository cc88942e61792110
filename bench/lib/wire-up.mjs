// The empty relay's two sockets, wired up except for reading.
// Not here: reading (empty-relay.mjs, reusing-relay.mjs).

/**
 * @typedef {{ client: import('node:net').Socket, upstream: import('node:net').Socket }} Ends either may be replaced;
 * the new one is heard then
 */

/** @param {Ends} ends */
export function wireUp(ends) {
  hear(ends, 'client', 'upstream');
  hear(ends, 'upstream', 'client');
}

/** @param {Ends} ends @param {keyof Ends} which @param {keyof Ends} other */
export function hear(ends, which, other) {
  const stream = ends[which];
  stream.on('drain', () => ends[other].resume());
  stream.on('end', () => ends[other].end());
  stream.on('error', () => ends[other].destroy());
  stream.on('close', () => {
    if (stream === ends[which]) ends[other].destroy();
  });
}
