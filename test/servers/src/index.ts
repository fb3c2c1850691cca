export { type EtcdBinaries } from './obtain/etcd-folder.ts';
export { etcdBinaries } from './obtain/etcd.ts';
export { type EtcdMinor, etcdMinors, isEtcdMinor } from './obtain/versions.ts';
export { type GoToolchain, goToolchain } from './obtain/go.ts';
export { PartUnavailable, type Progress } from './obtain/ways.ts';
