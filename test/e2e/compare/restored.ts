import { buildDataDir, type BuiltDataDir, type EtcdForm, type RevisionBump } from '@holdfast/etcd/datadir';
import { parseInitialCluster } from '@holdfast/model';
import type { ClusterPlan } from '@holdfast/test-servers';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** How every member of a plan is restored. */
export interface RestoreHow {
  readonly snapshot: string;
  readonly bump: RevisionBump | null;
  /** For a db that was copied off a disk. */
  readonly skipHashCheck?: boolean;
  /** Holdfast's choice; etcd's tool writes that of its own version. */
  readonly form?: EtcdForm;
}

/** Restores every member of a plan with Holdfast. */
export async function restoreByHoldfast(plan: ClusterPlan, how: RestoreHow): Promise<BuiltDataDir[]> {
  const built: BuiltDataDir[] = [];
  for (const { name, dataDir, walDir } of plan.members) {
    built.push(
      await buildDataDir({
        source: { file: how.snapshot },
        dataDir,
        ...(walDir !== undefined && { walDir }),
        name,
        members: parseInitialCluster(plan.initialCluster),
        token: plan.token,
        bump: how.bump,
        ...(how.form !== undefined && { form: how.form }),
        skipHashCheck: how.skipHashCheck ?? false,
        signal: new AbortController().signal,
      }),
    );
  }
  return built;
}

/** The same with the etcdutl (etcdctl) of the plan's version; 3.4's cannot bump. */
export async function restoreByEtcd(
  plan: ClusterPlan,
  { snapshot, bump, skipHashCheck }: RestoreHow,
): Promise<void> {
  const { etcdutl, etcdctl } = plan.binaries;
  const bumped = bump === null ? [] : ['--bump-revision', `${bump.by}`, '--mark-compacted'];
  for (const { name, dataDir, walDir, peerUrl } of plan.members) {
    const unchecked = skipHashCheck === true ? ['--skip-hash-check'] : [];
    const wal = walDir === undefined ? [] : ['--wal-dir', walDir];
    const cluster = ['--initial-cluster', plan.initialCluster, '--initial-cluster-token', plan.token];
    const member = ['--name', name, '--initial-advertise-peer-urls', peerUrl, '--data-dir', dataDir];
    await promisify(execFile)(
      etcdutl ?? etcdctl,
      ['snapshot', 'restore', snapshot, ...member, ...cluster, ...wal, ...bumped, ...unchecked],
      {
        env: { ...process.env, ETCDCTL_API: '3' },
      },
    );
  }
}
