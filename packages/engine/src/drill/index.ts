/** A restore that is tried: a stored snapshot in a throw-away etcd, and the reports of it. */
export { listDrills, type DamagedDrill, type DrillList } from './report-file.ts';
export { runDrill, type DrillOptions } from './run-drill.ts';
