// Reads what processes used from /proc: processor time to the nanosecond, resident memory.
// Invariant: a figure is of the process itself, all its threads and none of its children. Linux only.
// Not here: when it is read (measure.mjs).

import { readdirSync, readFileSync } from 'node:fs';

const NS_PER_US = 1000;
const MS_PER_TICK = 10;

/**
 * User and system time since the process began, µs; threads that ended are not in it.
 * @param {number} pid
 * @returns {number}
 */
export function cpuUs(pid) {
  let ns = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      ns += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // A thread ended between the two reads.
    }
  }
  return ns / NS_PER_US;
}

/**
 * The same with threads that ended, as engines have them, to 10 ms.
 * @param {number} pid
 * @returns {number} ms
 */
export function cpuMsWithEnded(pid) {
  // The name before may hold anything, brackets and spaces too.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** @param {number} pid @returns {number} bytes */
export function residentBytes(pid) {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}

/** @param {number} pid @returns {number[]} */
export function childrenOf(pid) {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

/** Processor time of a server that forks: the process and all below it. @param {number} pid @returns {number} µs */
export function cpuUsOfTree(pid) {
  let total = 0;
  try {
    total = cpuUs(pid);
    for (const child of childrenOf(pid)) total += cpuUsOfTree(child);
  } catch {
    // It ended meanwhile.
  }
  return total;
}
