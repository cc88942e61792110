// Ships a data directory in a process of its own, until it is killed or told to end.
// Not here: what is shipped where (JSON in the first argument).

import { shipAddress } from '../../dist/observer/shipping/ship-address.js';
import { Shipping } from '../../dist/observer/shipping/shipping.js';

const { dataDir, ship, cluster } = JSON.parse(process.argv[2]);
const { address, layout } = shipAddress({ ship, cluster }, process.env);
const identity = { service: 'shop', environment: 'test', instance: 'killed' };
const report = (status) => process.stdout.write(`${JSON.stringify(status)}\n`);
const shipping = new Shipping({ dataDir, address, layout, identity, report });
const running = shipping.run();
process.once('SIGTERM', async () => {
  await shipping.end(running, 60_000);
  process.exit(0);
});
