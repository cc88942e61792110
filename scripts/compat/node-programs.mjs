// The inputs of the short programs of the Node drivers, and their list.
// Not here: the programs (node-pg.mjs, postgres-js.mjs).

/**
 * @typedef {object} Server
 * @property {string} host
 * @property {number} port
 * @property {string} user
 * @property {string} database
 *
 * @typedef {(server: Server) => Promise<unknown>} Program returns what it saw, as JSON can hold it
 */

/** A role that has to log in with SCRAM-SHA-256. */
export const SCRAM = { user: 'scram_reader', password: 'correct horse' };
