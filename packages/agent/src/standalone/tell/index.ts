export { defaultListen, type ListenAddress, parseListen } from './listen-address.ts';
export { metricTable } from './metric-table.ts';
export { type SystemdAsks, systemdAsks } from './systemd.ts';
export { Teller, type TellerOptions } from './teller.ts';
