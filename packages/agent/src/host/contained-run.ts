import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { HostDescription } from '@holdfast/model';
import { docker, inspectContainer } from './docker.ts';
import { watchedFolders } from './kubelets.ts';
import type { Mount } from './mounts.ts';
import { readPodManifest, type PodManifest } from './pod-manifest.ts';
import { rancherFolder } from './rancher-folders.ts';
import type { HostAccess } from './run-command.ts';

/** How what lives in a container is run, and which folders of the machine it sees. */
export interface ContainedRun {
  readonly run: HostDescription;
  readonly mounts: readonly Mount[];
}

/**
 * How a process in a container is run; undefined where neither a static pod of this machine nor Docker has it.
 *
 * @param program what it runs, as `etcd`
 * @param words its command
 */
export async function containedRun(
  pid: number,
  program: string,
  words: readonly string[],
  access: HostAccess,
): Promise<ContainedRun | undefined> {
  for (const folder of await watchedFolders())
    for (const name of await readdir(folder).catch(() => [])) {
      const manifest = join(folder, name);
      const pod = await readPodManifest(manifest, program).catch(() => undefined);
      if (pod !== undefined && isRunOf(words, pod))
        return { run: podRun(folder, manifest), mounts: pod.mounts };
    }
  return dockerRun(pid, access);
}

/** Its program may be named by its path, or not; the rest is the same. */
function isRunOf([first = '', ...args]: readonly string[], { words }: PodManifest): boolean {
  const [named = '', ...described] = words;
  return (
    basename(first) === basename(named) &&
    args.length === described.length &&
    // A variable of the pod may stand in a word.
    args.every((word, i) => word === described[i] || described[i]!.includes('$('))
  );
}

/** The kubelet of RKE2 watches a folder of its own, which it fills itself. */
function podRun(folder: string, manifest: string): HostDescription {
  const [, own] = /^(.+)\/agent\/pod-manifests$/.exec(folder) ?? [];
  if (own === undefined) return { driver: 'static-pods', manifest, podLogs: '/var/log/pods' };
  const usual = rancherFolder({ runtime: 'rke2' });
  return { driver: 'k3s-rke2', runtime: 'rke2', ...(own !== usual && { dataDir: own }) };
}

async function dockerRun(pid: number, access: HostAccess): Promise<ContainedRun | undefined> {
  const { status, stdout } = await docker(access, ['ps', '--quiet', '--no-trunc']);
  for (const id of status === 0 ? stdout.split(/\s+/).filter(Boolean) : []) {
    const found = await inspectContainer(access, id);
    if (typeof found === 'string' || found.pid !== pid) continue;
    const { name, restart, mounts } = found;
    return { run: { driver: 'docker', container: name, restart }, mounts };
  }
  return undefined;
}
