import type { Failure } from '@holdfast/base';
import { configFileOf } from './etcd-settings.ts';
import { notStarted, type Hosted } from './hosted.ts';
import type { ProcessRun } from './process-driver.ts';

/** What a member that joins is told. */
export interface Join {
  /** All members and itself, as `--initial-cluster` takes them. */
  readonly initialCluster: string;
}

/** The flags by which a new member is told that it joins a cluster that runs. */
export function joinFlags({ initialCluster }: Join): string[] {
  return [`--initial-cluster=${initialCluster}`, '--initial-cluster-state=existing'];
}

/**
 * How an etcd is run that joins. Go takes the last of two equal flags; but etcd refuses to start with a flag and its
 * variable.
 */
export function joining(hosted: Hosted, run: ProcessRun, join: Join): ProcessRun {
  const file = configFileOf(run.command.slice(1), run.environment);
  if (file !== undefined) throw joinBesideFile(hosted, file);
  const { ETCD_INITIAL_CLUSTER: _, ETCD_INITIAL_CLUSTER_STATE: __, ...environment } = run.environment;
  return { ...run, command: [...run.command, ...joinFlags(join)], environment };
}

/** Beside a configuration file flags count for nothing: the member would try to found a cluster instead of joining one. */
export function joinBesideFile(hosted: Hosted, file: string): Failure {
  return notStarted(hosted, besideFile(file));
}

/** The same in words, without a full stop. */
export function besideFile(file: string): string {
  return `it takes its settings from ${file}, where initial-cluster and initial-cluster-state cannot be set for it to join`;
}
