import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parse } from 'yaml';
import { flagsOf } from './etcd-settings.ts';
import { executableOf, processIds, rootOf, wordsOf } from './processes.ts';

/** Where kubeadm has the kubelet look for static pods. */
const usualFolder = '/etc/kubernetes/manifests';

/** The folders that kubelets of this machine watch for static pods; none where no kubelet runs. */
export async function watchedFolders(): Promise<string[]> {
  const folders: string[] = [];
  for (const { pid, words } of await runningKubelets())
    folders.push(await folderOf(pid, flagsOf(words.slice(1))));
  return [...new Set(folders)];
}

/** The programs of the kubelets that run on this machine. */
export async function kubelets(): Promise<string[]> {
  const found = await runningKubelets();
  return [...new Set(found.map(({ program }) => program))];
}

/** The kubelets that run on this machine, in a container or not. */
export async function runningKubelets(): Promise<
  { pid: number; words: readonly string[]; program: string }[]
> {
  const found = [];
  for (const pid of await processIds()) {
    const words = await wordsOf(pid).catch(() => []);
    const names = [(await executableOf(pid)) ?? '', words[0] ?? ''];
    const program = names.find((path) => basename(path) === 'kubelet');
    if (program !== undefined) found.push({ pid, words, program });
  }
  return found;
}

/** Its flag comes before its configuration file (KubeletConfiguration, staticPodPath). */
async function folderOf(pid: number, flags: ReadonlyMap<string, string>): Promise<string> {
  const told = flags.get('pod-manifest-path');
  const file = flags.get('config');
  const folder = told ?? (file === undefined ? undefined : await configured(`${await rootOf(pid)}${file}`));
  return (folder ?? usualFolder).replace(/(?<=.)\/$/, '');
}

async function configured(path: string): Promise<string | undefined> {
  try {
    const found = (parse(await readFile(path, 'utf8')) as { staticPodPath?: unknown } | null)?.staticPodPath;
    return typeof found === 'string' ? found : undefined;
  } catch {
    return undefined;
  }
}
