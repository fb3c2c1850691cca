import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { etcdOrSkip, startCluster } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { holdfast, type Ran } from '../testing/io.ts';

const etcd = await etcdOrSkip('3.6');

describe.skipIf(etcd.skip)('drill', () => {
  const program = etcd.skip ? '' : etcd.binaries.etcd;
  let folder: string;
  let env: Record<string, string>;
  const cli = async (words: string): Promise<Ran> =>
    await holdfast(words.split(' '), { env, clock: systemClock });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-drills-'));
    env = {
      HOLDFAST_REPO: join(folder, 'repository'),
      HOLDFAST_STATE_DIR: join(folder, 'state'),
      HOLDFAST_ETCD: program,
    };
    await using cluster = await startCluster({ version: '3.6' });
    await cluster.gateway().put('a', 'one');
    for (const name of ['first', 'second']) {
      const { exit, stderr } = await cli(`snapshot save --endpoints ${cluster.endpoints[0]} --name ${name}`);
      expect([exit, stderr]).toEqual([0, expect.any(String)]);
    }
  });
  afterAll(async () => rm(folder, { recursive: true }));

  test('before the first one the list is empty', async () => {
    expect(await cli('drill list')).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/^No drills yet/) as string,
    });
  });

  test('the newest snapshot is drilled unless another is named; each check and the times are shown', async () => {
    const { exit, stdout } = await cli('drill run');
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^passed second, .* at revision 2, with etcd 3\.6\.\d+ at /);
    expect(stdout).toMatch(
      /\n {2}hashkv +ok +\d+ at revision 2, as computed from the file and on the member/,
    );
    expect(stdout).toMatch(/\nTime to recover: \d+\.\d+s \(restore .*, start .*, questions .*\)\n$/);
    const named = await cli('drill run first --json');
    expect(named.exit).toBe(0);
    expect(JSON.parse(named.stdout)).toMatchObject({ kind: 'DrillReport', snapshot: { name: 'first' } });
  });

  test('one that failed is printed and kept, and the exit status is 4', async () => {
    const { exit, stdout, stderr } = await cli('drill run latest --etcd /nowhere/etcd');
    expect(exit).toBe(4);
    expect(stdout).toMatch(/^failed second, .*, with no etcd at /);
    expect(stderr).toContain('program: /nowhere/etcd: there is no such program');
  });

  test('the list shows the trend, newest first, and names reports that are not what was written', async () => {
    const { exit, stdout } = await cli('drill list');
    expect(exit).toBe(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {3,}/).slice(2));
    expect(lines).toEqual([
      ['SNAPSHOT', 'OUTCOME', 'TIME TO RECOVER', 'CHANGE'],
      ['second', 'failed: program', '-', '-'],
      ['first', 'passed', expect.stringMatching(/s$/), expect.stringMatching(/^[+-]\d/)],
      ['second', 'passed', expect.stringMatching(/s$/), '-'],
    ]);
    const drills = join(folder, 'state', 'drills');
    const [oldest] = (await readdir(drills)).toSorted();
    await writeFile(join(drills, oldest!), '{}');
    const again = await cli('drill list -q');
    expect(again).toMatchObject({ exit: 0, stdout: 'second\nfirst\n' });
    expect(again.stderr).toContain('it is not a whole report of a drill');
  });
});
