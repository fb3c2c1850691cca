import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { etcdOrSkip, etcdsUnder, inTurn } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { beginHoldfast } from '../product.ts';
import { Lab } from './lab.ts';
import { expectNew, expectOld } from './outcome.ts';
import {
  again,
  before,
  newest,
  runSnapshot,
  said,
  snapshotSteps,
  untilFrozen,
  untilSaid,
} from './stopped-at.ts';

const { skip } = await etcdOrSkip('3.6');

function below(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map(String).toSorted();
}

/** Longer than a key press and its echoes take. */
const nextPressMs = 400;

describe.skipIf(skip)('a restore of three members that run, and people at the keyboard:', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.make({ version: '3.6', members: 3 });
  });
  afterAll(async () => lab[Symbol.asyncDispose]());

  /** Everything that a restore could touch: each name below the members, and their processes. */
  function touched(): unknown {
    const pids = etcdsUnder(lab.dir).map(({ pid }) => String(pid));
    return {
      names: lab.members.map(({ dataDir }) => below(dataDir)),
      pids: pids.toSorted(),
      top: readdirSync(lab.dir).toSorted(),
    };
  }

  test('without a terminal the name has to be given, and the right one; else nothing is touched', async () => {
    await lab.reset();
    await lab.start();
    const asked = ['run', ...lab.request, '--way', 'snapshot'];
    const found = touched();
    for (const [confirm, why] of [
      [[], /no terminal/],
      [['--confirm', 'Lab'], /--confirm says "Lab", and the cluster is lab/],
    ] as const) {
      const { status, stdout, stderr } = await lab.restore([...asked, ...confirm]);
      expect({ status, stdout, stderr }).toEqual({
        status: 20,
        stdout: '',
        stderr: expect.stringMatching(why) as string,
      });
      expect(touched()).toEqual(found);
    }
    await expectOld(lab, lab.members);
  });

  test('a finished restore is rolled back only by the name as well', async () => {
    await lab.reset();
    await lab.start();
    const { status, stderr } = await lab.restore(runSnapshot(lab));
    expect(`${stderr} ${status}`).toMatch(/ 0$/);
    const found = touched();
    for (const verb of ['rollback', 'release'])
      for (const confirm of [[], ['--confirm', 'other']]) {
        const repo = verb === 'rollback' ? ['--repo', lab.repo] : [];
        const refused = await lab.restore([verb, 'latest', ...repo, ...confirm]);
        expect({ verb, confirm, status: refused.status }).toEqual({ verb, confirm, status: 20 });
        expect(touched()).toEqual(found);
      }
    await expectNew(lab, lab.members, lab.content.atSnapshot);
  });

  test('a second restore is refused by the data, the same one by its journal, and the first finishes', async () => {
    await lab.reset();
    await lab.start();
    const first = lab.begin(runSnapshot(lab), before(lab, 'stage', 'freeze'));
    await untilFrozen(first.pid);
    const { plan } = await newest(lab);
    const found = touched();

    const stateDir = join(lab.dir, 'state-of-another');
    const args = ['restore', ...runSnapshot(lab), '--state-dir', stateDir];
    const second = await beginHoldfast(args).finished;
    rmSync(stateDir, { recursive: true, force: true });
    expect({ status: second.status, stderr: second.stderr }).toEqual({
      status: 11,
      stderr: expect.stringContaining(`is held by restore ${plan.id}`) as string,
    });
    expect(second.stderr).toContain(`${plan.by} began that restore at `);
    for (const verb of ['resume', 'abort']) {
      const { status, stderr } = await again(lab, verb);
      expect({ verb, status, stderr }).toEqual({
        verb,
        status: 11,
        stderr: expect.stringMatching(
          new RegExp(`restore ${plan.id} is being carried out by another process[^]*process ${first.pid}`),
        ) as string,
      });
    }
    expect(touched()).toEqual(found);

    first.signal('SIGCONT');
    const { status, stderr } = await first.finished;
    expect(`${stderr} ${status}`).toMatch(/ 0$/);
    await expectNew(lab, lab.members, lab.content.atSnapshot);
  });

  test.each(inTurn(['fetch', 'stop', 'keep', 'stage', 'start', 'agree'] as const, 2))(
    'Ctrl-C once while %s is done stops at a safe point, and it is resumed',
    async (kind) => {
      await lab.reset();
      await lab.start();
      const step = snapshotSteps().find((each) => each.kind === kind)!;
      const press = { root: lab.dir, at: 2, do: 'interrupt' as const, match: said('begin', step.number) };
      const { status, stderr } = await lab.restore(runSnapshot(lab), press);
      const { plan, state, records } = await newest(lab);
      expect({ status, stderr }).toEqual({
        status: 130,
        stderr: expect.stringContaining('(docs/reference/errors.md#restore-paused)') as string,
      });
      for (const verb of ['resume', 'abort']) expect(stderr).toContain(`holdfast restore ${verb} ${plan.id}`);
      expect({ outcome: state.outcome, last: records.at(-1)?.event }).toMatchObject({ outcome: undefined });
      const resumed = await again(lab, 'resume');
      expect(`${resumed.stderr} ${resumed.status}`).toMatch(/ 0$/);
      await expectNew(lab, lab.members, lab.content.atSnapshot);
    },
  );

  test('Ctrl-C while an etcd hangs that is to stop ends the wait, and it is resumed', async () => {
    await lab.reset();
    await lab.start();
    const run = lab.begin(runSnapshot(lab), before(lab, 'stop', 'freeze'));
    await untilFrozen(run.pid);
    const { pid } = etcdsUnder(lab.dir).find(({ dataDir }) => dataDir === lab.members[1]!.dataDir)!;
    process.kill(pid, 'SIGSTOP');
    run.signal('SIGCONT');
    await untilSaid(lab, /"event":"done","step":9\b/);
    const from = performance.now();
    run.signal('SIGINT');
    const { status } = await run.finished;
    expect({ status, within: performance.now() - from < 5_000 }).toEqual({ status: 130, within: true });
    process.kill(pid, 'SIGCONT');
    const resumed = await again(lab, 'resume');
    expect(`${resumed.stderr} ${resumed.status}`).toMatch(/ 0$/);
    await expectNew(lab, lab.members, lab.content.atSnapshot);
  });

  test('Ctrl-C twice while a disk hangs ends it at once, and it is resumed', async () => {
    await lab.reset();
    await lab.start();
    const run = lab.begin(runSnapshot(lab), before(lab, 'start', 'freeze'));
    await untilFrozen(run.pid);
    // Nobody reads from this pipe, so opening it to write never ends: as a file of a server that is gone.
    const { logFile } = lab.members[1]!;
    rmSync(logFile);
    execFileSync('mkfifo', [logFile]);
    run.signal('SIGCONT');
    const { number } = snapshotSteps().find(({ kind, member }) => kind === 'start' && member === 'm3')!;
    await untilSaid(lab, new RegExp(`"event":"done".*"step":${number}\\b`));
    run.signal('SIGINT');
    await sleep(nextPressMs);
    const from = performance.now();
    run.signal('SIGINT');
    const { status } = await run.finished;
    expect({ status, within: performance.now() - from < 2_000 }).toEqual({ status: 130, within: true });
    rmSync(logFile);
    const resumed = await again(lab, 'resume');
    expect(`${resumed.stderr} ${resumed.status}`).toMatch(/ 0$/);
    await expectNew(lab, lab.members, lab.content.atSnapshot);
  });
});
