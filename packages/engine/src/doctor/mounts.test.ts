import { describe, expect, it } from 'vitest';
import { mountOf } from './mounts.ts';

const mountinfo = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
35 22 0:30 / /run rw,nosuid shared:5 - tmpfs tmpfs rw
40 22 0:44 / /mnt/with\\040space rw - nfs4 nas:/x rw
41 22 0:45 / /backup/ro ro,relatime - ext4 /dev/sdc1 ro`;
const fstab = `# <file system> <mount point> <type> <options>
UUID=1 / ext4 defaults 0 1
nas:/etcd /backup/etcd nfs4 defaults,_netdev 0 0
nas:/x /mnt/with\\040space nfs4 defaults 0 0
nas:/hand /backup/hand nfs noauto 0 0
/dev/sdb2 none swap sw 0 0
tmpfs /tmp/ tmpfs defaults 0 0`;

const of = (folder: string) => {
  const { mounted, missing } = mountOf(folder, fstab, mountinfo);
  return [mounted?.point, mounted?.type, missing?.point];
};

describe('the file system that a folder is on', () => {
  it.each([
    ['/var/lib/holdfast', ['/', 'ext4', undefined]],
    ['/backup/etcd', ['/', 'ext4', '/backup/etcd']],
    ['/backup/etcd/prod', ['/', 'ext4', '/backup/etcd']],
    ['/backup/etcd-other', ['/', 'ext4', undefined]],
    ['/backup/hand/x', ['/', 'ext4', undefined]],
    ['/mnt/with space/repo', ['/mnt/with space', 'nfs4', undefined]],
    ['/backup/ro/x', ['/backup/ro', 'ext4', undefined]],
    ['/tmp/x', ['/', 'ext4', '/tmp']],
  ])('%s', (folder, expected) => {
    expect(of(folder)).toEqual(expected);
  });

  it('is not known where the kernel tells nothing, and what should be there is missing', () => {
    expect(mountOf('/backup/etcd', fstab, '')).toMatchObject({ missing: { point: '/backup/etcd' } });
    expect(mountOf('/x', '', '')).toEqual({ mounted: undefined, missing: undefined });
  });
});
