import { unzipProgram } from './archive/unzip.ts';
import { kubeApiserverBinary } from './kube-apiserver/obtain.ts';
import { etcdBinaries } from './obtain/etcd.ts';
import { messageOf } from './obtain/run.ts';
import { etcdMinors } from './obtain/versions.ts';
import type { Progress } from './obtain/ways.ts';
import { postgresqlPrograms } from './postgresql/obtain.ts';
import { cephPrograms } from './s3/obtain-ceph.ts';
import { minioCommand } from './s3/obtain-minio.ts';
import { rcloneCommand } from './s3/rclone.ts';
import { sealingPrograms } from './sealing/programs.ts';

/** Gets each part, and tells in a line what it is and where. */
const parts: Readonly<Record<string, (progress: Progress) => Promise<string>>> = {
  ...Object.fromEntries(
    etcdMinors.map((minor) => [
      minor,
      async (progress: Progress) => {
        const { version, etcd } = await etcdBinaries(minor, progress);
        return `etcd ${minor}: ${version}, ${etcd}`;
      },
    ]),
  ),
  'kube-apiserver': async (progress) => {
    const { version, path } = await kubeApiserverBinary(progress);
    return `kube-apiserver: ${version}, ${path}`;
  },
  radosgw: async (progress) => {
    const ceph = await cephPrograms(progress);
    return `radosgw: ${ceph.version}, ${ceph.path('radosgw')}`;
  },
  minio: async (progress) => `minio: ${await minioCommand(progress)}`,
  postgresql: async (progress) => {
    const postgresql = await postgresqlPrograms(progress);
    return `PostgreSQL: ${postgresql.version}, ${postgresql.path('postgres')}`;
  },
  rclone: async (progress) => `rclone: ${await rcloneCommand(progress)}`,
  unzip: async (progress) => `unzip: ${(await unzipProgram(progress)).unzip}`,
  sealing: async (progress) => `age and zstd: ${Object.values(await sealingPrograms(progress)).join(', ')}`,
};

/** Gets every part named on the command line, or all of them, before tests need them. */
async function prepare(wanted: readonly string[]): Promise<number> {
  let failed = 0;
  for (const name of wanted) {
    const get = parts[name];
    if (get === undefined) {
      console.error(`${name} is not one of ${Object.keys(parts).join(', ')}`);
      return 2;
    }
    try {
      console.log(await get((line) => console.log(line)));
    } catch (error) {
      console.error(messageOf(error));
      failed++;
    }
  }
  return failed === 0 ? 0 : 1;
}

const named = process.argv.slice(2);
process.exitCode = await prepare(named.length === 0 ? Object.keys(parts) : named);
