import { formatBytes } from '@holdfast/base';
import type { GivenBack, GivenBackForm, GivenBackTo } from '@holdfast/engine';
import { resolve } from 'node:path';
import type { Session } from '../session.ts';
import { openRepository } from '../sources/repository.ts';
import { selectedSnapshot } from '../sources/selected.ts';
import { apiVersion, type Answer } from '../term/answer.ts';

/** What `snapshot export` gives on for another system. */
export interface GiveBackOptions {
  readonly as: GivenBackTo;
  readonly to: string;
  readonly form?: GivenBackForm | undefined;
  readonly node?: string | undefined;
}

/** Writes a snapshot as another system's own tool restores it. @throws as giveBack of the engine */
export async function giveBackTo(
  session: Session,
  selector: string,
  { as, to, form, node }: GiveBackOptions,
): Promise<Answer> {
  const repository = await openRepository(session);
  const { giveBack } = await import('@holdfast/engine');
  const given = await giveBack(session.context, repository, {
    ...(await selectedSnapshot(session, repository, selector)),
    folder: resolve(session.io.cwd, to),
    as,
    form,
    node,
  });
  const next = restoreWords(given);
  if (given.withState === false)
    session.warn(
      `no state of the cluster is in ${given.snapshot.path}: neither the snapshot nor its companions hold a .rkestate`,
    );
  return {
    json: { apiVersion, kind: 'SnapshotGivenBack', ...given, next },
    names: [given.snapshot.path],
    text: () => textOf(given, next),
  };
}

function textOf({ name, snapshot, metadata }: GivenBack, next: string): string {
  const { path, size, sha256 } = snapshot;
  const beside = metadata === null ? '' : `What belongs to it for Rancher is at ${metadata.path}.\n`;
  return `${name} is at ${path}: ${formatBytes(size)}, sha256 ${sha256}\n${beside}${next}\n`;
}

/** How its own tool restores it, in words. */
function restoreWords({ as, form, givenName, snapshot, withState }: GivenBack): string {
  const { path } = snapshot;
  if (as === 'rke') {
    const local = withState === true ? '' : ' --use-local-state';
    return `To restore: put it into /opt/rke/etcd-snapshots of every etcd node, or into the bucket, and run \`rke etcd snapshot-restore --name ${givenName}${local}\`.`;
  }
  if (as === 'alauda') {
    const how = form === 'tar' ? `\`tar -C /tmp -xf ${path}\`` : `\`cp ${path} /tmp/snapshot.db\``;
    return `To restore: ${how} on the first control plane node makes the /tmp/snapshot.db that Alauda's instructions begin with.`;
  }
  return `To restore: \`${as} server --cluster-reset --cluster-reset-restore-path=${path}\`, on new hosts with the --token of the cluster. On a node the folder .metadata lies beside the one of the snapshots, in a bucket within it.`;
}
