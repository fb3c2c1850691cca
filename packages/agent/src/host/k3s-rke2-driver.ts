import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Clock } from '@holdfast/base';
import { runBy, whyCannotJoin, type MemberDescription } from '@holdfast/model';
import { putNew, stands } from '../on-disk.ts';
import type { EtcdDriver, HostDriver } from './driver.ts';
import { endProcesses, type Patience } from './end-processes.ts';
import { surviveFirstMoments } from './first-moments.ts';
import { notStarted, type Hosted } from './hosted.ts';
import { stopGraceMs } from './patience.ts';
import { podLogTail } from './pod-log.ts';
import { rancherFolder, type RancherRun } from './rancher-folders.ts';
import type { HostAccess } from './run-command.ts';
import { systemdDriver } from './systemd-driver.ts';

/** Where the kubelet of RKE2 keeps what containers print. */
const podLogs = '/var/log/pods';
/** Its pods are ended by nobody else, and its kubelet ends with the unit. */
const leftAlone: Patience = { termMs: 0, killMs: stopGraceMs, quietMs: 1_000 };

/**
 * Has a server of K3s or RKE2 run it, as its unit says. One unit runs etcd and the control plane:
 *
 * - K3s has all of them in one process. To stop one is to stop all, and a start brings all of them up with etcd.
 * - RKE2 has each in a pod of its own kubelet, which ends with the unit; the pods do not (KillMode=process). What is left of
 *   the one that is meant is ended here. `rke2-killall.sh` is not called: it would end every other pod of the node too, take
 *   network interfaces away and flush the rules of its firewall.
 */
export function rancherDriver(hosted: Hosted, run: RancherRun, clock: Clock, access: HostAccess): HostDriver {
  // What is run is a part of the program of the unit, so that tells nothing of its version.
  const unit = { ...systemdDriver(hosted, runBy(run), clock, access), program: async () => undefined };
  if (run.runtime === 'k3s') return unit;
  const pod = { namespace: 'kube-system', name: hosted.program, container: hosted.program };
  const tail = async (): Promise<string> => podLogTail(podLogs, pod);
  return {
    ...unit,
    async state(signal) {
      const state = await unit.state(signal);
      const [found] = await hosted.processes();
      const { running, detail } = state;
      if (found === undefined) return { running, detail };
      return {
        running: true,
        pid: found.pid,
        detail: `${detail}, process ${found.pid} is ${hosted.program}`,
      };
    },
    async stop(signal) {
      const stopped = await unit.stop(signal);
      return (await endProcesses(hosted, clock, signal, leftAlone)) || stopped;
    },
    async start(signal) {
      const before = await tail();
      await unit.start(signal);
      const said = { tail, log: podLogs };
      await surviveFirstMoments(hosted, clock, signal, said, before, run.runtime);
    },
    logTail: async () => (await tail()) || unit.logTail(),
  };
}

/**
 * The same of an etcd. What K3s and RKE2 have of it (k3s, pkg/etcd/etcd.go):
 *
 * - `server/db/etcd/name` is what the member is called. They compare it, with its peer URL, to the members of the data, and
 *   do not come up where they are not among them; without the file they make a new name up. So the description has to have the
 *   name, and a start writes the file where it is missing, as on a new machine.
 * - `server/db/etcd/config` they write at each start. With a log in `member/wal` etcd does not look at what it says of a first
 *   cluster, nor do they try to join one.
 * - `server/db/etcd/tombstone` has them move the whole folder away at the next start, and join anew. `server/db/reset-flag`
 *   stands from a `--cluster-reset` until the start after it. Neither may be there.
 */
export function rancherEtcd(
  hosted: Hosted,
  run: RancherRun,
  member: MemberDescription,
  clock: Clock,
  access: HostAccess,
): EtcdDriver {
  const driver = rancherDriver(hosted, run, clock, access);
  const nameFile = join(member.dataDir, 'name');
  return {
    ...driver,
    async start(signal) {
      const why = await whyNotFrom(run, member);
      if (why !== undefined) throw notStarted(hosted, why);
      if (!(await stands(nameFile))) await putNew(nameFile, member.name, 0o600, `${nameFile}.holdfast`);
      await driver.start(signal);
    },
    async whyUnstartable(signal) {
      return (await whyNotFrom(run, member)) ?? driver.whyUnstartable(signal);
    },
    async tellJoin(join) {
      const why = join === undefined ? undefined : whyCannotJoin(run);
      if (why !== undefined) throw notStarted(hosted, why);
    },
  };
}

/** Why it would not come up with what is put into its data directory. */
async function whyNotFrom(
  run: RancherRun,
  { name, dataDir }: MemberDescription,
): Promise<string | undefined> {
  const { runtime } = run;
  const own = join(rancherFolder(run), 'server', 'db', 'etcd');
  if (resolve(dataDir) !== own) return `${runtime} keeps the data of its etcd in ${own}, not in ${dataDir}`;
  const tombstone = join(own, 'tombstone');
  if (await stands(tombstone))
    return `${tombstone} stands, for which ${runtime} would move its data away as it starts: take that file away`;
  const reset = join(dirname(own), 'reset-flag');
  if (await stands(reset))
    return `${reset} stands: its membership was reset, and ${runtime} has not been started since; start it once, or take that file away`;
  const named = await readFile(join(own, 'name'), 'utf8').catch(() => name);
  if (named.trim() === name) return undefined;
  return `${runtime} calls this member ${named.trim()} (${join(own, 'name')}), and it is described as ${name}`;
}
