import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  cacheFolder,
  churn,
  type EtcdCluster,
  type EtcdMinor,
  fillKubernetes,
  startCluster,
} from '@holdfast/test-servers';

/** A database made once and kept in the cache: a data directory to serve from, and its snapshot. */
export interface BenchDatabase {
  /** Serves the data directory; the caller ends it. */
  serve(tls: boolean): Promise<EtcdCluster>;
  /** A file saved with etcd's own tool. */
  readonly snapshot: string;
  readonly bytes: number;
}

/** Kubernetes-like objects of 4.6 KB on average, then a fifth of them changed, so that there is history. */
export async function benchDatabase(
  version: EtcdMinor,
  megabytes: number,
  tell: (line: string) => void,
): Promise<BenchDatabase> {
  const folder = join(cacheFolder(), 'bench', `etcd-${version}-${megabytes}m`);
  if (!existsSync(folder)) await make(version, megabytes, folder, tell);
  const snapshot = join(folder, 'snapshot.db');
  const dataDir = join(folder, 'm1.etcd');
  return {
    serve: async (tls) => await startCluster({ version, tls, dataDirs: [dataDir], fsync: true, quota }),
    snapshot,
    bytes: statSync(snapshot).size,
  };
}

const quota = 8 * 1024 ** 3;

async function make(
  version: EtcdMinor,
  megabytes: number,
  folder: string,
  tell: (line: string) => void,
): Promise<void> {
  tell(`filling etcd ${version} with ${megabytes} MB, once`);
  const unfinished = `${folder}.${process.pid}`;
  try {
    const cluster = await startCluster({ version, dir: unfinished, quota });
    const objects = Math.ceil((megabytes * 1e6) / 6_000);
    await fillKubernetes(cluster, { objects, seed: 1, perTxn: 50, concurrency: 8 });
    await churn(cluster, { objects, seed: 1, changes: Math.ceil(objects / 5), perTxn: 50, concurrency: 8 });
    await cluster.snapshotSave(join(unfinished, 'snapshot.db'));
    await cluster.stopAll();
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
