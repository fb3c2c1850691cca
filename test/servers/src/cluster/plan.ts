import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EtcdBinaries } from '../obtain/etcd-folder.ts';
import { etcdBinaries } from '../obtain/etcd.ts';
import { type ClusterCertificates, makeCertificates } from './certificates.ts';
import type { ClusterOptions, Credentials } from './options.ts';
import { reservePort } from './ports.ts';

/** One member before it runs. */
export interface PlannedMember {
  readonly name: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  readonly ports: { readonly client: number; readonly peer: number };
  readonly dataDir: string;
  readonly walDir: string | undefined;
  readonly logFile: string;
  readonly learner: boolean;
}

/**
 * A cluster before it runs: its names, ports and folders are fixed, so that data directories can be restored
 * for it first.
 */
export interface ClusterPlan {
  readonly options: ClusterOptions;
  readonly binaries: EtcdBinaries;
  readonly dir: string;
  /** Whether the folder goes with the cluster. */
  readonly ownsDir: boolean;
  readonly token: string;
  readonly members: readonly PlannedMember[];
  /** As --initial-cluster takes it; the learner is not in it. */
  readonly initialCluster: string;
  readonly tls: ClusterCertificates | undefined;
  readonly auth: Credentials | undefined;
}

/** etcd's own default for --initial-cluster-token. */
export const defaultClusterToken = 'etcd-cluster';

/** Plans a cluster: gets its etcd, reserves its ports and makes its certificates. */
export async function planCluster(options: ClusterOptions): Promise<ClusterPlan> {
  const binaries = await etcdBinaries(options.version, options.progress);
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'holdfast-etcd-')));
  await mkdir(dir, { recursive: true });
  const count = (options.members ?? 1) + (options.learner === true ? 1 : 0);
  const members: PlannedMember[] = [];
  for (let i = 0; i < count; i++) members.push(await planMember(i, dir, options));
  return {
    options,
    binaries,
    dir,
    ownsDir: options.dir === undefined,
    token:
      options.token ??
      (options.defaultToken === true ? defaultClusterToken : `t-${randomBytes(8).toString('hex')}`),
    members,
    initialCluster: members
      .filter(({ learner }) => !learner)
      .map(({ name, peerUrl }) => `${name}=${peerUrl}`)
      .join(','),
    tls: await certificatesFor(options.tls, dir),
    auth: await credentialsFor(options.auth, dir),
  };
}

async function planMember(i: number, dir: string, options: ClusterOptions): Promise<PlannedMember> {
  const name = options.names?.[i] ?? `m${i + 1}`;
  const ports = options.ports?.[i] ?? { client: await reservePort(), peer: await reservePort() };
  const scheme = options.tls === undefined || options.tls === false ? 'http' : 'https';
  return {
    name,
    ports,
    clientUrl: `${scheme}://127.0.0.1:${ports.client}`,
    peerUrl: `${scheme}://127.0.0.1:${ports.peer}`,
    dataDir: options.dataDirs?.[i] ?? join(dir, `${name}.etcd`),
    walDir: options.walDirs?.[i],
    logFile: join(dir, `${name}.log`),
    learner: i >= (options.members ?? 1),
  };
}

async function certificatesFor(
  tls: ClusterOptions['tls'],
  dir: string,
): Promise<ClusterCertificates | undefined> {
  if (tls === undefined || tls === false) return undefined;
  return tls === true ? makeCertificates(join(dir, 'tls')) : tls;
}

async function credentialsFor(auth: ClusterOptions['auth'], dir: string): Promise<Credentials | undefined> {
  if (auth === undefined || auth === false) return undefined;
  if (auth !== true) return auth;
  const credentials = {
    user: 'root',
    password: randomBytes(9).toString('base64url'),
    passwordFile: join(dir, 'password'),
  };
  await writeFile(credentials.passwordFile, credentials.password, { mode: 0o600 });
  return credentials;
}
