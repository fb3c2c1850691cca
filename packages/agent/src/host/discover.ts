import { readFile, readlink, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { Failure } from '@holdfast/base';
import { surveyMemberDir } from '@holdfast/etcd/datadir';
import type { ClusterDescription, HostDescription, MemberDescription } from '@holdfast/model';
import { etcdProcesses, type EtcdProcess } from './processes.ts';
import { unitProperties } from './systemctl.ts';

/**
 * Describes the etcds of one cluster that run on this machine; which belong together is told by what lies on their disks.
 * Those in containers are left out: no driver could stop them for good.
 *
 * @param endpoints client URLs of the cluster that is meant, where several run here
 * @throws Failure `etcd-unreachable` when there is none; `usage` when there are several
 */
export async function discoverCluster(
  name: string,
  endpoints: readonly string[] = [],
): Promise<ClusterDescription> {
  const members: MemberDescription[] = [];
  let contained = 0;
  for (const etcd of await etcdProcesses()) {
    const run = await runOf(etcd);
    if (run === undefined) contained += 1;
    else members.push(memberOf(etcd, run));
  }
  if (members.length === 0) {
    const why = contained === 0 ? 'no process of etcd runs here' : 'every etcd here runs in a container';
    throw new Failure('etcd-unreachable', why, { endpoint: 'this machine' });
  }
  const meant = (await oneCluster(members, endpoints)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { apiVersion: 'holdfast.dev/v1', kind: 'ClusterDescription', name, members: meant };
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

/** How it is run; undefined for one in a container, which shows in a file system of its own. */
async function runOf(etcd: EtcdProcess): Promise<HostDescription | undefined> {
  const unit = serviceOf(await readFile(`/proc/${etcd.pid}/cgroup`, 'utf8').catch(() => ''));
  if (unit !== undefined && (await isMainOf(unit, etcd.pid))) return { driver: 'systemd', unit };
  if (!(await sharesFiles(etcd.pid))) return undefined;
  return {
    driver: 'process',
    command: commandOf(etcd),
    environment: { ...etcd.environment },
    logFile: await logFileOf(etcd),
  };
}

/**
 * The system service that a process lives in, by the lines of its cgroup file (cgroups(7)): `0::/system.slice/etcd.service`,
 * or `1:name=systemd:/…` where there are several hierarchies. What a person's session runs is not the system's.
 */
export function serviceOf(cgroups: string): string | undefined {
  const paths = cgroups.split('\n').flatMap((line) => /^\d+:(?:name=systemd)?:(.*)$/.exec(line)?.[1] ?? []);
  const path = paths.find(
    (path) => path.endsWith('.service') && !/\/(?:user@|session-|user\.slice\/)/.test(path),
  );
  return path?.split('/').at(-1);
}

/** Not what a service only happens to have started, as a shell under that of remote logins. */
async function isMainOf(unit: string, pid: number): Promise<boolean> {
  const found = await unitProperties({}, unit, ['MainPID']);
  return !('unknown' in found) && found.MainPID === String(pid);
}

async function sharesFiles(pid: number): Promise<boolean> {
  const [own, others] = await Promise.all(
    ['self', pid].map((who) => readlink(`/proc/${who}/ns/mnt`).catch(() => '')),
  );
  return own === others;
}

/**
 * Its words as they are, but the program by its path: who starts it again may look for programs elsewhere. With relative
 * paths among them it has to be started in the same folder again.
 */
function commandOf({ command: [program = '', ...args], executable, workingDir }: EtcdProcess): string[] {
  const command = [program.includes('/') ? program : executable, ...args];
  const relative = command.some(
    (word, i) =>
      /^--?[\w-]+=\.{0,2}[\w-]*\//.test(word) ||
      (/^\.{0,2}[\w-]*\/./.test(word) && !isAbsolute(word)) ||
      (/^--?(?:data-dir|wal-dir|config-file)$/.test(command[i - 1] ?? '') && !isAbsolute(word)),
  );
  return relative ? ['env', `--chdir=${workingDir}`, ...command] : [...command];
}

async function logFileOf({ pid, dataDir, name }: EtcdProcess): Promise<string> {
  for (const descriptor of [1, 2]) {
    const path = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
    const found = path.startsWith('/') ? await stat(path).catch(() => undefined) : undefined;
    if (found?.isFile() === true) return path;
  }
  return join(dirname(dataDir), `${name}.log`);
}
