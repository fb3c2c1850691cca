import { Failure, type FailureCode, type FailureDetails } from '@holdfast/base';

/** A process of this machine. */
export interface HostProcess {
  readonly pid: number;
  /** Clock ticks since boot: tells a process from a later one with the same pid. */
  readonly startedAt: string;
}

/** Whether a process does its work: how that is known, or what is missing. Both without a full stop. */
export type Work = { readonly evidence: string } | { readonly lacks: string };

/** What a driver runs on this machine, an etcd or a part of the control plane: all in which they differ. */
export interface Hosted {
  /** As its description calls it. */
  readonly name: string;
  /** What the file of its program is called. */
  readonly program: string;
  /** By what its processes are known: `the data directory /var/lib/etcd`. */
  readonly mark: string;
  /** Where it listens. */
  readonly urls: readonly string[];
  readonly codes: { readonly notStopped: FailureCode; readonly notStarted: FailureCode };
  /** Its processes that run, whoever has started them. */
  processes(): Promise<readonly HostProcess[]>;
  /** Whom a start runs it as; undefined: whoever starts it. */
  owner(): Promise<{ readonly uid: number; readonly gid: number } | undefined>;
  /** The processes that hold its data, whatever they are. */
  holders(): Promise<readonly number[]>;
  /** Looks whether its process does its work, once. */
  works(pid: number, signal: AbortSignal): Promise<Work>;
}

/** It does not stop: one sentence without a full stop. */
export function notStopped({ codes, name }: Hosted, why: string, options?: ErrorOptions): Failure {
  return new Failure(codes.notStopped, why, { member: name }, options);
}

/** It does not start: one sentence without a full stop. */
export function notStarted(
  { codes, name }: Hosted,
  why: string,
  details: FailureDetails = {},
  options?: ErrorOptions,
): Failure {
  return new Failure(codes.notStarted, why, { member: name, ...details }, options);
}
