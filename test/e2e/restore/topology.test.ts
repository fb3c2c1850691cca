import { etcdOrSkip, inTurn, type PlannedMember } from '@holdfast/test-servers';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lab } from './lab.ts';
import { expectCannotServe, expectNew, expectOld, outcomeOf } from './outcome.ts';
import { again } from './stopped-at.ts';

const { skip } = await etcdOrSkip('3.6');

async function run(lab: Lab, ...args: string[]): Promise<void> {
  const { status, stderr } = await lab.restore(['run', ...lab.request, '--confirm', 'lab', ...args]);
  expect(`${stderr} ${status}`).toMatch(/ 0$/);
}

/** Stopped, its data put aside and its name barred. */
function expectPutAside(lab: Lab, members: readonly PlannedMember[]): void {
  for (const member of members) {
    const left = lab.entries(member).map((name) => name.replace(/-r-.*/, ''));
    expect({ member: member.name, left, running: lab.isRunning(member) }).toEqual({
      member: member.name,
      left: ['member', 'member.pre'],
      running: false,
    });
  }
}

describe.skipIf(skip)('three members', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.make({ version: '3.6', members: 3, spare: 3 });
  });
  afterAll(async () => lab[Symbol.asyncDispose]());

  test('become one: the others are stopped, put aside and barred, and rolled back they are three again', async () => {
    await lab.reset();
    const three = lab.members.slice(0, 3);
    const [one, ...former] = three;
    lab.describe(three);
    await lab.start(three);
    await run(lab, '--way', 'snapshot', '--members', 'm1');
    await expectNew(lab, [one!], lab.content.atSnapshot);
    expectPutAside(lab, former);

    // Started again by habit, they find their name barred and end.
    await lab.start(former, false);
    await expect.poll(() => former.some((member) => lab.isRunning(member)), { timeout: 20_000 }).toBe(false);
    await expectNew(lab, [one!], lab.content.atSnapshot);

    const { status, stderr } = await lab.restore([
      ...['rollback', 'latest', '--repo', lab.repo, '--confirm', 'lab'],
    ]);
    expect(`${stderr} ${status}`).toMatch(/ 0$/);
    const undone = lab.entries(one!).filter((name) => name.startsWith('member.undone-'));
    expect(undone).toHaveLength(1);
    rmSync(join(one!.dataDir, undone[0]!), { recursive: true });
    await expectOld(lab, three);
  });

  test('become two, and the third with its old data put back by hand can neither join nor serve', async () => {
    await lab.reset();
    const three = lab.members.slice(0, 3);
    const [two, third] = [three.slice(0, 2), three[2]!];
    lab.describe(three);
    await lab.start(three);
    await run(lab, '--way', 'snapshot', '--members', 'm1,m2');
    const kept = lab.entries(third).find((name) => name.startsWith('member.pre-'))!;
    rmSync(join(third.dataDir, 'member'));
    renameSync(join(third.dataDir, kept), join(third.dataDir, 'member'));
    await lab.start([third], false);
    await expectCannotServe(lab, third);
    await expectNew(lab, two, lab.content.atSnapshot);
  });

  test.each(inTurn(['all', 'seed'], 2))('get new addresses, strategy %s', async (strategy) => {
    await lab.reset();
    const now = lab.members.slice(0, 3).map((member, i) => {
      const { clientUrl, peerUrl, ports } = lab.members[3 + i]!;
      return { ...member, clientUrl, peerUrl, ports };
    });
    await lab.start(lab.members.slice(0, 3));
    lab.describe(now);
    await run(lab, '--way', 'snapshot', '--strategy', strategy);
    await expectNew(lab, now, lab.content.atSnapshot);

    // Back with the commands that the old etcds were found with: those of the file have the new addresses.
    const { status, stderr } = await again(lab, 'rollback', '--confirm', 'lab');
    expect(`${stderr} ${status}`).toMatch(/ 0$/);
    await expectOld(lab, lab.members.slice(0, 3), strategy, { served: true });
  });
});

describe.skipIf(skip)('one member becomes three', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.make({ version: '3.6', members: 1, spare: 2 });
  });
  afterAll(async () => lab[Symbol.asyncDispose]());

  test.each(inTurn(['all', 'seed'], 2))('from a snapshot, strategy %s', async (strategy) => {
    await lab.reset();
    await lab.start(lab.members.slice(0, 1));
    lab.describe(lab.members);
    await run(lab, '--way', 'snapshot', '--strategy', strategy);
    await expectNew(lab, lab.members, lab.content.atSnapshot);
  });

  test('without going back at all: the two others join it', async () => {
    await lab.reset();
    await lab.start(lab.members.slice(0, 1));
    lab.describe(lab.members);
    await run(lab, '--way', 'replace');
    expect(await outcomeOf(lab, lab.members)).toEqual({
      clusterIds: [lab.content.clusterId],
      names: ['m1', 'm2', 'm3'],
      learners: 0,
      keys: lab.content.atEnd,
      hashes: 1,
    });
  });
});

test.skipIf(skip)('seven members, four of them lost, are all back with what a survivor had', async () => {
  await using lab = await Lab.make({ version: '3.6', members: 7 });
  await lab.start();
  await lab.destroy(lab.members.slice(3));
  await run(lab);
  await expectNew(lab, lab.members, lab.content.atEnd);
});
