// The suites, in the order they run. A new suite is one file and one line here.

import { django } from './django.mjs';
import { isolation } from './isolation.mjs';
import { libpqPipeline } from './libpq-pipeline.mjs';
import { nodeDrivers } from './node-drivers.mjs';
import { pgbench } from './pgbench.mjs';
import { pgx } from './pgx.mjs';
import { psycopg } from './psycopg.mjs';
import { regress } from './regress.mjs';
import { sqlalchemy } from './sqlalchemy.mjs';

/**
 * @typedef {object} Suite
 * @property {string} name as given on the command line
 * @property {string} title
 * @property {string} about what runs
 * @property {(note: (text: string) => void) => Promise<{ missing: string } | Prepared>} prepare gets what it needs;
 *   `missing` says why it cannot
 *
 * @typedef {object} Prepared
 * @property {string} version of the suite
 * @property {readonly import('./differential.mjs').Case[]} cases
 */

/** @type {readonly Suite[]} */
export const SUITES = [regress, isolation, libpqPipeline, pgbench, nodeDrivers, pgx, django, sqlalchemy, psycopg];
