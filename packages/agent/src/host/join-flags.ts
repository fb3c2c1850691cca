import { Failure } from '@holdfast/base';
import type { MemberDescription } from '@holdfast/model';

/** The flags by which a new member is told that it joins a cluster that runs. */
export function joinFlags({ initialCluster }: { readonly initialCluster: string }): string[] {
  return [`--initial-cluster=${initialCluster}`, '--initial-cluster-state=existing'];
}

/** Beside a configuration file flags count for nothing: the member would try to found a cluster instead of joining one. */
export function joinBesideFile(member: MemberDescription, file: string): Failure {
  return new Failure(
    'etcd-not-started',
    `it takes its settings from ${file}, where initial-cluster and initial-cluster-state cannot be set for it to join`,
    { member: member.name },
  );
}
