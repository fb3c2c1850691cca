import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RestorePlan } from '@holdfast/model';
import type { Repository } from '@holdfast/repository';
import { afterAll, expect, test } from 'vitest';
import { performClusterStep } from '../cluster-steps/index.ts';
import { resumeRestore } from './lead.ts';
import type { LeadOptions } from './leader.ts';
import { hashed } from './testing/plan.ts';
import { codeOf, stageIn, whole } from './testing/stage.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-promised-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

function stage(repository: boolean, skips: RestorePlan['skips'] = [], more: Partial<LeadOptions> = {}) {
  const p15 = { id: 'P15', what: 'safety copy', outcome: 'passed', detail: '' } as const;
  const plan = hashed({ ...whole, skips, checks: [{ ...p15, evidence: { repository } }] });
  const made = stageIn(base, plan, {
    clusterStep: async (context, order) =>
      order.kind === 'guard' || order.kind === 'save'
        ? performClusterStep(context, order)
        : made.world.clusterStep(context, order),
    ...more,
  });
  return made;
}

test('a plan that counts on a repository is not begun without one', async () => {
  const { run, world } = stage(true);
  await expect(run()).rejects.toMatchObject({
    code: 'restore-refused',
    why: expect.stringContaining('--repo') as string,
  });
  expect(world.acts).toEqual([]);
});

test('nothing is missed by a plan without a repository, nor by who lets P15 be skipped', async () => {
  for (const { run } of [stage(false), stage(true, [{ check: 'P15', reason: 'the store is down' }])]) {
    expect(await run()).toMatchObject({ outcome: 'finished', warnings: [] });
  }
});

test('resume goes on without the repository, and the report warns of what was not saved', async () => {
  const { run, again, context, person } = stage(true, [], {
    repository: {} as Repository,
    onRecord: ({ event }) => event === 'begin' && person.abort(new Error('Ctrl-C')),
  });
  expect(await codeOf(run())).toBe('restore-paused');
  const { repository: _, onRecord: __, ...bare } = again;
  const now = { ...context, signal: new AbortController().signal };
  const { outcome, warnings, steps } = await resumeRestore(now, bare);
  expect(outcome).toBe('finished');
  expect(warnings).toEqual([
    expect.stringContaining('safety snapshot was not saved'),
    expect.stringContaining('first snapshot was not saved'),
  ]);
  expect(steps.find(({ kind }) => kind === 'guard')?.evidence).toMatchObject({
    kept: [{}, {}, {}, {}],
    skipped: 'there is no repository to save to',
  });
});
