/** What other drivers of hosts are tested with. */
export { describeDriver, type DriverUnderTest } from './driver-conformance.ts';
