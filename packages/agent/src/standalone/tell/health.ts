import type { Observed } from '../observer.ts';

/** Milliseconds without a turn of the loop, which turns at least every 30 seconds, after which it counts as stuck. */
const stuckMs = 120_000;

/** An answer of the health pages. */
export interface Health {
  readonly well: boolean;
  /** A line for people. */
  readonly says: string;
}

/** Whether the loop turns. `sinceTurnMs`: since it last did, or since the start. */
export function aliveness(sinceTurnMs: number): Health {
  if (sinceTurnMs <= stuckMs) return { well: true, says: 'ok' };
  return { well: false, says: `the loop has not turned for ${Math.round(sinceTurnMs / 1000)} s` };
}

/** Whether it does what it is told to: the policies are read, and what was done before is known. */
export function readiness(observed: Observed | undefined, sinceTurnMs: number): Health {
  if (observed === undefined)
    return { well: false, says: 'the policies and what was done before are being read' };
  const { refused } = observed.state.configuration;
  if (refused !== null)
    return { well: false, says: `the policy file is refused, an older one is in use: ${refused}` };
  return aliveness(sinceTurnMs);
}
