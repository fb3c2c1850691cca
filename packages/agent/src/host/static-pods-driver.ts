import { dirname } from 'node:path';
import type { Clock } from '@holdfast/base';
import type { HostDescription } from '@holdfast/model';
import type { EtcdDriver, HostDriver, HostState } from './driver.ts';
import { endProcesses, type Patience } from './end-processes.ts';
import { surviveFirstMoments } from './first-moments.ts';
import {
  holdManifest,
  nowhere,
  placeOfManifest,
  returnManifest,
  tellManifest,
  untellManifest,
  whyNotHeld,
} from './held-manifest.ts';
import { notStarted, type Hosted } from './hosted.ts';
import { imageVersion } from './image-version.ts';
import { watchedFolders } from './kubelets.ts';
import { podLogTail } from './pod-log.ts';
import { readPodManifest, type PodManifest } from './pod-manifest.ts';

type StaticPodRun = Extract<HostDescription, { driver: 'static-pods' }>;

/**
 * Milliseconds in which a kubelet has seen for certain that a file is gone: it looks at the folder every 20 s where it is told
 * of no change (KubeletConfiguration, fileCheckFrequency).
 */
const noticedMs = 21_000;
/** It ends a container itself, for which it takes as long as the pod says, at most; without a kubelet nobody does. */
const byKubelet: Patience = { termMs: noticedMs, killMs: 40_000, quietMs: 1_000 };
const alone: Patience = { termMs: 0, killMs: 20_000, quietMs: 0 };

/**
 * Has the kubelet run it as a static pod. Stopped is what has its manifest moved out of the folder that the kubelet watches:
 * neither it nor a boot starts that again.
 */
export function staticPodsDriver(hosted: Hosted, run: StaticPodRun, clock: Clock): HostDriver {
  const { manifest } = run;
  const pod = async (): Promise<PodManifest> => {
    const place = await placeOfManifest(manifest);
    if (place.at === 'nowhere') throw new Error(nowhere(manifest));
    return readPodManifest(place.path, hosted.program);
  };
  const tail = async (): Promise<string> => {
    const read = await pod().catch(() => undefined);
    return read === undefined ? '' : podLogTail(run.podLogs, read);
  };

  return {
    state: async () => stateOf(hosted, manifest),
    async stop(signal) {
      const before = await hosted.processes();
      const held = await holdManifest(manifest);
      if (!held && before.length === 0) return false;
      const watched = (await watchedFolders()).includes(dirname(manifest));
      // One that dies again and again may be about to be started when its manifest goes.
      const quietMs = before.length === 0 ? noticedMs : byKubelet.quietMs;
      await endProcesses(hosted, clock, signal, watched ? { ...byKubelet, quietMs } : alone);
      return true;
    },
    async start(signal) {
      const before = await tail();
      if ((await placeOfManifest(manifest)).at === 'nowhere') throw notStarted(hosted, nowhere(manifest));
      await returnManifest(manifest);
      const said = { tail, log: run.podLogs };
      await surviveFirstMoments(hosted, clock, signal, said, before, 'the kubelet');
    },
    async whyUnstartable() {
      try {
        await pod();
        const folders = await watchedFolders();
        if (!folders.includes(dirname(manifest)))
          return `no kubelet runs here that watches ${dirname(manifest)}, so nothing would start what lies there`;
        return await whyNotHeld(manifest);
      } catch (error) {
        return (error as Error).message;
      }
    },
    // It lies in an image. That is not looked for: a kubelet fetches it where it is not there.
    program: async () => undefined,
    version: async () => imageVersion((await pod().catch(() => undefined))?.image),
    logTail: tail,
  };
}

/** The same of an etcd, which can be told that it joins. */
export function staticPodsEtcd(hosted: Hosted, run: StaticPodRun, clock: Clock): EtcdDriver {
  const driver = staticPodsDriver(hosted, run, clock);
  return {
    ...driver,
    async tellJoin(join, signal) {
      try {
        if (join !== undefined) await tellManifest(run.manifest, join);
        // A change in the watched folder would have the kubelet restart a member that serves: that its flags stay until it
        // is stopped is what kubeadm does too, since beside a log they count for nothing.
        else if (!(await driver.state(signal)).running) await untellManifest(run.manifest);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).syscall !== undefined) throw error;
        throw notStarted(hosted, (error as Error).message, {}, { cause: error });
      }
    },
  };
}

async function stateOf(hosted: Hosted, manifest: string): Promise<HostState> {
  const place = await placeOfManifest(manifest);
  const [found] = await hosted.processes();
  if (found !== undefined)
    return { running: true, pid: found.pid, detail: `process ${found.pid} has ${hosted.mark}` };
  if (place.at === 'watched')
    return { running: true, detail: `${manifest} is where the kubelet starts it, and no process runs` };
  const detail = place.at === 'held' ? `its manifest is put aside as ${place.path}` : nowhere(manifest);
  return { running: false, detail };
}
