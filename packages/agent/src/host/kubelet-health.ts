import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { flagsOf } from './etcd-settings.ts';
import { runningKubelets } from './kubelets.ts';
import { rootOf } from './processes.ts';
import { statusOf } from './readiness.ts';

/** Where a kubelet that is told nothing else answers (KubeletConfiguration, healthzBindAddress and healthzPort). */
const usual = { address: '127.0.0.1', port: 10248 };

/**
 * What the kubelet of this machine answers when it is asked whether it is well: the status, or why there is none. One inside of
 * K3s has no process of its own and answers at the usual place.
 *
 * @param pid its process, where that is known to be the kubelet's or of who has started it
 */
export async function kubeletHealth(pid: number | undefined, signal: AbortSignal): Promise<number | string> {
  const url = await healthzUrl(pid);
  return url === undefined ? 'it is told to serve no healthz' : await statusOf(url, signal);
}

/** Undefined where it is told to serve none. */
async function healthzUrl(pid: number | undefined): Promise<string | undefined> {
  const kubelets = await runningKubelets();
  const kubelet = kubelets.find((each) => each.pid === pid) ?? kubelets[0];
  const flags = flagsOf(kubelet?.words.slice(1) ?? []);
  const file = flags.get('config');
  const written = kubelet === undefined || file === undefined ? {} : await configured(kubelet.pid, file);
  const port = Number(flags.get('healthz-port') ?? written.healthzPort ?? usual.port);
  if (port === 0) return undefined;
  const told = flags.get('healthz-bind-address') ?? written.healthzBindAddress ?? usual.address;
  const address = told === '0.0.0.0' || told === '::' ? usual.address : told;
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}/healthz`;
}

/** What matters here of a KubeletConfiguration. */
const Written = z.object({
  healthzPort: z.number().optional().catch(undefined),
  healthzBindAddress: z.string().optional().catch(undefined),
});
type Written = z.infer<typeof Written>;

async function configured(pid: number, file: string): Promise<Written> {
  try {
    return Written.parse(parse(await readFile(`${await rootOf(pid)}${file}`, 'utf8')));
  } catch {
    return {};
  }
}
