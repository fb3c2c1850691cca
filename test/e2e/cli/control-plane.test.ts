import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { etcdOrSkip } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { labAnswerer } from '../restore/component.ts';
import { Lab } from '../restore/lab.ts';
import { expectNew, expectOld } from '../restore/outcome.ts';
import { again, newest, runSnapshot } from '../restore/stopped-at.ts';

/** The verbs that a text names as commands on a restore, in their order. */
function verbsIn(text: string, id: string): string[] {
  return [...text.matchAll(/holdfast restore (\w+) (r-[\w-]+)/g)].flatMap(([, verb, of]) =>
    of === id ? [verb!] : [],
  );
}

describe.skipIf((await etcdOrSkip('3.6')).skip)('what is printed of a control plane', () => {
  let lab: Lab;
  let script: string;
  beforeAll(async () => {
    lab = await Lab.make({
      version: '3.6',
      members: 1,
      controlPlane: async (dir) => [await labAnswerer('api-1', dir)],
    });
    script = lab.controlPlane[0]!.command[1]!;
  });
  afterAll(async () => lab[Symbol.asyncDispose]());

  /** Carries a restore out whose API server does not come up again. */
  async function runWithout(): Promise<{ id: string; stderr: string; program: string }> {
    await lab.reset();
    await lab.start();
    const program = readFileSync(script, 'utf8');
    rmSync(script);
    const { status, stderr } = await lab.restore(runSnapshot(lab));
    writeFileSync(script, program);
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('#restore-stuck') });
    return { id: (await newest(lab)).plan.id, stderr, program };
  }

  test('the plan shows its state and its steps, the report how long it was down, and nothing is left to restart by hand', async () => {
    await lab.reset();
    await lab.start();
    const plan = await lab.restore(['plan', ...lab.request, '--way', 'snapshot']);
    expect(`${plan.stderr} ${plan.status}`).toMatch(/ 0$/);
    expect(plan.stdout).toMatch(
      /Control plane\n {2}NAME .*\n {2}api-1 +kube-apiserver +runs +http:\S+ +a process\n/,
    );
    expect(plan.stdout).toMatch(/\d+ +halt +api-1 [^]*\d+ +serve +api-1 /);
    const { stdout, stderr, status } = await lab.restore(runSnapshot(lab));
    expect(`${stderr} ${status}`).toMatch(/ 0$/);
    expect(stderr).toMatch(
      /\] Shutdown {2}halt api-1: done in .*\n[^]*\] RestartCluster {2}serve api-1: done in /,
    );
    expect(stdout).toMatch(
      /\n {2}etcd down +\d\S*\n {2}api down +\d\S*\n {2}api-1 +down at .*, ready at .*\n/,
    );
    expect(stdout).not.toContain('by hand');
    await expectNew(lab, lab.members, lab.content.atSnapshot);
  });

  test('one that does not come up leaves a person the choice: failure and status name the same, and going on works', async () => {
    const { id, stderr } = await runWithout();
    expect(stderr).toMatch(
      /Mend the cause, then go on: holdfast restore resume .*\n.*Or bring the old data back/,
    );
    expect(verbsIn(stderr, id)).toEqual(['resume', 'rollback']);
    const { stdout } = await lab.restore(['status', 'latest']);
    expect(stdout).toMatch(/state +stuck\n/);
    expect(verbsIn(stdout, id)).toEqual(['resume', 'rollback']);
    const resumed = await again(lab, 'resume');
    expect(`${resumed.stderr} ${resumed.status}`).toMatch(/ 0$/);
    expect(verbsIn(resumed.stdout, id)).toEqual(['rollback', 'release']);
    await expectNew(lab, lab.members, lab.content.atSnapshot);
  });

  test('and going back asks for the name, which brings the old data and the API server back', async () => {
    const { id } = await runWithout();
    expect((await again(lab, 'rollback')).status).toBe(20);
    const { status, stdout, stderr } = await again(lab, 'rollback', '--confirm', 'lab');
    expect(`${stderr} ${status}`).toMatch(/ 0$/);
    expect(stdout).toMatch(/^put back cluster lab in /);
    expect(stdout).toMatch(/api-1 +down at .*, ready at /);
    expect(verbsIn(stdout, id)).toEqual(['release']);
    await expectOld(lab, lab.members, 'rolled back', { served: true });
  });
});
