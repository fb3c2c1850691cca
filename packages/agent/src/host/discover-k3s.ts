import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  hostOf,
  runBy,
  type ComponentDescription,
  type ComponentKind,
  type HostDescription,
  type MemberDescription,
} from '@holdfast/model';
import { etcdSettings } from './etcd-settings.ts';
import { listeningUrls } from './listeners.ts';
import { processIds, wordsOf } from './processes.ts';
import { rancherFolder } from './rancher-folders.ts';
import { serviceOf } from './run-of.ts';

/** A server of K3s with an etcd of its own, which has no process that is called so. */
export interface FoundK3s {
  readonly member: MemberDescription;
  /** Without names: they are those of a machine. */
  readonly components: readonly Omit<ComponentDescription, 'name'>[];
}

/** Where its parts listen, beside the API server: each on loopback. */
const loopbackParts: readonly [ComponentKind, string][] = [
  ['kube-controller-manager', 'https://127.0.0.1:10257'],
  ['kube-scheduler', 'https://127.0.0.1:10259'],
];

/** The server of K3s on this machine; undefined without one, or one that has no etcd. A string tells why it is not described. */
export async function discoverK3s(): Promise<FoundK3s | string | undefined> {
  for (const pid of await processIds()) {
    // It calls itself so, in one word, as soon as it has read its arguments.
    const words = (await wordsOf(pid).catch(() => [])).join(' ');
    if (!/^(?:\S*\/)?k3s server(?: |$)/.test(words)) continue;
    const unit = serviceOf(await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => ''));
    if (unit === undefined)
      return `process ${pid} is a server of K3s that no unit runs, and is not described`;
    return describe(pid, unit);
  }
  return undefined;
}

async function describe(pid: number, unit: string): Promise<FoundK3s | string> {
  const usual = { driver: 'k3s-rke2', runtime: 'k3s' } as const;
  const run: HostDescription = { ...usual, ...(unit !== runBy(usual) && { unit }) };
  const dataDir = join(rancherFolder(run), 'server', 'db', 'etcd');
  const args = [`--config-file=${join(dataDir, 'config')}`];
  const settings = await etcdSettings(args, {}, (path) => readFile(path, 'utf8')).catch(() => undefined);
  if (settings === undefined)
    return `process ${pid} is a server of K3s without an etcd in ${dataDir}, and is not described`;
  const { name, peerUrls, clientUrls } = settings;
  const member = { name, peerUrls: [...peerUrls], clientUrls: [...clientUrls], dataDir, run };
  const host = hostOf(clientUrls[0] ?? '') ?? '127.0.0.1';
  const api: [ComponentKind, string] = [
    'kube-apiserver',
    `https://${host.includes(':') ? `[${host}]` : host}:6443`,
  ];
  const listening = await listeningUrls([api, ...loopbackParts].map(([, url]) => url));
  const components = [api, ...loopbackParts].flatMap(([component, url]) =>
    listening.includes(url) ? [{ component, urls: [url], run }] : [],
  );
  return { member, components };
}
