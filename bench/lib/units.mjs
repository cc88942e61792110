// Writes sizes as the reports of the bench show them.
// Not here: times (report.mjs), tables (document.mjs).

/** Bytes in MiB. @param {number} bytes @param {number} [digits] behind the point */
export function mib(bytes, digits = 0) {
  return (bytes / 2 ** 20).toFixed(digits);
}
