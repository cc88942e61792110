// What an empty relay does with its two sockets besides passing on what is read. Not here: reading (empty-relay.mjs, reusing-relay.mjs).

/** @param {import('node:net').Socket} client @param {import('node:net').Socket} upstream */
export function wireUp(client, upstream) {
  client.on('drain', () => upstream.resume());
  upstream.on('drain', () => client.resume());
  client.on('end', () => upstream.end());
  upstream.on('end', () => client.end());
  client.on('error', () => upstream.destroy());
  upstream.on('error', () => client.destroy());
  client.on('close', () => upstream.destroy());
  upstream.on('close', () => client.destroy());
}
