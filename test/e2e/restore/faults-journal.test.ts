import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRestore } from '@holdfast/engine';
import { etcdOrSkip, etcdsUnder, inTurn, killEtcdsUnder } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lab } from './lab.ts';
import { expectNew, expectOld } from './outcome.ts';
import { again, before, killedBefore, newest, runSnapshot } from './stopped-at.ts';

const { skip } = await etcdOrSkip('3.6');

describe.skipIf(skip)('the journal of a restore that was killed', () => {
  let lab: Lab;
  let id: string;
  let journal: string;
  let bytes: Buffer;
  /** Where the last two records begin. */
  let from: number;

  beforeAll(async () => {
    lab = await Lab.make({ version: '3.6', members: 3 });
    id = (await killedBefore(lab, 'stage')).plan.id;
    journal = join(lab.stateDir, 'restores', id, 'journal.log');
    bytes = readFileSync(journal);
    const newline = 0x0a;
    const last = bytes.lastIndexOf(newline, -2);
    from = bytes.lastIndexOf(newline, last - 1) + 1;
    // Every etcd is stopped there, so this is all that there is.
    expect(etcdsUnder(lab.dir)).toEqual([]);
    for (const name of ['live', 'repository', 'state']) {
      execFileSync('cp', ['-r', '--sparse=always', join(lab.dir, name), join(lab.dir, `${name}.then`)]);
    }
  });
  afterAll(async () => lab[Symbol.asyncDispose]());

  /** Everything as it was when the restore was killed. */
  async function asItWas(): Promise<void> {
    await killEtcdsUnder(lab.dir);
    for (const name of ['live', 'repository', 'state']) {
      const path = join(lab.dir, name);
      rmSync(path, { recursive: true, force: true });
      execFileSync('cp', ['-r', '--sparse=always', `${path}.then`, path]);
    }
  }

  test('is read when it ends at any byte of its last two records', async () => {
    await asItWas();
    const whole = (await readRestore(lab.stateDir, id)).records;
    for (let length = bytes.length; length >= from; length -= 1) {
      truncateSync(journal, length);
      const { records, state } = await readRestore(lab.stateDir, id);
      const lost = bytes.subarray(length).filter((byte) => byte === 0x0a).length;
      expect({ length, records }).toEqual({ length, records: whole.slice(0, whole.length - lost) });
      expect(state.next?.kind).toBe(lost === 0 ? 'stage' : 'keep');
    }
  });

  /** Twelve lengths, at even distances, that are dealt to the two ways. */
  const sample = Array.from({ length: 12 }, (_, i): [part: number, verb: 'resume' | 'abort'] => [
    i,
    i % 2 === 0 ? 'resume' : 'abort',
  ]);

  test.each(inTurn(sample, 3))(
    'is good for what is left of it: %d of 11 parts of its last two records, %s',
    async (part, verb) => {
      await asItWas();
      truncateSync(journal, from + Math.round((part / 11) * (bytes.length - from)));
      expect((await lab.restore(['status', 'latest'])).status).toBe(0);
      const { status, stderr } = await again(lab, verb);
      expect(`${stderr} ${status}`).toMatch(/ 0$/);
      if (verb === 'abort') await expectOld(lab, lab.members);
      else await expectNew(lab, lab.members, lab.content.atSnapshot);
    },
  );

  /** Whole records that are left of 30, where no honest disk would have lost any. */
  const left = [0, 8, 22].flatMap((count): [number, 'resume' | 'abort'][] => [
    [count, 'resume'],
    [count, 'abort'],
  ]);

  test.each(left)('has lost all but %d records, and %s never says what is not so', async (count, verb) => {
    await asItWas();
    const lines = bytes.toString('latin1').split('\n');
    truncateSync(
      journal,
      lines.slice(0, count).reduce((sum, line) => sum + line.length + 1, 0),
    );
    const { status, stderr } = await again(lab, verb);
    const { outcome } = (await newest(lab)).state;
    if (outcome === 'finished') return expectNew(lab, lab.members, lab.content.atSnapshot);
    if (outcome === 'rolled-back') return expectOld(lab, lab.members);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining('restore-stuck') as string,
    });
    for (const member of lab.members) expect(lab.entries(member)).toContain(`member.pre-${id}`);
  });

  test('is refused when it is damaged anywhere else, and nothing is touched', async () => {
    await asItWas();
    for (const at of [0, 12, Math.floor(bytes.length / 2), from - 2, from + 20]) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1;
      writeFileSync(journal, damaged);
      for (const args of [
        ['status', id],
        ...['resume', 'abort', 'rollback'].map((verb) => [
          verb,
          id,
          '--repo',
          lab.repo,
          ...(verb === 'rollback' ? ['--confirm', 'lab'] : []),
        ]),
      ]) {
        const { status, stderr } = await lab.restore(args);
        expect({ at, args, status, stderr }).toEqual({
          at,
          args,
          status: 4,
          stderr: expect.stringContaining(`the journal ${journal} is damaged`) as string,
        });
      }
      expect(readFileSync(journal)).toEqual(damaged);
      const all = await lab.restore(['status']);
      expect({ status: all.status, stderr: all.stderr }).toEqual({
        status: 0,
        stderr: expect.stringContaining(`the journal ${journal} is damaged`) as string,
      });
    }
    for (const member of lab.members) {
      expect(lab.entries(member)).toEqual(
        ['holdfast-restore.json', `holdfast-${id}`, 'member', `member.pre-${id}`].toSorted(),
      );
    }
    expect(etcdsUnder(lab.dir)).toEqual([]);
  });

  test('is torn in the middle of a record, and the restore is resumed', async () => {
    await lab.reset();
    await lab.start();
    const { status } = await lab.restore(runSnapshot(lab), before(lab, 'place', 'torn'));
    expect(status).toBe(137);
    const path = join(lab.stateDir, 'restores', (await newest(lab)).plan.id, 'journal.log');
    expect(readFileSync(path).at(-1)).not.toBe(0x0a);
    const resumed = await again(lab, 'resume');
    expect(`${resumed.stderr} ${resumed.status}`).toMatch(/ 0$/);
    await expectNew(lab, lab.members, lab.content.atSnapshot);
  });

  test('is gone: what is left of the restore holds the data, and that is told', async () => {
    await asItWas();
    renameSync(join(lab.stateDir, 'restores', id), join(lab.dir, 'lost'));
    const { status, stderr } = await lab.restore(runSnapshot(lab));
    rmSync(join(lab.dir, 'lost'), { recursive: true });
    expect({ status, stderr }).toEqual({
      status: 11,
      stderr: expect.stringContaining(`is held by restore ${id}`) as string,
    });
    expect(etcdsUnder(lab.dir)).toEqual([]);
  });
});
