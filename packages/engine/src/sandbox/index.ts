/** A throw-away etcd, and what is done with one: a snapshot of all that a stopped member has. */
export { etcdProgram, minorOf, refuseMisfit, type EtcdProgram } from './program.ts';
export { salvageSnapshot, type SalvagedSnapshot, type SalvageOptions } from './salvage.ts';
export { startSandbox } from './sandbox.ts';
