import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { logTail, tailOf } from '@holdfast/etcd/server-log';
import type { PodManifest } from './pod-manifest.ts';

/**
 * What the container of a static pod printed last, from the kubelet's files: `<namespace>_<pod>-<node>_<uid>/<container>/0.log`
 * with a number for each start; '' without any. A start that was ended before it said anything tells nothing of why the one
 * before it died.
 */
export async function podLogTail(
  podLogs: string,
  { namespace, name, container }: Pick<PodManifest, 'namespace' | 'name' | 'container'>,
): Promise<string> {
  const pods = (await readdir(podLogs).catch(() => [])).filter((each) =>
    each.startsWith(`${namespace}_${name}-`),
  );
  const files = await Promise.all(pods.map((pod) => logsIn(join(podLogs, pod, container))));
  for (const { path } of files.flat().toSorted((a, b) => b.at - a.at)) {
    const tail = tailOf(plain(await logTail(path)));
    if (tail !== '') return tail;
  }
  return '';
}

/** Lines of the container runtime's logs (Kubernetes, CRI logging): `2026-01-02T03:04:05.6Z stderr F text`. */
function plain(text: string): string {
  return text.replaceAll(/^\S+ (?:stdout|stderr) [FP] /gm, '');
}

async function logsIn(folder: string): Promise<{ path: string; at: number }[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.log'));
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      return {
        path,
        at: await stat(path).then(
          ({ mtimeMs }) => mtimeMs,
          () => 0,
        ),
      };
    }),
  );
}
