import type { Clock } from '@holdfast/base';
import type { ComponentDescription, HostDescription, MemberDescription } from '@holdfast/model';
import { placeJoin, removeJoin } from './join-drop-in.ts';
import { joining, type Join } from './join-flags.ts';
import { hostedComponent } from './hosted-component.ts';
import { hostedEtcd } from './hosted-etcd.ts';
import type { Hosted } from './hosted.ts';
import { dockerDriver, dockerEtcd } from './docker-driver.ts';
import { rancherDriver, rancherEtcd } from './k3s-rke2-driver.ts';
import { processDriver, type ProcessRun } from './process-driver.ts';
import type { HostAccess } from './run-command.ts';
import { staticPodsDriver, staticPodsEtcd } from './static-pods-driver.ts';
import { systemdDriver } from './systemd-driver.ts';

export type { HostAccess } from './run-command.ts';

/** What a driver sees of what it runs. */
export interface HostState {
  /** Whether it runs, or will be started again by whoever watches over it. */
  readonly running: boolean;
  /** The process, where there is one. */
  readonly pid?: number;
  /** One sentence: how that is known. */
  readonly detail: string;
}

/** How an etcd or a part of the control plane is run on this machine. Every act is idempotent. */
export interface HostDriver {
  /** Looks and changes nothing. */
  state(signal: AbortSignal): Promise<HostState>;
  /**
   * Ends it, in good order where it lets itself; nothing when it does not run. Tells whether it did. Throws its
   * `notStopped`.
   */
  stop(signal: AbortSignal): Promise<boolean>;
  /**
   * Starts it and returns once it has survived its first moments; nothing when it runs already. Throws its `notStarted`
   * with the end of its log.
   */
  start(signal: AbortSignal): Promise<void>;
  /** Why `start` could not start it, in words without a full stop; undefined where nothing speaks against it. */
  whyUnstartable(signal: AbortSignal): Promise<string | undefined>;
  /** Path of the program that `start` runs; undefined where that cannot be told, or it lies in an image. */
  program(): Promise<string | undefined>;
  /** The version of what lies in an image; null where that cannot be told. Not there where `program` tells what is run. */
  version?(): Promise<string | null>;
  /** The last lines that it printed; '' without any. */
  logTail(): Promise<string>;
}

/** How a member's etcd is run. */
export interface EtcdDriver extends HostDriver {
  /**
   * From now on etcd is told that it joins a cluster that runs, by whomever it is started, after a boot of the machine too;
   * undefined: no more. Throws `etcd-not-started` where it would not hear of it.
   */
  tellJoin(join: Join | undefined, signal: AbortSignal): Promise<void>;
}

/** A driver, and what it runs. */
export interface Host<Driver extends HostDriver = HostDriver> {
  readonly hosted: Hosted;
  readonly driver: Driver;
}

/** The etcd of a member, with the driver that its description names. */
export function etcdHost(member: MemberDescription, clock: Clock, access: HostAccess = {}): Host<EtcdDriver> {
  const hosted = hostedEtcd(member);
  const { run } = member;
  if (run.driver === 'process') return { hosted, driver: processEtcd(hosted, run, clock) };
  if (run.driver === 'systemd') return { hosted, driver: systemdEtcd(hosted, run.unit, clock, access) };
  if (run.driver === 'static-pods') return { hosted, driver: staticPodsEtcd(hosted, run, clock) };
  if (run.driver === 'k3s-rke2') return { hosted, driver: rancherEtcd(hosted, run, member, clock, access) };
  return { hosted, driver: dockerEtcd(hosted, run, clock, access) };
}

/** A part of the control plane, with the driver that its description names. */
export function componentHost(component: ComponentDescription, clock: Clock, access: HostAccess = {}): Host {
  const hosted = hostedComponent(component);
  return { hosted, driver: componentDriver(hosted, component.run, clock, access) };
}

function componentDriver(hosted: Hosted, run: HostDescription, clock: Clock, access: HostAccess): HostDriver {
  if (run.driver === 'process') return processDriver(hosted, () => run, clock);
  if (run.driver === 'systemd') return systemdDriver(hosted, run.unit, clock, access);
  if (run.driver === 'static-pods') return staticPodsDriver(hosted, run, clock);
  if (run.driver === 'k3s-rke2') return rancherDriver(hosted, run, clock, access);
  return dockerDriver(hosted, run, clock, access);
}

function systemdEtcd(hosted: Hosted, unit: string, clock: Clock, access: HostAccess): EtcdDriver {
  const tellJoin: EtcdDriver['tellJoin'] = async (join, signal) =>
    join === undefined
      ? removeJoin(access, hosted, unit, signal)
      : placeJoin(access, hosted, unit, join, signal);
  return { ...systemdDriver(hosted, unit, clock, access), tellJoin };
}

/** Nobody but this driver starts such a process, so what is told need not outlive it. */
function processEtcd(hosted: Hosted, run: ProcessRun, clock: Clock): EtcdDriver {
  let command = run;
  return {
    ...processDriver(hosted, () => command, clock),
    async tellJoin(join) {
      command = join === undefined ? run : joining(hosted, run, join);
    },
  };
}
