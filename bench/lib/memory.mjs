// Measures the memory of idle connections, and of many statements that are remembered.
// Invariant: resident memory as the system counts it, after the process was silent for a while; against the stub
// server, because thousands of real backends would measure the machine.
// Not here: whether memory stays flat over time.

import { setTimeout as sleep } from 'node:timers/promises';
import { startLoad } from './measure.mjs';
import { residentBytes } from './processes.mjs';
import { startEmptyRelay, startPgwitness, startStubServer } from './tools.mjs';

const SILENT_MS = 3000;

/**
 * @typedef {{ tool: string, connections: number, relayBytes: number, observerBytes: number | undefined }} Idle
 * @param {readonly number[]} steps connections, rising
 * @returns {Promise<Idle[]>}
 */
export async function idleConnections(steps) {
  const stub = await startStubServer();
  /** @type {Idle[]} */
  const rows = [];
  try {
    for (const start of [startEmptyRelay, startPgwitness]) {
      const tool = await start(stub);
      const loads = [];
      try {
        let open = 0;
        for (const connections of steps) {
          if (connections > open)
            loads.push(await startLoad({ workload: 'simple', clients: connections - open }, tool));
          open = connections;
          await sleep(SILENT_MS);
          const { relay, observer } = tool.processes;
          rows.push({
            tool: tool.name,
            connections,
            relayBytes: residentBytes(relay),
            observerBytes: observer === undefined ? undefined : residentBytes(observer),
          });
        }
      } finally {
        for (const load of loads) await load.stop();
        await tool.stop();
      }
    }
  } finally {
    await stub.stop();
  }
  return rows;
}

/**
 * @param {{ fingerprints: number, seconds: number }} options
 * @returns {Promise<{ fingerprints: number, statements: number, relayBytes: number, observerBytes: number }>}
 */
export async function manyFingerprints({ fingerprints, seconds }) {
  const stub = await startStubServer();
  const tool = await startPgwitness(stub);
  try {
    const env = { PGWITNESS_BENCH_FINGERPRINTS: String(fingerprints) };
    const load = await startLoad({ workload: 'fingerprints', clients: 1 }, tool, env);
    // A rate that the observer follows while every statement is new to it.
    const { statements } = await load.run({ seconds, rate: 50 });
    await sleep(SILENT_MS);
    const { relay, observer } = tool.processes;
    const result = {
      fingerprints,
      statements,
      relayBytes: residentBytes(relay),
      observerBytes: residentBytes(observer),
    };
    await load.stop();
    return result;
  } finally {
    await tool.stop();
    await stub.stop();
  }
}
