// Messages between the main thread and the thread that ships.
// Not here: who says it when.

import type { ShippingStatus } from '../../facts/fleet/shipping-status.js';
import type { ShippingOptions } from './shipping.js';

export type ShipThreadStart = Omit<ShippingOptions, 'report' | 'warn'>;

/** Send what there is, for at most so long, and end. */
export interface ToShipThread {
  kind: 'end';
  withinMs: number;
}

export type FromShipThread =
  | { kind: 'thread'; thread: number | undefined }
  | { kind: 'status'; status: ShippingStatus }
  | { kind: 'warning'; why: string }
  | { kind: 'ended' };
