import { join } from 'node:path';
import { type EtcdCluster, type EtcdMinor, etcdBinaries } from '@holdfast/test-servers';
import type { BenchDatabase } from './database.ts';
import type { Duel } from './duel.ts';
import { measure } from './measure.ts';
import { holdfast, thenRemove } from './ours.ts';

/** Save: ours checks the SHA-256, asks HashKV, fsyncs and writes a manifest; etcdctl's checks nothing. */
export async function saveDuel(cluster: EtcdCluster, version: EtcdMinor, folder: string): Promise<Duel> {
  const { etcdctl } = await etcdBinaries(version);
  const { tls } = cluster;
  const secured = tlsFlags(cluster);
  const endpoint = cluster.endpoints[0]!;
  const repo = join(folder, 'repository');
  const file = join(folder, 'etcdctl.db');
  return {
    what: tls === undefined ? 'snapshot save' : 'snapshot save, TLS',
    theirs: 'etcdctl snapshot save',
    atMost: 1,
    ours: async () =>
      await thenRemove(
        holdfast(['snapshot', 'save', '--no-verify', '--endpoints', endpoint, ...secured, '--repo', repo]),
        repo,
      ),
    reference: async () =>
      await thenRemove(
        measure(
          etcdctl,
          ['snapshot', 'save', file, `--endpoints=${endpoint}`, '--command-timeout=600s', ...secured],
          { ETCDCTL_API: '3' },
        ),
        file,
      ),
  };
}

/** As etcdctl and ours both take them. */
export function tlsFlags({ tls }: EtcdCluster): string[] {
  return tls === undefined ? [] : ['--cacert', tls.cacert, '--cert', tls.cert, '--key', tls.key];
}

/** Verify: SHA-256, walk, records and HashKV; status walks and sums, and does not look at the SHA-256. */
export async function verifyDuel(
  database: BenchDatabase,
  repo: string,
  name: string,
  version: EtcdMinor,
): Promise<Duel> {
  const { etcdctl, etcdutl } = await etcdBinaries(version);
  return {
    what: 'snapshot verify',
    theirs: `${etcdutl === undefined ? 'etcdctl' : 'etcdutl'} snapshot status`,
    atMost: 1,
    ours: async () => await holdfast(['snapshot', 'verify', name, '--repo', repo]),
    reference: async () =>
      await measure(etcdutl ?? etcdctl, ['snapshot', 'status', database.snapshot], { ETCDCTL_API: '3' }),
  };
}

/** The same against what it takes with other tools to look at the SHA-256 too: its fastest common tool, then status. */
export async function verifyFullyDuel(
  database: BenchDatabase,
  repo: string,
  name: string,
  version: EtcdMinor,
): Promise<Duel> {
  const { etcdctl, etcdutl } = await etcdBinaries(version);
  const sha256 = 'if command -v openssl; then openssl dgst -sha256 "$2"; else sha256sum "$2"; fi';
  const both = `${sha256} && "$1" snapshot status "$2"`;
  return {
    ...(await verifyDuel(database, repo, name, version)),
    theirs: 'SHA-256, then status',
    reference: async () =>
      await measure('sh', ['-c', both, 'sh', etcdutl ?? etcdctl, database.snapshot], { ETCDCTL_API: '3' }),
  };
}

/** A cluster of one member, as every tool takes it. */
export const onlyMember = [
  ['--name', 'm1'],
  ['--initial-cluster', 'm1=http://127.0.0.1:2380'],
  ['--initial-advertise-peer-urls', 'http://127.0.0.1:2380'],
].flat();

/** Restore of one member, both with fsync; ours bumps the revision too. */
export async function restoreDuel(
  database: BenchDatabase,
  folder: string,
  version: EtcdMinor,
): Promise<Duel> {
  const { etcdctl, etcdutl } = await etcdBinaries(version);
  const [ours, theirs] = [join(folder, 'ours.etcd'), join(folder, 'theirs.etcd')];
  return {
    what: 'restore datadir',
    theirs: `${etcdutl === undefined ? 'etcdctl' : 'etcdutl'} snapshot restore`,
    atMost: 0.5,
    ours: async () =>
      await thenRemove(
        holdfast(['restore', 'datadir', '--file', database.snapshot, '--data-dir', ours, ...onlyMember]),
        ours,
      ),
    reference: async () =>
      await thenRemove(
        measure(
          etcdutl ?? etcdctl,
          ['snapshot', 'restore', database.snapshot, '--data-dir', theirs, ...onlyMember],
          { ETCDCTL_API: '3' },
        ),
        theirs,
      ),
  };
}
