import { join } from 'node:path';
import { etcdOrSkip } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lab } from './lab.ts';
import { expectNew, expectOld } from './outcome.ts';
import { again, before, newest, runSnapshot } from './stopped-at.ts';

const { skip } = await etcdOrSkip('3.6');

const hourMs = 3_600_000;

/** The environment of a process whose clock is wrong by so many hours. */
function clockOff(hours: number): NodeJS.ProcessEnv {
  const preload = join(import.meta.dirname, '../fault/shift-clock.ts');
  return { NODE_OPTIONS: `--import ${preload}`, FAULT_CLOCK_MS: String(hours * hourMs) };
}

describe.skipIf(skip)('a clock that was wound back', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.make({ version: '3.6', members: 3 });
  });
  afterAll(async () => lab[Symbol.asyncDispose]());

  test('is refused, since the snapshot lies in its future; with a reason it goes on', async () => {
    await lab.reset();
    await lab.start();
    const refused = await lab.restore(runSnapshot(lab), undefined, clockOff(-2));
    expect({ status: refused.status, stderr: refused.stderr }).toEqual({
      status: 14,
      stderr: expect.stringMatching(/P12[\s\S]*the snapshot was taken at .* wound back/) as string,
    });
    expect((await lab.restore(['status'])).stdout).toBe('No restore yet.\n');
    await expectOld(lab, lab.members);

    const skipping = runSnapshot(lab, '--skip', 'P12', '--reason', 'no time server in this room');
    const { status, stderr } = await lab.restore(skipping, undefined, clockOff(-2));
    expect(`${stderr} ${status}`).toMatch(/ 0$/);
    await expectNew(lab, lab.members, lab.content.atSnapshot);
  });

  test.each([
    ['resume', 'finished'],
    ['abort', 'rolled-back'],
  ] as const)('between a run and its %s does no harm', async (verb, outcome) => {
    await lab.reset();
    await lab.start();
    expect((await lab.restore(runSnapshot(lab), before(lab, 'stage'))).status).toBe(137);
    const args = [verb, 'latest', '--repo', lab.repo];
    const { status, stderr } = await lab.restore(args, undefined, clockOff(-2));
    expect(`${stderr} ${status}`).toMatch(/ 0$/);
    expect((await newest(lab)).report).toMatchObject({ outcome });
    if (verb === 'abort') await expectOld(lab, lab.members);
    else await expectNew(lab, lab.members, lab.content.atSnapshot);
  });

  test('between two restores: the one that was begun last is the latest, and the other stays below it', async () => {
    await lab.reset();
    await lab.start();
    const first = await lab.restore([...runSnapshot(lab), '-o', 'json']);
    expect(`${first.stderr} ${first.status}`).toMatch(/ 0$/);
    const below = (JSON.parse(first.stdout) as { id: string }).id;
    const skipping = runSnapshot(
      lab,
      '--skip',
      'P12',
      '--reason',
      'no time server in this room',
      '-o',
      'json',
    );
    const second = await lab.restore(skipping, undefined, clockOff(-2));
    expect(`${second.stderr} ${second.status}`).toMatch(/ 0$/);
    const above = (JSON.parse(second.stdout) as { id: string }).id;
    expect((await newest(lab)).plan.id).toBe(above);

    const rollback = ['--repo', lab.repo, '--confirm', 'lab'];
    const refused = await lab.restore(['rollback', below, ...rollback]);
    expect({ status: refused.status, stderr: refused.stderr }).toEqual({
      status: 14,
      stderr: expect.stringContaining(`restore ${above} came after it`) as string,
    });
    for (const id of [above, below]) {
      const { status, stderr } = await lab.restore(['rollback', id, ...rollback]);
      expect(`${stderr} ${status}`).toMatch(/ 0$/);
    }
    await expectOld(lab, lab.members, '', { served: true });
    expect((await again(lab, 'rollback', '--confirm', 'lab')).status).toBe(14);
  });
});
