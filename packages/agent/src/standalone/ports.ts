import type { Clock } from '@holdfast/base';
import type { CopyQueue, RunQueueOptions, SaveDestination } from '@holdfast/engine';
import type { Credentials, EtcdClient } from '@holdfast/etcd/client';
import type { Policy, PolicyTarget } from '@holdfast/model';

/** A repository that was opened. */
export type OpenRepository = Awaited<ReturnType<RunQueueOptions['open']>>;

/**
 * Everything that the daemon's jobs need of settings, keys and machine. Secrets and certificates are read anew each time:
 * one that has expired and is replaced counts with the next run.
 */
export interface JobPorts {
  readonly clock: Clock;
  /** The version of Holdfast. */
  readonly holdfast: string;
  readonly scratchFolder: string;
  /** As `--state-dir` names it. */
  readonly stateDir: string;
  /** A client of the node's etcd, logged in. @throws Failure usage, file-unreadable, and what connecting throws */
  connect(): Promise<EtcdClient>;
  /**
   * Opens the repositories of a policy, each with the reason why not; one that does not answer is given up in time.
   *
   * @param mayMake whether one of this name that is missing, and is a folder, is made
   * @throws Failure what the keys throw
   */
  destinations(
    targets: readonly PolicyTarget[],
    mayMake: (repository: string) => boolean,
    signal: AbortSignal,
  ): Promise<SaveDestination[]>;
  /** One repository by its name. @throws Failure what opening throws */
  open(repository: string, signal: AbortSignal): Promise<OpenRepository>;
  /** Where the name of a repository leads now. */
  at(repository: string): string;
  readonly queue: CopyQueue;
  /** The folder of what was seen of repositories. */
  readonly memory: string;
  /** The etcd of drills: a path, or a name on the PATH. */
  readonly etcdProgram: string;
  /** The user of etcd for drills. @throws Failure usage, file-unreadable */
  credentials(): Promise<Credentials | undefined>;
  /** The folder that is `/` of the node; undefined: no companions are kept. */
  readonly companionsRoot: string | undefined;
  /** The name of a policy's snapshot that is begun now; undefined: the usual one. */
  nameOf(policy: Policy, startedAt: Date): string | undefined;
}
