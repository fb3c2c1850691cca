/** What other drivers of hosts are tested with. */
export { describeDriver, type DriverUnderTest } from './driver-conformance.ts';
export { describeEtcdDriver, etcdUnderTest, type EtcdUnderTest } from './etcd-conformance.ts';
