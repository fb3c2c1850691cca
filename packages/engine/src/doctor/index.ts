export { probeFault, probeStorage, probeWarnings, type Probe } from './probe.ts';
export { doctor, type DoctorRequest } from './doctor.ts';
export type { CertificateFile } from './certificate-checks.ts';
export type { DoctorCheck, DoctorReport, FaultClass } from './report.ts';
export type { Connection, RepositoryToOpen } from './repository-checks.ts';
