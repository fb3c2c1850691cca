import { dirname, join } from 'node:path';
import { Failure } from '@holdfast/base';
import { surveyMemberDir } from '@holdfast/etcd/datadir';
import type { ClusterDescription, HostDescription, MemberDescription } from '@holdfast/model';
import { containedRun } from './contained-run.ts';
import { discoverComponents } from './discover-components.ts';
import { discoverK3s } from './discover-k3s.ts';
import { etcdProcesses, type EtcdProcess } from './etcd-processes.ts';
import { outsidePath } from './mounts.ts';
import type { HostAccess } from './run-command.ts';
import { runOf } from './run-of.ts';

/** What was found on this machine. */
export interface Discovery {
  readonly description: ClusterDescription;
  /** What the description does not hold, and a person should know of: each a sentence without a full stop. */
  readonly notes: readonly string[];
}

/**
 * Describes the etcds of one cluster that run on this machine, with the parts of a control plane that run here; which etcds
 * belong together is told by what lies on their disks. What runs in a container that no driver knows is not described but
 * noted: none could stop it for good.
 *
 * @param endpoints client URLs of the cluster that is meant, where several run here
 * @throws Failure `etcd-unreachable` when there is none; `usage` when there are several
 */
export async function discoverCluster(
  name: string,
  endpoints: readonly string[] = [],
  access: HostAccess = {},
): Promise<Discovery> {
  const members: MemberDescription[] = [];
  const notes: string[] = [];
  for (const etcd of await etcdProcesses()) {
    const found = await describe(etcd, access);
    if (typeof found === 'string') notes.push(found);
    else members.push(found);
  }
  const k3s = await discoverK3s();
  if (typeof k3s === 'string') notes.push(k3s);
  else if (k3s !== undefined) members.push(k3s.member);
  if (members.length === 0) {
    const why = ['no process of etcd runs here that can be described', ...notes].join('; ');
    throw new Failure('etcd-unreachable', why, { endpoint: 'this machine' });
  }
  const meant = (await oneCluster(members, endpoints)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const { components: controlPlane, notes: more } = await discoverComponents(
    meant,
    typeof k3s === 'object' && meant.includes(k3s.member) ? k3s.components : [],
    access,
  );
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

/** A string tells why it is not described. */
async function describe(etcd: EtcdProcess, access: HostAccess): Promise<MemberDescription | string> {
  const { pid, name, command, dataDir, walDir } = etcd;
  const run = await runOf({ ...etcd, logFile: join(dirname(dataDir), `${name}.log`) });
  if (run !== undefined) return memberOf(etcd, run, dataDir, walDir);
  const inside = await containedRun(pid, 'etcd', command, access);
  if (inside === undefined) return `process ${pid} is an etcd in a container and is not described`;
  const [data, log] = [dataDir, walDir].map((path) => path && outsidePath(path, inside.mounts));
  if (data === undefined || (walDir !== undefined && log === undefined))
    return `process ${pid} is an etcd whose data lies in its container alone, and is not described`;
  return memberOf(etcd, inside.run, data, log);
}

function memberOf(
  { name, peerUrls, clientUrls }: EtcdProcess,
  run: HostDescription,
  dataDir: string,
  walDir: string | undefined,
): MemberDescription {
  return {
    name,
    peerUrls: [...peerUrls],
    clientUrls: [...clientUrls],
    dataDir,
    ...(walDir !== undefined && { walDir }),
    run,
  };
}
