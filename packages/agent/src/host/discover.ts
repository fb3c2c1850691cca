import { dirname, join } from 'node:path';
import { Failure } from '@holdfast/base';
import { surveyMemberDir } from '@holdfast/etcd/datadir';
import type { ClusterDescription, HostDescription, MemberDescription } from '@holdfast/model';
import { discoverComponents } from './discover-components.ts';
import { etcdProcesses, type EtcdProcess } from './etcd-processes.ts';
import { runOf } from './run-of.ts';

/** What was found on this machine. */
export interface Discovery {
  readonly description: ClusterDescription;
  /** What the description does not hold, and a person should know of: each a sentence without a full stop. */
  readonly notes: readonly string[];
}

/**
 * Describes the etcds of one cluster that run on this machine, with the parts of a control plane that run here; which etcds
 * belong together is told by what lies on their disks. What runs in a container is not described but noted: no driver could
 * stop it for good.
 *
 * @param endpoints client URLs of the cluster that is meant, where several run here
 * @throws Failure `etcd-unreachable` when there is none; `usage` when there are several
 */
export async function discoverCluster(name: string, endpoints: readonly string[] = []): Promise<Discovery> {
  const members: MemberDescription[] = [];
  const notes: string[] = [];
  for (const etcd of await etcdProcesses()) {
    const { pid, dataDir, name } = etcd;
    const logFile = join(dirname(dataDir), `${name}.log`);
    const run = await runOf({ ...etcd, logFile });
    if (run === undefined) notes.push(`process ${pid} is an etcd in a container and is not described`);
    else members.push(memberOf(etcd, run));
  }
  if (members.length === 0) {
    const why = notes.length === 0 ? 'no process of etcd runs here' : 'every etcd here runs in a container';
    throw new Failure('etcd-unreachable', why, { endpoint: 'this machine' });
  }
  const meant = (await oneCluster(members, endpoints)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const { components: controlPlane, notes: more } = await discoverComponents(meant);
  return {
    description: {
      apiVersion: 'holdfast.dev/v1',
      kind: 'ClusterDescription',
      name,
      members: meant,
      controlPlane,
    },
    notes: [...notes, ...more],
  };
}

async function oneCluster(
  members: readonly MemberDescription[],
  endpoints: readonly string[],
): Promise<readonly MemberDescription[]> {
  const ids = new Map<MemberDescription, string>();
  for (const member of members) {
    const { clusterId } = await surveyMemberDir({
      memberDir: join(member.dataDir, 'member'),
      ...(member.walDir !== undefined && { walDir: member.walDir }),
    });
    ids.set(member, clusterId ?? member.dataDir);
  }
  const clusters = [...Map.groupBy(members, (member) => ids.get(member)!).values()];
  const asked = new Set(endpoints.map(bare));
  const meant = clusters.filter((each) =>
    each.some(({ clientUrls }) => clientUrls.some((url) => asked.has(bare(url)))),
  );
  const [found, another] = endpoints.length === 0 ? clusters : meant;
  if (found !== undefined && another === undefined) return found;
  const here = clusters.map((each) =>
    each.map((one) => `${one.name} at ${one.clientUrls.join(',')}`).join(', '),
  );
  const which =
    endpoints.length === 0
      ? 'name one of them by --endpoints'
      : 'none of them, or several, are at --endpoints';
  throw new Failure('usage', `etcds of ${clusters.length} clusters run here (${here.join('; ')}): ${which}`);
}

/** As it is compared: host and port. */
function bare(url: string): string {
  return url.replace(/^\w+:\/\//, '').replace(/\/$/, '');
}

function memberOf(etcd: EtcdProcess, run: HostDescription): MemberDescription {
  const { name, peerUrls, clientUrls, dataDir, walDir } = etcd;
  return {
    name,
    peerUrls: [...peerUrls],
    clientUrls: [...clientUrls],
    dataDir,
    ...(walDir !== undefined && { walDir }),
    run,
  };
}
