/**
 * The checks before a restore: each looks at one thing, changes nothing, and tells what it saw.
 *
 * - request:        what is to be restored, and what a check finds.
 * - preflight:      all of them, in order; fails closed.
 * - snapshot-facts: what a snapshot's file tells of its cluster.
 * - observe:        the members as they are now, for the checks that are made again.
 * - observe-components: the same of the control plane.
 * - loopback:       addresses that every machine has.
 */
export { observeComponents } from './observe-components.ts';
export { observeMembers } from './observe.ts';
export { preflight } from './preflight.ts';
export type { PlanToBe, PreflightRequest } from './request.ts';
