import type { Clock } from '@holdfast/base';
import type { MemberDescription } from '@holdfast/model';
import { processDriver } from './process-driver.ts';
import type { HostAccess } from './systemctl.ts';
import { systemdDriver } from './systemd-driver.ts';

export type { HostAccess } from './systemctl.ts';

/** What a driver sees of a member's etcd. */
export interface HostState {
  /** Whether it runs, or will be started again by whoever watches over it. */
  readonly running: boolean;
  /** The process, where there is one. */
  readonly pid?: number;
  /** One sentence: how that is known. */
  readonly detail: string;
}

export interface StartOptions {
  /** `initialCluster`: all members and this one, as `--initial-cluster` takes them. */
  readonly join?: { readonly initialCluster: string };
}

/** How the etcd of one member is run on this machine. Every act is idempotent. */
export interface HostDriver {
  /** Looks and changes nothing. */
  state(signal: AbortSignal): Promise<HostState>;
  /** Ends etcd, in good order where it lets itself; nothing when it does not run. Throws `etcd-not-stopped`. */
  stop(signal: AbortSignal): Promise<void>;
  /**
   * Starts etcd and returns once it has survived its first moments; nothing when it runs already. With `join` it is told
   * that it joins a cluster that runs. Throws `etcd-not-started` with the end of its log.
   */
  start(options: StartOptions, signal: AbortSignal): Promise<void>;
  /** Path of the etcd program that `start` runs; undefined where that cannot be told. */
  program(): Promise<string | undefined>;
  /** The last lines that etcd printed; '' without any. */
  logTail(): Promise<string>;
}

/** The driver that a member's description names. */
export function hostDriverFor(member: MemberDescription, clock: Clock, access: HostAccess = {}): HostDriver {
  const { run } = member;
  return run.driver === 'process'
    ? processDriver(member, run, clock)
    : systemdDriver(member, run.unit, clock, access);
}
