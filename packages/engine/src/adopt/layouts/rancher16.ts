import { parseSnapshotName } from '@holdfast/model';
import type { ForeignLayout, ForeignSnapshot } from '../foreign.ts';
import { memberFolders, type MemberFolder } from '../member-folders.ts';
import { memberFacts } from './member-facts.ts';
import { takenAtOf } from './taken-at.ts';

/**
 * What Rancher 1.6 leaves in /var/etcd/backups (rancher-etcd, branch etcd-v2, main.go): folders `<RFC 3339>_etcd_<n>`, each a
 * data directory as `etcdctl backup` of etcd 2.3 wrote it, with the service's index of the container as `n`.
 */
export const rancher16: ForeignLayout = {
  system: 'rancher-1.6',
  recognise(_place, files) {
    const members = memberFolders(files).filter(
      ({ folder }) => parseSnapshotName(folder).form === 'rancher-1.6',
    );
    const taken = new Set(members.flatMap((member) => member.files.map(({ path }) => path)));
    return Promise.resolve({ snapshots: members.map(snapshotOf), taken });
  },
};

function snapshotOf(member: MemberFolder): ForeignSnapshot {
  const { writtenAt, ...facts } = memberFacts(member);
  const { at, node } = parseSnapshotName(member.folder);
  return {
    system: 'rancher-1.6',
    name: member.folder.slice(member.folder.lastIndexOf('/') + 1),
    ...facts,
    ...takenAtOf(at, writtenAt),
    node: node ?? null,
    cluster: null,
    trigger: 'recurring',
    companions: [],
  };
}
