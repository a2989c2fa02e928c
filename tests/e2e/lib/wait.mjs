// SPDX-License-Identifier: Apache-2.0
// Waiting for conditions, never for time: every wait names what it waits for and gives up at a deadline.
import { setTimeout as pause } from 'node:timers/promises';

/// Calls `probe` until it returns something truthy, and returns that. An exception of the probe counts as "not yet".
export async function until(what, probe, { within = 20_000, every = 50 } = {}) {
  const deadline = Date.now() + within;
  let last;
  while (Date.now() < deadline) {
    try {
      const value = await probe();
      if (value) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await pause(every);
  }
  throw new Error(`gave up after ${within} ms waiting until ${what}`, { cause: last });
}
