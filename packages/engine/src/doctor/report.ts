import { failureTable, isFailure, type Failure, type FailureCode } from '@holdfast/base';
import type { Readiness } from './readiness.ts';

/** What a fault is about, so that one knows whom to ask. */
export type FaultClass =
  | 'disk space'
  | 'credentials'
  | 'network'
  | 'permissions'
  | 'health'
  | 'data'
  | 'setup';

/** One thing that was looked at. `warning`: works today, and should be seen to. */
export interface DoctorCheck {
  /** What it is about: `this machine`, a repository's location, an endpoint, `cluster`. */
  readonly subject: string;
  /** What was tried, in a word or two. */
  readonly check: string;
  readonly outcome: 'ok' | 'warning' | 'failed' | 'skipped';
  /** What was found. */
  readonly found: string;
  readonly fault?: FaultClass;
  /** What to do, for a warning or a failure. */
  readonly fix?: string;
}

/** Everything that was looked at, in the order in which faults should be mended. */
export interface DoctorReport {
  readonly checks: readonly DoctorCheck[];
  /** How ready the cluster is to be recovered; null where no repository was looked at. */
  readonly readiness: Readiness | null;
}

/** Notes the checks of one subject. */
export class Findings {
  readonly subject: string;
  readonly checks: DoctorCheck[] = [];

  constructor(subject: string) {
    this.subject = subject;
  }

  ok(check: string, found: string): void {
    this.checks.push({ subject: this.subject, check, outcome: 'ok', found });
  }

  skipped(check: string, found: string): void {
    this.checks.push({ subject: this.subject, check, outcome: 'skipped', found });
  }

  warning(check: string, found: string, fault: FaultClass, fix: string): void {
    this.checks.push({ subject: this.subject, check, outcome: 'warning', found, fault, fix });
  }

  failed(check: string, found: string, fault: FaultClass, fix: string): void {
    this.checks.push({ subject: this.subject, check, outcome: 'failed', found, fault, fix });
  }

  /** A failure of the table as a failed check. That the doctor may help is no news to who asks it. */
  failure(check: string, failure: Failure): void {
    const fix = failure.next.replace(/ `holdfast doctor`[^.]*\./, '');
    this.failed(check, failure.why, faultOf(failure), fix);
  }
}

const faults: Partial<Record<FailureCode, FaultClass>> = {
  's3-credentials': 'credentials',
  's3-permission': 'permissions',
  's3-unreachable': 'network',
  's3-tls': 'network',
  'disk-full': 'disk space',
  'not-enough-space': 'disk space',
  'etcd-auth': 'credentials',
  'etcd-tls': 'credentials',
  'etcd-unreachable': 'network',
  'etcd-stream-stalled': 'network',
  'etcd-stream-broken': 'network',
  'file-unreadable': 'permissions',
  'file-unwritable': 'permissions',
};

function faultOf(failure: Failure): FaultClass {
  const { exit } = failureTable[failure.code];
  return faults[failure.code] ?? (exit === 4 ? 'data' : exit === 13 ? 'health' : 'setup');
}

/** The failure that was thrown; a bug goes on its way. */
export function failureOnly(error: unknown): Failure {
  if (isFailure(error)) return error;
  throw error;
}
