export { doctor, type DoctorRequest } from './doctor.ts';
export type { DoctorCheck, DoctorReport, FaultClass } from './report.ts';
