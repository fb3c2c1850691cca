import { basename, join } from 'node:path';
import type { ComponentKind, HostDescription } from '@holdfast/model';
import { commandProcesses } from './command-processes.ts';
import { placeOfManifest } from './held-manifest.ts';
import type { HostProcess } from './hosted.ts';
import { readPodManifest } from './pod-manifest.ts';
import { executableOf, processIds, startOf, wordsOf } from './processes.ts';
import { rancherFolder } from './rancher-folders.ts';

/** The processes of a part of the control plane; none of one that is known by its unit or its container alone. */
export async function componentProcesses(
  component: ComponentKind,
  run: HostDescription,
): Promise<HostProcess[]> {
  if (run.driver === 'process') return commandProcesses(component, run.command);
  if (run.driver === 'k3s-rke2' && run.runtime === 'rke2') return ofRke2(component, rancherFolder(run));
  if (run.driver !== 'static-pods') return [];
  const place = await placeOfManifest(run.manifest);
  if (place.at === 'nowhere') return [];
  const { words } = await readPodManifest(place.path, component);
  return commandProcesses(component, words, true);
}

/** RKE2 runs them in pods whose manifests it writes and removes itself; all are told of files in its folder. */
async function ofRke2(component: ComponentKind, folder: string): Promise<HostProcess[]> {
  const found: HostProcess[] = [];
  for (const pid of await processIds()) {
    const words = await wordsOf(pid).catch(() => []);
    const named = [words[0] ?? '', (await executableOf(pid)) ?? ''].some(
      (path) => basename(path) === component,
    );
    if (!named || !words.some((word) => word.includes(join(folder, 'server/')))) continue;
    const startedAt = await startOf(pid).catch(() => undefined);
    if (startedAt !== undefined) found.push({ pid, startedAt });
  }
  return found;
}
