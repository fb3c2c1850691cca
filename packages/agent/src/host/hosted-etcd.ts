import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { MemberDescription } from '@holdfast/model';
import { etcdProcessesOn } from './etcd-processes.ts';
import { dataHolders, databaseLockers } from './holders.ts';
import type { Hosted } from './hosted.ts';
import { listeningUrls } from './listeners.ts';

/** A member's etcd: it is known by its data directory, and does its work when it holds its data or listens. */
export function hostedEtcd({ name, dataDir, walDir, clientUrls, peerUrls }: MemberDescription): Hosted {
  const memberDir = join(dataDir, 'member');
  const urls = [...new Set([...clientUrls, ...peerUrls])];
  return {
    name,
    program: 'etcd',
    mark: `the data directory ${dataDir}`,
    urls,
    codes: { notStopped: 'etcd-not-stopped', notStarted: 'etcd-not-started' },
    processes: () => etcdProcessesOn(dataDir),
    // What root would write there, the user of the next ordinary start could not read.
    async owner() {
      if (process.geteuid?.() !== 0) return undefined;
      const found = await stat(memberDir).catch(() => undefined);
      return found === undefined || found.uid === 0 ? undefined : { uid: found.uid, gid: found.gid };
    },
    holders: () => dataHolders(memberDir, walDir),
    async works(pid) {
      if ((await databaseLockers(memberDir)).includes(pid))
        return { evidence: 'it holds the lock of its database' };
      return (await listeningUrls(urls)).length === urls.length
        ? { evidence: 'it listens on all its ports' }
        : { lacks: 'it neither holds its database nor listens' };
    },
  };
}
