/** A repository as the fleet describes it, opened with secrets that are in memory alone, and tried. */
export { openFleetRepository, type FleetPlace, type OpenFleetOptions } from './open.ts';
export { probeFleetRepository } from './probe.ts';
