// Reads what pgwitness counted and lost, over all time.
// Not here: waiting until that is all (each bench knows how long).

/**
 * @param {import('./tools.mjs').Tool} tool
 * @returns {Promise<{ observed: number, lost: number, all: number }>} executions; of another tool none
 */
export async function counted({ httpUrl }) {
  if (httpUrl === undefined) return { observed: 0, lost: 0, all: 0 };
  const response = await fetch(`${httpUrl}/api/v1/statements?limit=1`);
  const { observed } = /** @type {import('../../dist/reports/forms/statements-json.js').StatementsJson} */ (
    await response.json()
  );
  const { statements, not_observed } = observed;
  return { observed: statements, lost: not_observed, all: statements + not_observed };
}
