import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { etcdOrSkip, killEtcdsUnder, type PlannedMember } from '@holdfast/test-servers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Lab } from './lab.ts';
import { expectOld } from './outcome.ts';
import { before, runSnapshot } from './stopped-at.ts';

const { skip } = await etcdOrSkip('3.6');

/** Megabytes for a database and two files of log, of which etcd reserves one, and a few more. */
const tooSmall = 150;

/** Only root may mount. */
function canMount(): boolean {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-mount-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', dir]).status === 0;
  if (mounted) execFileSync('umount', [dir]);
  rmSync(dir, { recursive: true });
  return mounted;
}

describe.skipIf(skip || !canMount())('the disk of one member is full', () => {
  let lab: Lab;
  let small: PlannedMember;
  beforeAll(async () => {
    lab = await Lab.make({ version: '3.6', members: 3 });
    small = lab.members[2]!;
  });
  afterEach(async () => {
    await killEtcdsUnder(lab.dir);
    spawnSync('umount', [small.dataDir]);
  });
  afterAll(async () => lab[Symbol.asyncDispose]());

  /** A cluster that runs, where m3 has a disk of its own of so many megabytes. */
  async function withSmallDisk(megabytes: number): Promise<void> {
    await lab.reset();
    const aside = `${small.dataDir}.aside`;
    renameSync(small.dataDir, aside);
    execFileSync('mkdir', ['-m', '0700', small.dataDir]);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', small.dataDir]);
    execFileSync('cp', ['-r', '--sparse=always', join(aside, 'member'), small.dataDir]);
    rmSync(aside, { recursive: true });
    await lab.start();
  }

  test('which is seen before anything is touched', async () => {
    await withSmallDisk(tooSmall);
    const { status, stderr } = await lab.restore(runSnapshot(lab));
    expect({ status, stderr }).toEqual({
      status: 14,
      stderr: expect.stringMatching(/P11.*m3: .* are needed and .* are free/) as string,
    });
    await expectOld(lab, lab.members);
  });

  test('and somebody wanted it all the same: everything is put back, and why is said', async () => {
    await withSmallDisk(tooSmall);
    const args = runSnapshot(lab, '--skip', 'P11', '--reason', 'the disk is grown online');
    const { status, stderr } = await lab.restore(args);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(
        /everything was put back[\s\S]*why:.*m3[\s\S]* are needed and .* are free/,
      ) as string,
    });
    await expectOld(lab, lab.members);
  });

  test('from the moment on at which its new data is built: everything is put back, and why is said', async () => {
    await withSmallDisk(1000);
    const hog = join(small.dataDir, 'hog');
    const { status, stderr } = await lab.restore(runSnapshot(lab), { ...before(lab, 'stage', 'fill'), hog });
    rmSync(hog);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/everything was put back[\s\S]*why:.*stage.*m3.*(full|space)/) as string,
    });
    await expectOld(lab, lab.members);
  });
});
