import { cpSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { provisioningSpec } from '../../../packages/engine/src/adopt/testing/k3s.ts';
import { rkeZip } from '../../../packages/engine/src/adopt/testing/rke.ts';
import { testTar } from '../../../packages/engine/src/adopt/testing/tar.ts';
import { testZip } from '../../../packages/engine/src/adopt/testing/zip.ts';

/** What somebody who inherits a cluster finds: file by file, in a folder and in a bucket. */
export interface Inheritance {
  /** By their paths in the place. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Names of those that can be restored, each with the keys of the cluster that was saved. */
  readonly sound: readonly string[];
}

/** Of all of them: what no name tells of a time is of the time of its file. */
const left = new Date('2024-11-19T06:00:00Z');

/** What RKE, Rancher 1.6 and people left on a disk, with damaged and hostile things among it. @param content of a real etcd */
export function onDisk(content: Uint8Array): Inheritance {
  const database = content.subarray(0, -32);
  const changed = Buffer.from(content);
  changed[Math.floor(changed.length / 2)]! ^= 1;
  const rke = 'rke_etcd_snapshot_2024-11-18T03:00:00Z';
  const recurring = '2024-11-18T12:00:00Z_etcd';
  const old = '2018-04-09T15:03:54Z_etcd_1';
  return {
    sound: [rke, recurring, 'nightly.db', 'copied.db', 'weekly.db.gz', 'renamed'],
    files: new Map<string, Uint8Array>([
      [`rke/${rke}.zip`, rkeZip(rke, content)],
      [`rke/${recurring}`, content],
      ['rke/pki.bundle.tar.gz', gzipSync(testTar([{ name: 'kube-ca.pem', content: Buffer.from('a CA') }]))],
      [`rancher16/${old}/member/wal/0000000000000000-0000000000000000.wal`, Buffer.alloc(4096, 7)],
      [`rancher16/${old}/member/snap/0000000000000002-0000000000000010.snap`, Buffer.from('raft')],
      ['plain/nightly.db', content],
      ['plain/copied.db', Buffer.concat([database, Buffer.alloc(64 * 1024)])],
      ['plain/weekly.db.gz', gzipSync(content)],
      ['plain/renamed', content.map((byte) => byte)],
      ['plain/changed.db', changed],
      ['plain/cut.db', content.subarray(0, 8192)],
      ['plain/notes.txt', Buffer.from('ask Anna for the token\n')],
      ['hostile/slip-snapshot.zip', testZip([{ name: '../../outside/snapshot.db', content }])],
      [
        'hostile/link-snapshot.zip',
        testZip([{ name: 'db', content: Buffer.from('/etc/shadow'), mode: 0o120777 }]),
      ],
      ['hostile/bomb-snapshot.zip', testZip([{ name: 'db', content: Buffer.alloc(64 * 1024 * 1024) }])],
      ['hostile/slip-etcd.tar', testTar([{ name: '../outside/db', content }])],
      ['hostile/device-etcd.tar', testTar([{ name: 'db', type: '3' }])],
    ]),
  };
}

/** What K3s, RKE2 and Alauda left in a bucket. */
export function inBucket(content: Uint8Array): Inheritance {
  const k3s = 'etcd-snapshot-cp-1-1731600000';
  const rke2 = 'on-demand-cp-2-1731610000';
  const alauda = 'snapshot-etcd-2024-11-17-030000-10.0.0.1.tar';
  const zip = testZip([{ name: rke2, content }]);
  return {
    sound: [k3s, `${rke2}.zip`, alauda],
    files: new Map<string, Uint8Array>([
      [k3s, content],
      [`.metadata/${k3s}`, provisioningSpec('v1.33.4+k3s1')],
      [`${rke2}.zip`, zip],
      [`.metadata/${rke2}.zip`, provisioningSpec('v1.33.4+rke2r1')],
      ['etcd-snapshot-cp-3-1731620000.zip', zip.subarray(0, zip.length - 200)],
      [`cpaas/${alauda}`, testTar([{ name: 'snapshot.db', content }])],
    ]),
  };
}

/** Writes it to a folder. */
export function leaveIn(folder: string, { files }: Inheritance): void {
  for (const [path, content] of files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    utimesSync(file, left, left);
  }
}

/** Copies a stopped member's data directory there. */
export function leaveDataDir(folder: string, dataDir: string): void {
  cpSync(join(dataDir, 'member'), join(folder, 'cp-9', 'member'), { recursive: true });
}

/** Every file below a folder with what it holds, to see that nothing was changed. */
export function bytesOf(folder: string, inheritance: Inheritance): [string, boolean][] {
  return [...inheritance.files].map(([path, content]) => [
    path,
    Buffer.compare(readFileSync(join(folder, path)), content) === 0,
  ]);
}
